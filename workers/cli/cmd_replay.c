/* cmd_replay.c: a campaign run again from its record, held against what is stored. */
#include "campaigns/kind.h"
#include "core/base/json_out.h"
#include "core/base/log.h"
#include "workers/channels.h"
#include "workers/cli/escape.h"
#include "workers/cli/replay_read.h"
#include "workers/cli/view.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX_BYTES ((size_t)64 << 20)

struct told { /* the verdict, the same for text and JSON */
    bool identical;
    const char *where, *what; /* of a difference, or "" */
};

static const char *word(const struct replay_object *o, const char *name)
{
    const char *value = replay_get(o, name);
    return value ? value : "";
}

static double number(const struct replay_object *o, const char *name)
{
    return strtod(word(o, name), NULL);
}

static void put_variant_line(struct buf *out, int rank, const struct replay_object *v)
{
    const char *text = word(v, "text");
    buf_printf(
        out, "  %d  %-5s %-8s share %.3f  rate %.2f %% [%.2f, %.2f]  P(best) %.2f  ",
        rank, v->name, word(v, "state"), number(v, "weight"), 100 * number(v, "rate"),
        100 * number(v, "rate_lo"), 100 * number(v, "rate_hi"), number(v, "p_best"));
    escape_text(out, text, strlen(text));
    buf_append_char(out, '\n');
}

/* Ranks are sorted by the hash, best first. */
static void put_placements(struct buf *out, const struct replay_state *s)
{
    for (int i = 0; i < s->placements.count; i++) {
        const struct replay_object *p = s->placements.items[i];
        const struct replay_object *rank = replay_table_find(&s->ranks, p->name);
        const char *leader = word(p, "leader");
        buf_printf(out, "%s: epoch %s, leader %s\n", p->name, word(p, "epoch"),
                   *leader ? leader : "none yet");
        for (int k = 0; rank && k < rank->count; k++) {
            const struct replay_object *v =
                replay_table_find(&s->variants, rank->words[k].name);
            if (v)
                put_variant_line(out, k + 1, v);
        }
    }
}

static void put_text(struct buf *out, const struct replay_record *r,
                     const struct replay_report *report, const struct told *told)
{
    buf_printf(out,
               "%s: %" PRId64 " of %" PRId64 " runs made again from %" PRId64
               " journal records and %d inputs; no request, no write\n",
               r->source.id, report->made, report->commits, report->records,
               r->source.input_count);
    put_placements(out, &report->derived);
    buf_printf(out, "derived %s\nstored  %s\n", report->derived_sha256,
               report->stored_sha256);
    if (told->identical) {
        buf_append_str(out, "identical\n");
        return;
    }
    buf_append_str(out, "different: ");
    escape_text(out, told->where, strlen(told->where));
    buf_append_str(out, *told->where ? ": " : "");
    escape_text(out, told->what, strlen(told->what));
    buf_append_char(out, '\n');
}

