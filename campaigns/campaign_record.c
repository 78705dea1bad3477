/* campaign_record.c: the checkpoint text of a campaign, written and read back. */
#include "campaigns/campaign.h"
#include "campaigns/kind.h"
#include "core/base/json_out.h"
#include <string.h>

#define RECORD_VERSION 1

static void save_mail(const struct campaign *c, struct json_out *w)
{
    json_out_key(w, "mail");
    json_out_open(w, '[');
    for (int i = 0; i < c->mail_count; i++) {
        const struct campaign_mail *m = &c->mail[i];
        json_out_open(w, '{');
        json_out_kstr(w, "do", campaign_mail_name(m->kind));
        json_out_kstr(w, "v", m->variant);
        json_out_kstr(w, "by", m->by);
        json_out_kstr(w, "text", m->text);
        json_out_kstr(w, "via", m->via);
        json_out_close(w, '}');
    }
    json_out_close(w, ']');
}

enum err campaign_save(const struct campaign *c, const char *stage, int iteration,
                       struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kint(&w, "v", RECORD_VERSION);
    json_out_kstr(&w, "stage", stage);
    json_out_kint(&w, "iteration", iteration);
    json_out_kint(&w, "round", c->round);
    json_out_kstr(&w, "state", campaign_state_name(c->state));
    json_out_kstr(&w, "paused_from", campaign_state_name(c->paused_from));
    json_out_kint(&w, "progress", c->progress);
    json_out_kint(&w, "rejected", c->rejected);
    save_mail(c, &w);
    json_out_key(&w, "memo");
    json_out_json(&w, c->memo);
    json_out_key(&w, "pins");
    json_out_json(&w, c->pins);
    json_out_close(&w, '}');
    return buf_status(out);
}

static enum err take_object(struct json **slot, const struct json *from)
{
    if (json_type(from) != JSON_OBJECT)
        return ERR_OK;
    struct json *copy = json_dup(from);
    if (!copy)
        return ERR_NOMEM;
    json_free(*slot);
    *slot = copy;
    return ERR_OK;
}

static enum err restore_fields(struct campaign *c, const struct json *j,
                               struct err_detail *d)
{
    if (json_int(json_get(j, "v"), 0) != RECORD_VERSION)
        return err_set(d, ERR_UNKNOWN_VERSION, "/v",
                       "this checkpoint was written by another release");
    const char *stage = json_str(json_get(j, "stage"), "");
    const struct stage *known = kind_stage(c->kind, stage);
    if (!known)
        return err_set(d, ERR_UNKNOWN_VERSION, "/stage", "unknown stage %s", stage);
    c->stage = known->name;
    c->iteration = (int)json_int(json_get(j, "iteration"), 0);
    c->round = (int)json_int(json_get(j, "round"), 0);
    c->progress = (int)json_int(json_get(j, "progress"), 0);
    c->rejected = (int)json_int(json_get(j, "rejected"), 0);
    if (!campaign_state_from(json_str(json_get(j, "state"), ""), &c->state) ||
        !campaign_state_from(json_str(json_get(j, "paused_from"), ""), &c->paused_from))
        return err_set(d, ERR_UNKNOWN_VERSION, "/state", "unknown state");
    enum err e = take_object(&c->memo, json_get(j, "memo"));
    json_each (item, json_get(j, "mail"))
        if (!e)
            e = campaign_parse_mail(c, item);
    return e ? e : take_object(&c->pins, json_get(j, "pins"));
}

enum err campaign_restore(struct campaign *c, const char *checkpoint, size_t n,
                          struct err_detail *d)
{
    c->kind = kind_of(c->spec);
    if (!c->kind)
        return err_set(d, ERR_UNKNOWN_KIND, "/kind", "unknown kind %s", c->spec->kind);
    if (n == 0) {
        c->stage = c->kind->stages[0].name;
        c->state = CAMPAIGN_RUNNING;
        return ERR_OK;
    }
    struct json *j = NULL;
    enum err e = json_parse(checkpoint, n, &json_limits_reply, &j, d);
    if (!e)
        e = restore_fields(c, j, d);
    json_free(j);
    return e;
}
