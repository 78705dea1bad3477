/* publish.c: campaign → public hashes, ranks, shares, audit, series, document. */
#include "workers/live/publish.h"
#include "core/base/json_out.h"
#include "core/base/money.h"
#include "queues/jobs.h"
#include "workers/live/document.h"
#include <string.h>

_Static_assert((int)WAKE_TIME == (int)JOBS_WAKE_TIME &&
                   (int)WAKE_MAIL == (int)JOBS_WAKE_MAIL &&
                   (int)WAKE_EVENTS == (int)JOBS_WAKE_EVENTS &&
                   (int)WAKE_CHILDREN == (int)JOBS_WAKE_CHILDREN,
               "stages and jobs name the same reasons to wake");

static int count_state(const struct campaign *c, enum variant_state a,
                       enum variant_state b)
{
    int n = 0;
    for (int i = 0; i < c->variant_count; i++)
        n += c->variants[i].state == a || c->variants[i].state == b;
    return n;
}

/* The campaign's lift is that of the placement that most people saw. */
static const struct campaign_placement *main_placement(const struct campaign *c)
{
    const struct campaign_placement *best = &c->placements[0];
    for (int i = 1; i < c->placement_count; i++) {
        if (c->placements[i].used > best->used)
            best = &c->placements[i];
    }
    return best;
}

static void put_campaign(const struct campaign *c, struct results *w)
{
    const struct campaign_placement *p = main_placement(c);
    results_campaign(w);
    results_field(w, "state", campaign_state_name(c->state));
    results_field(w, "error", c->error ? err_code(c->error) : "");
    results_field_int(w, "round", c->round);
    results_field_int(w, "progress", c->progress);
    results_field_int(w, "variants", c->variant_count);
    results_field_int(w, "live", count_state(c, VARIANT_LIVE, VARIANT_CONTROL));
    results_field_int(w, "pending", count_state(c, VARIANT_PENDING, VARIANT_PENDING));
    results_field_int(w, "rejected", c->rejected);
    if (!p->changed)
        return; /* ranked in another stage: what stands there is still true */
    results_field_num(w, "lift", p->lift);
    results_field_num(w, "lift_lo", p->lift_lo);
    results_field_num(w, "lift_hi", p->lift_hi);
}

static void put_wait(const struct port_commit *commit, struct results *w)
{
    const struct campaign *c = commit->campaign;
    if (!c->waits_for || commit->next->type != NEXT_WAIT)
        return;
    results_campaign(w);
    results_field(w, "waiting", c->waits_for);
    results_field_int(w, "waiting_ms", commit->next->until_ms);
}

static void put_variant(const struct campaign *c, const struct variant *v,
                        struct results *w)
{
    char usd[MONEY_TEXT];
    const char *placement = c->placements[v->placement].spec->name;
    money_print(v->usd_nano, 9, usd);
    results_variant(w, v->id);
    results_field(w, "placement", placement);
    results_field(w, "text", v->text);
    results_field(w, "state", variant_state_name(v->state));
    results_field(w, "parent", v->parent);
    results_field(w, "angle", v->angle);
    results_field(w, "reason", v->reason);
    results_field(w, "reviewer", v->reviewer);
    results_field(w, "usd", usd);
    results_field_int(w, "usd_nano", v->usd_nano);
    results_field_int(w, "round", v->round);
    results_field_int(w, "losing_batches", v->losing_batches);
    results_field_num(w, "weight", v->weight);
    results_field_num(w, "p_best", v->p_best);
    results_field_num(w, "expected_loss", v->expected_loss);
    results_field_num(w, "rate", v->rate);
    results_field_num(w, "rate_lo", v->rate_lo);
    results_field_num(w, "rate_hi", v->rate_hi);
    results_field_num(w, "prior_mean", v->prior_mean);
    results_field_num(w, "prior_weight", v->prior_weight);
    if (variant_serves(v))
        results_rank(w, placement, v->id, v->rate);
    else
        results_unrank(w, placement, v->id);
}

static enum err put_alloc(const struct campaign *c, int placement, struct results *w)
{
    const struct campaign_placement *p = &c->placements[placement];
    struct buf json;
    struct json_out o;
    buf_init(&json, 64 * 1024);
    json_out_init(&o, &json);
    json_out_open(&o, '{');
    json_out_kint(&o, "epoch", p->epoch);
    json_out_knum(&o, "holdout", c->spec->holdout);
    json_out_key(&o, "arms");
    json_out_open(&o, '[');
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        if (v->placement != placement || !variant_serves(v))
            continue;
        json_out_open(&o, '{');
        json_out_kstr(&o, "v", v->id);
        json_out_knum(&o, "w", v->weight);
        json_out_kbool(&o, "control", v->state == VARIANT_CONTROL);
        json_out_close(&o, '}');
    }
    json_out_close(&o, ']');
    json_out_close(&o, '}');
    enum err e = buf_status(&json);
    if (!e) {
        results_alloc(w, p->spec->name, p->epoch, buf_str(&json));
        results_audit(w);
        results_field(w, "what", "allocation");
        results_field(w, "placement", p->spec->name);
        results_field_int(w, "epoch", p->epoch);
        results_field(w, "shares", buf_str(&json));
    }
    buf_fini(&json);
    return e;
}

