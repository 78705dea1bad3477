/* ports_live.c: the runner's ports on Redis scripts and LLM calls. */
#include "workers/live/ports_live.h"
#include "core/base/digits.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "core/base/log.h"
#include "core/base/money.h"
#include "queues/jobs.h"
#include "workers/live/batch_live.h"
#include "workers/live/calls_live.h"
#include "workers/live/ports_live_state.h"
#include "workers/live/spawn_live.h"
#include "workers/live/store_image.h"
#include "workers/live/store_op.h"
#include <stdlib.h>
#include <string.h>

_Static_assert(PORT_AMOUNT_MAX < JOURNAL_AMOUNT_MAX, "what fits is taken");

enum err ports_live_new(const struct ports_live_options *o, struct ports_live **out)
{
    struct ports_live *p = calloc(1, sizeof *p);
    if (!p)
        return ERR_NOMEM;
    p->queue = o->queue;
    p->llm = o->llm;
    p->loop = o->loop;
    p->channels = o->channels;
    p->zones = o->zones;
    p->publish.rerank_events = o->rerank_events;
    p->publish.rerank_ms = o->rerank_ms;
    p->leave_ms = o->leave_ms;
    idmap_init(&p->ops_by_id);
    list_init(&p->ops);
    list_init(&p->settling);
    list_init(&p->commits);
    rng_seed(&p->rng, rng_entropy());
    struct purses_options purses = {.loop = o->loop,
                                    .queue = o->queue,
                                    .config = o->config,
                                    .on_room = o->on_room,
                                    .room_arg = o->room_arg};
    enum err e = purses_new(&purses, &p->purses);
    if (e)
        free(p);
    else
        *out = p;
    return e;
}

void ports_live_free(struct ports_live *p)
{
    if (!p)
        return;
    while (!list_empty(&p->ops))
        store_op_free(list_item(p->ops.next, struct store_op, link));
    idmap_fini(&p->ops_by_id);
    purses_free(p->purses);
    free(p);
}

void ports_live_leave(struct ports_live *p)
{
    purses_leave(p->purses);
}

static enum err live_load(void *self, const char *id, int64_t fence, port_load_fn fn,
                          void *arg, uint64_t ticket)
{
    struct ports_live *p = self;
    struct store_op *op = store_op_new(p, STORE_LOAD, id, fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.load = fn;
    if (!p->claim)
        return store_op_start(op);
    p->loading = op;
    return ERR_OK;
}

void ports_live_offer(struct ports_live *p, const struct reply *claim, int64_t now_ms)
{
    p->claim = jobs_claim_is_fresh(claim) ? claim : NULL;
    p->claim_ms = now_ms;
}

void ports_live_hand_over(struct ports_live *p)
{
    struct store_op *op = p->loading;
    const struct reply *claim = p->claim;
    struct port_field fields[STORE_IMAGE_FRESH_FIELDS];
    struct port_image image;
    p->loading = NULL;
    p->claim = NULL;
    if (!op)
        return;
    store_image_fresh(claim, op->campaign, p->claim_ms, fields, &image);
    store_op_end_load(op, &image);
}

static enum err live_reserve(void *self, const struct port_place *at, const int *index,
                             const int *attempt, const struct port_estimate *most,
                             int count, port_reserve_fn fn, void *arg, uint64_t ticket)
{
    struct store_op *op =
        store_op_new(self, STORE_RESERVE, at->campaign, at->fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.reserve = fn;
    op->count = count;
    for (int i = 0; i < count; i++) {
        op->calls[i] = (struct journal_call){
            .index = index[i],
            .attempt = attempt[i],
            .tokens = most[i].tokens,
            .usd_nano = most[i].usd_nano > 0 ? most[i].usd_nano : 0};
    }
    enum err e = store_op_place(op, at);
    if (e) {
        store_op_free(op);
        return e;
    }
    return store_op_start(op);
}

/* No kind of this release reads windows, results or caches. */
static enum err live_read(void *self, const char *campaign, int64_t fence,
                          const struct ask *ask, port_read_fn fn, void *arg,
                          uint64_t ticket)
{
    return ask->type == ASK_SPAWN
               ? spawn_live(self, campaign, fence, ask, fn, arg, ticket)
               : ERR_NOT_SUPPORTED;
}

static const struct zone *live_zone(void *self, const char *name)
{
    struct ports_live *p = self;
    return zones_find(p->zones, name, NULL);
}

static enum err write_record(struct buf *out, const struct port_call_result *r)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "s", r->code ? "err" : "ok");
    if (r->code) {
        json_out_kstr(&w, "code", err_code(r->code));
        json_out_kbool(&w, "retry", r->retryable);
        json_out_kstr(&w, "message", r->message ? r->message : "");
        json_out_kbool(&w, "possibly_billed", r->possibly_billed);
        if (r->probe)
            json_out_kbool(&w, "probe", true);
    }
    json_out_key(&w, "text");
    json_out_strn(&w, r->text ? r->text : "", r->len);
    json_out_kint(&w, "usd_nano", r->usd_nano);
    json_out_kint(&w, "in", r->tokens_in);
    json_out_kint(&w, "out", r->tokens_out);
    json_out_kint(&w, "ms", r->total_us / 1000);
    if (r->cached)
        json_out_kbool(&w, "cached", true);
    json_out_kstr(&w, "finish", r->finish ? r->finish : "");
    json_out_kstr(&w, "model", r->model ? r->model : "");
    json_out_close(&w, '}');
    return buf_status(out);
}

