/* document.c: campaign → JSON document. Fields are documented in docs/PROTOCOL.md. */
#include "workers/live/document.h"
#include "campaigns/schedule.h"
#include "core/base/json_out.h"
#include "core/base/money.h"
#include <stdlib.h>

static void write_variant(struct json_out *w, const struct variant *v)
{
    char usd[MONEY_TEXT];
    money_print(v->usd_nano, 9, usd);
    json_out_open(w, '{');
    json_out_kstr(w, "id", v->id);
    json_out_kstr(w, "state", variant_state_name(v->state));
    json_out_kstr(w, "text", v->text);
    json_out_kstr(w, "angle", v->angle);
    json_out_kstr(w, "parent", v->parent);
    json_out_kint(w, "round", v->round);
    json_out_kstr(w, "reason", v->reason);
    json_out_kstr(w, "reviewer", v->reviewer);
    json_out_knum(w, "weight", v->weight);
    json_out_knum(w, "p_best", v->p_best);
    json_out_knum(w, "expected_loss", v->expected_loss);
    json_out_knum(w, "rate", v->rate);
    json_out_knum(w, "rate_lo", v->rate_lo);
    json_out_knum(w, "rate_hi", v->rate_hi);
    json_out_kint(w, "impressions", v->impressions);
    json_out_kint(w, "clicks", v->clicks);
    json_out_kint(w, "conversions", v->conversions);
    json_out_knum(w, "usd", strtod(usd, NULL));
    json_out_close(w, '}');
}

struct ranked {
    const struct variant *variant;
    bool serves;
};

static int by_rank(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->serves != y->serves)
        return x->serves ? -1 : 1;
    if (x->variant->rate > y->variant->rate || x->variant->rate < y->variant->rate)
        return x->variant->rate > y->variant->rate ? -1 : 1;
    return x->variant < y->variant ? -1 : 1; /* order of creation */
}

static enum err write_variants(struct json_out *w, const struct campaign *c,
                               int placement)
{
    struct ranked *list = calloc((size_t)c->variant_count + 1, sizeof *list);
    int n = 0;
    if (!list)
        return ERR_NOMEM;
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        if (v->placement == placement)
            list[n++] = (struct ranked){v, variant_serves(v)};
    }
    qsort(list, (size_t)n, sizeof *list, by_rank);
    json_out_key(w, "variants");
    json_out_open(w, '[');
    for (int i = 0; i < n; i++)
        write_variant(w, list[i].variant);
    json_out_close(w, ']');
    free(list);
    return ERR_OK;
}

static enum err write_placement(struct json_out *w, const struct campaign *c,
                                int placement)
{
    const struct campaign_placement *p = &c->placements[placement];
    json_out_open(w, '{');
    json_out_kstr(w, "placement", p->spec->name);
    json_out_kstr(w, "channel", p->spec->channel->name);
    json_out_kstr(w, "locale", p->spec->locale);
    json_out_kint(w, "epoch", p->epoch);
    json_out_kint(w, "impressions", p->used);
    json_out_kbool(w, "evidence", p->evidence);
    json_out_kstr(w, "leader", p->leader >= 0 ? c->variants[p->leader].id : "");
    json_out_kint(w, "tied", p->tied);
    json_out_knum(w, "lift", p->lift);
    json_out_knum(w, "lift_lo", p->lift_lo);
    json_out_knum(w, "lift_hi", p->lift_hi);
    json_out_kbool(w, "images_needed", p->spec->channel->images_needed);
    enum err e = write_variants(w, c, placement);
    json_out_close(w, '}');
    return e;
}

static void write_head(struct json_out *w, const struct campaign *c)
{
    const struct spec *s = c->spec;
    json_out_kint(w, "schema", 1);
    json_out_kstr(w, "id", s->id);
    json_out_kstr(w, "kind", s->kind);
    json_out_kstr(w, "tenant", s->tenant);
    json_out_kstr(w, "state", campaign_state_name(c->state));
    json_out_kstr(w, "error", c->error ? err_code(c->error) : "");
    json_out_kstr(w, "error_text",
                  *c->error_text || !c->error ? c->error_text : err_meaning(c->error));
    json_out_kint(w, "round", c->round);
    json_out_kint(w, "rejected", c->rejected);
    json_out_kstr(w, "metric", spec_metric_name(s->metric));
    json_out_knum(w, "holdout", s->holdout);
    json_out_kstr(w, "policy", s->policy);
    json_out_kint(w, "calls", c->totals.calls);
    json_out_knum(w, "usd", strtod(c->totals.usd, NULL));
    json_out_kint(w, "updated_ms", c->now_ms);
    json_out_key(w, "pins");
    json_out_json(w, c->pins);
    json_out_key(w, "warnings");
    json_out_open(w, '[');
    for (int i = 0; i < s->warning_count; i++) {
        json_out_open(w, '{');
        json_out_kstr(w, "pointer", s->warning[i].path);
        json_out_kstr(w, "message", s->warning[i].message);
        json_out_close(w, '}');
    }
    json_out_close(w, ']');
}

static void write_schedule(struct json_out *w, const struct campaign *c)
{
    const struct spec_repeat *r = &c->spec->repeat;
    struct schedule_view v = schedule_view(c);
    json_out_key(w, "repeat");
    json_out_open(w, '{');
    json_out_kstr(w, "cron", r->cron);
    json_out_kstr(w, "zone", r->zone);
    json_out_kint(w, "fired", v.fired);
    json_out_kint(w, "failed", v.failed);
    json_out_kint(w, "skipped", v.skipped);
    json_out_kint(w, "next_ms", v.next_ms);
    json_out_key(w, "children");
    json_out_open(w, '{');
    for (int i = 0; i < c->child_count; i++)
        json_out_kstr(w, c->children[i].id, c->children[i].state);
    json_out_close(w, '}');
    json_out_close(w, '}');
}

enum err document_write(const struct campaign *c, struct buf *out)
{
    struct json_out w;
    enum err e = ERR_OK;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    write_head(&w, c);
    if (c->spec->repeat.cron)
        write_schedule(&w, c);
    json_out_key(&w, "placements");
    json_out_open(&w, '[');
    for (int i = 0; i < c->placement_count && !e; i++)
        e = write_placement(&w, c, i);
    json_out_close(&w, ']');
    json_out_close(&w, '}');
    return e ? e : buf_status(out);
}