static void put_json_variant(struct json_out *w, const struct replay_object *v)
{
    static const char *const numbers[] = {"weight",  "rate",   "rate_lo",
                                          "rate_hi", "p_best", "expected_loss"};
    json_out_open(w, '{');
    json_out_kstr(w, "id", v->name);
    json_out_kstr(w, "state", word(v, "state"));
    json_out_kstr(w, "text", word(v, "text"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        json_out_knum(w, numbers[i], number(v, numbers[i]));
    json_out_close(w, '}');
}

static void put_json_placements(struct json_out *w, const struct replay_state *s)
{
    json_out_key(w, "placements");
    json_out_open(w, '[');
    for (int i = 0; i < s->placements.count; i++) {
        const struct replay_object *p = s->placements.items[i];
        const struct replay_object *rank = replay_table_find(&s->ranks, p->name);
        json_out_open(w, '{');
        json_out_kstr(w, "placement", p->name);
        json_out_kstr(w, "leader", word(p, "leader"));
        json_out_key(w, "ranking");
        json_out_open(w, '[');
        for (int k = 0; rank && k < rank->count; k++) {
            const struct replay_object *v =
                replay_table_find(&s->variants, rank->words[k].name);
            if (v)
                put_json_variant(w, v);
        }
        json_out_close(w, ']');
        json_out_close(w, '}');
    }
    json_out_close(w, ']');
}

static void put_json(struct buf *out, const struct replay_record *r,
                     const struct replay_report *report, const struct told *told)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", r->source.id);
    json_out_kbool(&w, "identical", told->identical);
    json_out_kstr(&w, "where", told->where);
    json_out_kstr(&w, "what", told->what);
    json_out_kstr(&w, "derived_sha256", report->derived_sha256);
    json_out_kstr(&w, "stored_sha256", report->stored_sha256);
    json_out_kint(&w, "runs", report->made);
    json_out_kint(&w, "commits", report->commits);
    json_out_kint(&w, "records", report->records);
    json_out_kint(&w, "inputs", r->source.input_count);
    put_json_placements(&w, &report->derived);
    json_out_close(&w, '}');
    buf_append_char(out, '\n');
}

static int tell(struct cli *c, const struct replay_record *r,
                const struct replay_report *report)
{
    struct told told = {report->identical && !*r->counts_wrong, "", ""};
    struct buf out;
    if (!report->identical) {
        told.where = buf_str(&report->where);
        told.what = buf_str(&report->what);
    } else if (*r->counts_wrong) {
        told.where = "counts";
        told.what = r->counts_wrong;
    }
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c))
        put_json(&out, r, report, &told);
    else
        put_text(&out, r, report, &told);
    int rc = cli_print(c, &out);
    return rc ? rc : told.identical ? CLI_OK : CLI_FAILED;
}

/* Other prompts ask other things: their replies would be given to the wrong questions.
 */
static int check_pins(struct cli *c, const struct replay_record *r)
{
    const char *name = replay_get(&r->source.stored.campaign, "kind");
    const struct kind *kind = kind_find(name ? name : "");
    char version[65] = "";
    if (!kind) {
        cli_error(c, ERR_UNKNOWN_KIND, "this build has no kind '%s'", name ? name : "");
        return CLI_FAILED;
    }
    if (kind->version)
        kind->version(version);
    if (*r->prompts && strcmp(r->prompts, version) != 0) {
        cli_error(c, ERR_UNKNOWN_VERSION,
                  "its prompts are of version %.12s, release %s; this build has %.12s "
                  "and would ask other things: replay it with that release",
                  r->prompts, r->release, version);
        return CLI_FAILED;
    }
    if (*r->release && strcmp(r->release, BARKER_VERSION) != 0)
        cli_note(c,
                 "it was begun by release %s, this is %s: a difference may be theirs",
                 r->release, BARKER_VERSION);
    return CLI_OK;
}

static int replay(struct cli *c, struct replay_record *r)
{
    struct channel_set *channels = NULL;
    struct replay_report report;
    struct err_detail d;
    int rc = check_pins(c, r);
    if (!rc && channels_load(c->config, &channels, &d))
        rc = cli_refuse(c, &d);
    if (rc)
        return rc;
    r->source.channels = channels;
    enum err e = replay_run(&r->source, &report);
    if (e) {
        cli_error(c, e, "the replay failed: %s", err_meaning(e));
        rc = CLI_FAILED;
    } else if (!report.complete) {
        cli_error(c, ERR_NOT_FOUND, "%s cannot be replayed: %s", r->source.id,
                  report.problem);
        rc = CLI_FAILED;
    } else {
        rc = tell(c, r, &report);
    }
    replay_report_fini(&report);
    channel_set_free(channels);
    return rc;
}

static int read_record(struct cli *c, const char *id, struct replay_record *r)
{
    struct session s;
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = replay_read(&s, id, r);
    session_close(&s); /* from here on there is no network */
    return rc;
}

int cmd_replay(struct cli *c)
{
    const char *id = cli_word(c, 0);
    struct replay_record r = {.there = false};
    int rc = view_id_is_valid(id) ? read_record(c, id, &r) : CLI_NOT_FOUND;
    if (rc == CLI_NOT_FOUND)
        cli_error(c, ERR_NOT_FOUND,
                  "there is no campaign '%s'; `barker status` lists them", id);
    else if (!rc)
        rc = replay(c, &r);
    replay_record_fini(&r);
    return rc;
}