static void add_audit(struct store_op *op, const char *name, const char *value)
{
    const char *copy = arena_strdup(&op->words, value);
    if (!copy || op->audit_count + 3 > STORE_AUDIT_MAX)
        return; /* words.failed tells */
    op->audit[op->audit_count++] = name;
    op->audit[op->audit_count++] = copy;
}

static void add_number(struct store_op *op, const char *name, uint64_t n)
{
    char text[DIGITS_MAX_BYTES + 1];
    text[digits_write_size(text, n)] = '\0';
    add_audit(op, name, text);
}

static void add_prompt_hash(struct store_op *op, const struct ask *ask)
{
    char hash[HASH_SHA256_HEX];
    struct buf prompt;
    buf_init(&prompt, 1024 * 1024);
    buf_append_str(&prompt, ask->system ? ask->system : "");
    buf_append_str(&prompt, ask->user ? ask->user : "");
    hash_sha256_hex(buf_str(&prompt), prompt.len, hash);
    buf_fini(&prompt);
    add_audit(op, "prompt_sha256", hash);
}

/* One row per attempt: who was asked what (by hash), what it cost, what came of it. The
 * script adds the call's id and its tokens. */
static enum err write_audit(struct store_op *op, const struct port_settlement *s)
{
    const struct port_call_result *r = s->result;
    char usd[MONEY_TEXT];
    money_print(r->usd_nano, 9, usd);
    if (r->endpoint && *r->endpoint)
        add_audit(op, "endpoint", r->endpoint);
    add_audit(op, "model", r->model ? r->model : "");
    add_prompt_hash(op, s->ask);
    add_number(op, "seed", s->ask->seed);
    add_audit(op, "usage",
              r->cached            ? "cached"
              : r->usage_estimated ? "estimated"
                                   : "provider");
    add_audit(op, "usd", usd);
    add_number(op, "ms", (uint64_t)(r->total_us / 1000));
    if (r->hedged)
        add_audit(op, "hedged", "1");
    if (r->first_token_us > 0) {
        add_number(op, "first_byte_ms", (uint64_t)(r->first_byte_us / 1000));
        add_number(op, "first_token_ms", (uint64_t)(r->first_token_us / 1000));
    }
    add_audit(op, "verdict", err_code(r->code));
    add_audit(op, "message", r->message ? r->message : "");
    return op->words.failed ? ERR_NOMEM : ERR_OK;
}