static enum err put_placement(const struct campaign *c, int placement,
                              struct results *w)
{
    const struct campaign_placement *p = &c->placements[placement];
    results_placement(w, p->spec->name);
    results_field_int(w, "epoch", p->epoch);
    results_field(w, "leader",
                  p->leader >= 0 && p->evidence ? c->variants[p->leader].id : "");
    results_field_int(w, "tied", p->tied);
    results_field_num(w, "lift", p->lift);
    results_field_num(w, "lift_lo", p->lift_lo);
    results_field_num(w, "lift_hi", p->lift_hi);
    results_field_num(w, "srm", p->srm);
    return p->reallocated ? put_alloc(c, placement, w) : ERR_OK;
}

static void put_audit(const struct campaign *c, struct results *w)
{
    for (int i = 0; i < c->audit_count; i++) {
        const struct campaign_audit *line = &c->audit[i];
        results_audit(w);
        results_field(w, "what", line->what);
        for (int k = 0; k < line->count; k++)
            results_field(w, line->field[k], line->value[k]);
    }
}

/* One entry per tick; always the same numeric fields (FIELD §0.12: Grafana takes a
 * column's type from its first value). */
static void put_series(const struct campaign *c, struct results *w)
{
    const struct campaign_placement *p = main_placement(c);
    results_series(w);
    results_field_int(w, "impressions", c->totals.impressions);
    results_field_int(w, "clicks", c->totals.clicks);
    results_field_int(w, "conversions", c->totals.conversions);
    results_field(w, "revenue", c->totals.revenue);
    results_field(w, "usd", c->totals.usd);
    results_field_int(w, "calls", c->totals.calls);
    results_field_int(w, "round", c->round);
    results_field_int(w, "live", count_state(c, VARIANT_LIVE, VARIANT_CONTROL));
    results_field_int(w, "pending", count_state(c, VARIANT_PENDING, VARIANT_PENDING));
    results_field_num(w, "lift", p->lift);
    results_field_num(w, "lift_lo", p->lift_lo);
    results_field_num(w, "lift_hi", p->lift_hi);
}

static void put_letters(const struct campaign_inputs *in, struct json_out *o)
{
    json_out_open(o, '[');
    for (int i = 0; i < in->letter_count; i++)
        json_out_str(o, in->letters[i]);
    json_out_close(o, ']');
}

static void put_counts(const struct campaign *c, struct json_out *o)
{
    json_out_open(o, '{');
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        if (v->is_new)
            continue; /* made by this run */
        json_out_key(o, v->id);
        json_out_open(o, '[');
        json_out_int(o, v->impressions);
        json_out_int(o, v->delivered);
        json_out_int(o, v->clicks);
        json_out_int(o, v->conversions);
        json_out_int(o, v->complaints);
        json_out_int(o, v->unsubscribes);
        json_out_int(o, v->bounces);
        json_out_int(o, v->refunds);
        json_out_int(o, v->first_impressions);
        json_out_num(o, v->first_expected);
        json_out_close(o, ']');
    }
    json_out_close(o, '}');
}

static void put_unpaid(const struct campaign_inputs *in, struct json_out *o)
{
    json_out_open(o, '[');
    for (int i = 0; i < in->unpaid_count; i++)
        json_out_int(o, in->unpaid[i]);
    json_out_close(o, ']');
}

static bool has_decided(const struct port_commit *commit)
{
    const struct campaign *c = commit->campaign;
    bool decided =
        c->inputs.decided || c->inputs.letter_count || c->inputs.unpaid_count;
    for (int i = 0; i < c->placement_count; i++)
        decided = decided || c->placements[i].reallocated;
    return decided || c->audit_count || commit->next->type != NEXT_WAIT;
}