static enum err live_settle(void *self, const struct port_place *at,
                            const struct port_settlement *s, port_done_fn fn, void *arg,
                            uint64_t ticket)
{
    struct store_op *op =
        store_op_new(self, STORE_SETTLE, at->campaign, at->fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    const struct port_call_result *r = s->result;
    op->fn.done = fn;
    enum err e = store_op_place(op, at);
    if (!e)
        e = write_record(&op->record, r);
    if (!e && s->is_call)
        e = write_audit(op, s);
    if (e) {
        store_op_free(op);
        return e;
    }
    op->result = (struct journal_result){.index = s->index,
                                         .attempt = s->attempt,
                                         .record = buf_str(&op->record),
                                         .record_len = op->record.len,
                                         .tokens_in = r->tokens_in,
                                         .tokens_out = r->tokens_out,
                                         .usd_nano = r->usd_nano,
                                         .was_sent = r->sent,
                                         .was_hedged = r->hedged,
                                         .cached = r->cached,
                                         .call = s->is_call,
                                         .audit = s->is_call ? op->audit : NULL};
    if (!journal_result_is_sound(&op->result)) {
        store_op_free(op);
        return ERR_OUT_OF_RANGE;
    }
    return store_op_start(op);
}

static enum err write_commit(struct ports_live *p, const struct port_commit *commit,
                             struct results *out)
{
    return commit->campaign ? publish_commit(commit, &p->publish, out)
                            : publish_unread(commit, out);
}

static enum err live_commit(void *self, const char *id,
                            const struct port_commit *commit, port_done_fn fn,
                            void *arg, uint64_t ticket)
{
    struct ports_live *p = self;
    struct store_op *op = store_op_new(p, STORE_COMMIT, id, commit->fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.done = fn;
    op->progress = commit->progress;
    enum err e = write_commit(p, commit, &op->results);
    if (e == ERR_LIMIT && commit->next->type == NEXT_FAIL) { /* or it would never end */
        log_event(LOG_ERROR, "commit.too_large", "campaign", id, NULL);
        results_fini(&op->results);
        results_init(&op->results);
        e = publish_end(ERR_LIMIT, commit->campaign ? commit->campaign->mail_taken : 0,
                        &op->results);
    }
    if (e) {
        store_op_free(op);
        return e;
    }
    return store_op_start(op);
}

static enum err live_release(void *self, const char *id, int64_t fence, port_done_fn fn,
                             void *arg, uint64_t ticket)
{
    struct store_op *op = store_op_new(self, STORE_RELEASE, id, fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.done = fn;
    return store_op_start(op);
}

static enum err live_mail(void *self, const char *id, int64_t fence, int from,
                          port_mail_fn fn, void *arg, uint64_t ticket)
{
    struct store_op *op = store_op_new(self, STORE_MAIL, id, fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.mail = fn;
    op->from = from;
    return store_op_start(op);
}

static enum err live_timer(void *self, int64_t delay_ms, port_done_fn fn, void *arg,
                           uint64_t ticket)
{
    struct store_op *op = store_op_new(self, STORE_TIMER, "", 0, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.done = fn;
    loop_timer_start(op->timer, delay_ms, 0);
    return ERR_OK;
}

static enum err live_defer(void *self, port_done_fn fn, void *arg, uint64_t ticket)
{
    return live_timer(self, 0, fn, arg, ticket);
}

static uint64_t live_random(void *self)
{
    struct ports_live *p = self;
    return rng_next(&p->rng);
}

struct ports ports_live_table(struct ports_live *p)
{
    return (struct ports){.self = p,
                          .load = live_load,
                          .admit = calls_live_admit,
                          .forgo = calls_live_forgo,
                          .closed_ms = calls_live_closed_ms,
                          .reserve = live_reserve,
                          .estimate = calls_live_estimate,
                          .call = calls_live_call,
                          .cancel = calls_live_cancel,
                          .read = live_read,
                          .settle = live_settle,
                          .commit = live_commit,
                          .release = live_release,
                          .mail = live_mail,
                          .timer = live_timer,
                          .defer = live_defer,
                          .random = live_random,
                          .zone = live_zone,
                          .batches = batch_live_takes,
                          .now_ms = batch_live_now_ms,
                          .submit = batch_live_submit,
                          .poll = batch_live_poll,
                          .hold = batch_live_hold};
}