static enum err put_inputs(const struct port_commit *commit, struct results *w)
{
    const struct campaign *c = commit->campaign;
    const char *counting = c->kind->counting_stage;
    bool counts = counting && strcmp(counting, c->stage) == 0 && !commit->direct;
    if (!counts && !c->inputs.letter_count && !c->inputs.unpaid_count &&
        !c->inputs.timed_out)
        return ERR_OK;
    struct buf json;
    struct json_out o;
    buf_init(&json, json_limits_reply.max_bytes);
    json_out_init(&o, &json);
    json_out_open(&o, '{');
    json_out_key(&o, "mail");
    put_letters(&c->inputs, &o);
    if (c->inputs.more_letters)
        json_out_kbool(&o, "more", true);
    if (c->inputs.timed_out)
        json_out_kbool(&o, "timed_out", true);
    json_out_key(&o, "unpaid");
    put_unpaid(&c->inputs, &o);
    json_out_key(&o, "counts");
    if (counts)
        put_counts(c, &o);
    else
        json_out_null(&o);
    json_out_close(&o, '}');
    enum err e = buf_status(&json);
    if (!e) {
        results_inputs(w, has_decided(commit));
        results_field_int(w, "run", commit->progress);
        results_field(w, "stage", c->stage);
        results_field_int(w, "iteration", c->iteration);
        results_field(w, "given", buf_str(&json));
    }
    buf_fini(&json);
    return e;
}

static enum err put_next(const struct port_commit *commit,
                         const struct publish_options *o, struct results *w)
{
    const struct campaign *c = commit->campaign;
    const struct next *next = commit->next;
    if (next->type == NEXT_DONE || next->type == NEXT_FAIL) {
        results_done(w, campaign_state_name(c->state),
                     c->error ? err_code(c->error) : "", PUBLISH_KEEP_MS);
        return ERR_OK;
    }
    struct buf text;
    buf_init(&text, json_limits_reply.max_bytes); /* no more is read back */
    enum err e = campaign_save(c, next->stage, next->iteration, &text);
    if (!e && next->type == NEXT_GOTO)
        results_continue(w, next->stage, next->iteration, buf_str(&text), text.len);
    if (!e && next->type == NEXT_WAIT) {
        int64_t horizon = c->spec->horizon;
        /* one hundredth of the traffic, planned or seen so far (RANKING §5.5) */
        int64_t events = (horizon ? horizon : c->totals.impressions) / 100;
        if (!horizon && events < o->rerank_events)
            events = o->rerank_events;
        results_rerank_every(w, events > 20 ? events : 20, o->rerank_ms);
        results_wait(w, next->stage, next->iteration, buf_str(&text), text.len,
                     next->wake, next->until_ms);
    }
    buf_fini(&text);
    return e;
}

static enum err put_document(const struct campaign *c, struct results *w)
{
    struct buf json;
    buf_init(&json, 16 * 1024 * 1024);
    enum err e = document_write(c, &json);
    if (!e)
        results_document(w, buf_str(&json), json.len);
    buf_fini(&json);
    return e;
}

enum err publish_commit(const struct port_commit *commit,
                        const struct publish_options *o, struct results *out)
{
    const struct campaign *c = commit->campaign;
    enum err e = ERR_OK;
    put_campaign(c, out);
    put_wait(commit, out);
    for (int i = 0; i < c->variant_count; i++) {
        if (c->variants[i].changed || c->variants[i].is_new)
            put_variant(c, &c->variants[i], out);
    }
    for (int i = 0; i < c->placement_count && !e; i++) {
        if (c->placements[i].changed)
            e = put_placement(c, i, out);
    }
    put_audit(c, out);
    if (c->state == CAMPAIGN_LIVE || c->state == CAMPAIGN_DONE)
        put_series(c, out);
    if (!e && (commit->next->type != NEXT_GOTO || c->state == CAMPAIGN_LIVE))
        e = put_document(c, out);
    if (!e)
        e = put_inputs(commit, out);
    results_mail_done(out, c->mail_taken);
    if (commit->next->type == NEXT_GOTO || commit->next->type == NEXT_WAIT)
        results_change(out, campaign_state_name(c->state)); /* an end says so itself */
    if (!e)
        e = put_next(commit, o, out);
    return e ? e : out->args.failed;
}

enum err publish_end(enum err code, int mail_taken, struct results *out)
{
    enum campaign_state state =
        code == ERR_CANCELLED ? CAMPAIGN_CANCELLED : CAMPAIGN_FAILED;
    results_mail_done(out, mail_taken);
    results_done(out, campaign_state_name(state), err_code(code), PUBLISH_KEEP_MS);
    return out->args.failed;
}

enum err publish_unread(const struct port_commit *commit, struct results *out)
{
    enum err code = commit->next->code;
    struct buf json;
    struct json_out o;
    buf_init(&json, 256);
    json_out_init(&o, &json);
    json_out_open(&o, '{');
    json_out_kstr(&o, "end", err_code(code));
    json_out_key(&o, "mail");
    json_out_open(&o, '[');
    json_out_close(&o, ']');
    json_out_close(&o, '}');
    enum err e = buf_status(&json);
    if (!e) {
        results_inputs(out, true);
        results_field_int(out, "run", commit->progress);
        results_field(out, "stage", ""); /* in its checkpoint, perhaps */
        results_field_int(out, "iteration", 0);
        results_field(out, "given", buf_str(&json));
        e = publish_end(code, 0, out);
    }
    buf_fini(&json);
    return e;
}
