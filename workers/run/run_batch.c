/* run_batch.c: the batch lane. Asks of a campaign that can wait are reserved under the
 * mark of a batch and handed in; the job is given up, and looks at the batch each time
 * it is claimed again. A batch is only ever looked at by a later load than the one that
 * handed it in, so each ask is in one at most; what it answers is settled as any call.
 *
 * An ask goes into a batch twice at most; then, or when a batch took too long or was
 * not taken, it is sent at once. */
#include "workers/run/run_batch.h"
#include <string.h>

#define TRIES 2
/* Handing in ends within a few minutes of the reservation, or it is not done; a batch
 * that cannot be found so much later was never made. */
#define SEARCH_MS (INT64_C(10) * 60 * 1000)
#define PATIENCE 2 /* given up after twice the time after which it is cancelled */
/* So long after that time results may still come of one that has ended without them:
 * what it did until it was cancelled. */
#define UNTOLD_MS (INT64_C(10) * 60 * 1000)

const char *run_batch_endpoint(const struct run *run)
{
    const struct ports *p = &run->runner->ports;
    return p->batches ? p->batches(p->self, run->spec.tenant, run->spec.llm_endpoint)
                      : NULL;
}

/* How long a batch of that time may take. One with a deadline gets half of what is left
 * until then: the other half is for live calls. */
static int64_t wait_ms_of(const struct run *run, int64_t since_ms)
{
    int64_t wait_ms = run->runner->options.batch_wait_ms;
    if (!run->spec.deadline_ms || !run->campaign->created_ms)
        return wait_ms;
    int64_t left_ms = run->campaign->created_ms + run->spec.deadline_ms - since_ms;
    return left_ms / 2 < wait_ms ? left_ms / 2 : wait_ms;
}

/* Not if it would be looked at only once before it is cancelled. */
static bool is_time_for_one(const struct run *run)
{
    int64_t wait_ms = wait_ms_of(run, run->campaign->now_ms);
    return !run->spec.deadline_ms || wait_ms >= 2 * run->runner->options.batch_poll_ms;
}

bool run_batch_wants(const struct run *run, int index)
{
    const struct run_ask *a = &run->asks[index];
    return run->spec.llm_batch && !a->goes_live && a->attempt < TRIES &&
           engine_ask(run->engine, index)->type == ASK_CHAT && is_time_for_one(run) &&
           run_batch_endpoint(run);
}

struct port_call run_batch_call(const struct run *run, int index)
{
    struct port_call call = run_call_of(run, index);
    const struct run_ask *a = &run->asks[index];
    call.may_hedge = false;
    if (a->state == RUN_ASK_BATCHED && *run->shards[a->shard].endpoint)
        call.endpoint = run->shards[a->shard].endpoint;
    return call;
}

bool run_is_quiet(const struct run *run)
{
    int under_way = run->busy;
    for (int i = 0; i < run->ask_count; i++)
        under_way += run->asks[i].state == RUN_ASK_BATCHED;
    return under_way == 0;
}

struct run_shard *run_add_shard(struct run *run, const char *mark, const char *endpoint)
{
    for (int i = 0; i < run->shard_count; i++)
        if (strcmp(run->shards[i].mark, mark) == 0)
            return &run->shards[i];
    if (run->shard_count > 2 * run->ask_count ||
        strlen(mark) >= sizeof run->shards->mark ||
        strlen(endpoint) >= sizeof run->shards->endpoint)
        return NULL;
    struct run_shard *s = &run->shards[run->shard_count++];
    *s = (struct run_shard){.since_ms = run->campaign->now_ms};
    memcpy(s->mark, mark, strlen(mark) + 1);
    memcpy(s->endpoint, endpoint, strlen(endpoint) + 1);
    return s;
}

/* A record without its time, or with one that will not come soon, was damaged by hand:
 * its batch is as old as can be. */
static int64_t since_ms_of(const struct run *run, const struct json *record)
{
    int64_t ms = json_int(json_get(record, "t"), 0);
    int64_t latest_ms = run->campaign->now_ms + run->runner->options.batch_wait_ms;
    return ms > 0 && ms <= latest_ms ? ms : run->campaign->created_ms;
}

enum err run_batch_replay(struct run *run, int index, const struct json *record)
{
    struct run_ask *a = &run->asks[index];
    const char *text = json_str(json_get(record, "n"), "");
    struct run_shard *s = run_add_shard(run, json_str(json_get(record, "b"), ""),
                                        json_str(json_get(record, "e"), ""));
    if (!s || strlen(text) >= sizeof s->name || !run->runner->ports.batches) {
        a->attempt++; /* as lost as any that nobody settled */
        return ERR_OK;
    }
    if (*text)
        memcpy(s->name, text, strlen(text) + 1);
    s->since_ms = since_ms_of(run, record);
    a->state = RUN_ASK_BATCHED;
    a->shard = (int)(s - run->shards);
    return ERR_OK;
}

/* As run_settle_unsent() tells it. Only of the first attempts, so that a worker without
 * memory does not try for ever. */
bool run_batch_left_out(const struct run *run, int index, enum err code)
{
    return run->spec.llm_batch && code == ERR_BUSY && run->asks[index].attempt <= TRIES;
}

void run_settle_unsent(struct run *run, int index, bool goes_live)
{
    struct port_call_result result = run_failure(goes_live ? ERR_CANCELLED : ERR_BUSY);
    run_settle(run, index, &result);
}

/* It may have been served, and nobody will ever know: the most it can cost is spent. */
static void settle_lost(struct run *run, int index)
{
    struct runner *r = run->runner;
    struct port_call call = run_batch_call(run, index);
    struct port_estimate most = r->ports.estimate(r->ports.self, &call);
    call.endpoint = run->spec.llm_endpoint;
    if (most.usd_nano < 0) /* that endpoint is gone, and its price with it */
        most = r->ports.estimate(r->ports.self, &call);
    struct port_call_result result = run_failure(ERR_UNKNOWN_OUTCOME);
    result.retryable = result.sent = result.possibly_billed = true;
    result.usage_estimated = true;
    result.message = "nothing more is heard of the batch of this call";
    result.tokens_in = most.tokens;
    result.usd_nano = most.usd_nano > 0 ? most.usd_nano : 0;
    run_settle(run, index, &result);
}

static void settle_missing(struct run *run, int index)
{
    struct port_call_result result = run_failure(ERR_SERVER);
    result.retryable = true;
    result.message = "the batch has ended without this call";
    run_settle(run, index, &result);
}

/* Those of a batch that no result came for. */
static void settle_rest(struct run *run, int shard, enum port_batch_state state)
{
    for (int i = 0; i < run->ask_count && run->phase == RUN_WORKING; i++) {
        struct run_ask *a = &run->asks[i];
        if (a->state != RUN_ASK_BATCHED || a->shard != shard)
            continue;
        run->busy++;
        if (state == PORT_BATCH_ENDED)
            settle_missing(run, i);
        else if (state == PORT_BATCH_LOST)
            settle_lost(run, i);
        else
            run_settle_unsent(run, i, state == PORT_BATCH_REFUSED);
    }
}

/* Of an operation under way, without ending it. */
static struct run *find_run(struct runner *r, uint64_t ticket, struct run_op **op)
{
    *op = idmap_get(&r->ops, ticket);
    struct run *run = *op ? idmap_get(&r->runs_by_ticket, (*op)->run) : NULL;
    return run && run->loads == (*op)->load && run->phase == RUN_WORKING ? run : NULL;
}

static void on_result(void *arg, uint64_t ticket, int slot,
                      const struct port_call_result *result)
{
    struct run_op *op;
    struct run *run = find_run(arg, ticket, &op);
    if (!run || slot < 0 || slot >= op->batch_count)
        return;
    int index = op->batch[slot];
    struct run_ask *a = &run->asks[index];
    if (a->state != RUN_ASK_BATCHED || a->shard != op->shard)
        return; /* it has its result */
    run->busy++;
    run_settle(run, index, result);
}

/* What is known of a batch, and how long it has been so. */
static enum port_batch_state judge(const struct run *run, const struct run_shard *s,
                                   enum port_batch_state state)
{
    int64_t age_ms = run->campaign->now_ms - s->since_ms;
    int64_t wait_ms = wait_ms_of(run, s->since_ms);
    bool open = state == PORT_BATCH_WORKING || state == PORT_BATCH_UNREACHABLE;
    if (open && age_ms > PATIENCE * wait_ms)
        return PORT_BATCH_LOST;
    if (state == PORT_BATCH_UNTOLD)
        return age_ms > wait_ms + (wait_ms < UNTOLD_MS ? wait_ms : UNTOLD_MS)
                   ? PORT_BATCH_LOST
                   : PORT_BATCH_UNREACHABLE;
    if (state == PORT_BATCH_ENDED && age_ms > wait_ms)
        return PORT_BATCH_REFUSED; /* what it does not tell was cancelled */
    if (state == PORT_BATCH_ABSENT && age_ms < SEARCH_MS)
        return PORT_BATCH_UNREACHABLE;
    return state;
}

static void on_looked(void *arg, uint64_t ticket, const struct port_batch_status *s)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run || run->phase != RUN_WORKING)
        return;
    const struct run_shard *shard = &run->shards[op.shard];
    enum port_batch_state state = judge(run, shard, s->state);
    run->busy--;
    if (state == PORT_BATCH_WORKING && !*shard->name)
        run_tell_name(run, &op, op.shard, s->name);
    else if (state != PORT_BATCH_WORKING && state != PORT_BATCH_UNREACHABLE)
        settle_rest(run, op.shard, state);
    run_advance(run);
}

static void look(struct run *run, int shard)
{
    struct runner *r = run->runner;
    const struct run_shard *s = &run->shards[shard];
    struct port_call calls[RUN_BATCH_MAX];
    uint64_t ticket = run_op_new(run, -1);
    struct run_op *op = idmap_get(&r->ops, ticket);
    if (!op)
        return; /* at the next claim */
    op->shard = shard;
    for (int i = 0; i < run->ask_count && op->batch_count < RUN_BATCH_MAX; i++) {
        if (run->asks[i].state != RUN_ASK_BATCHED || run->asks[i].shard != shard)
            continue;
        calls[op->batch_count] = run_batch_call(run, i);
        op->batch[op->batch_count++] = i;
    }
    int64_t age_ms = run->campaign->now_ms - s->since_ms;
    struct port_batch b = {.calls = calls,
                           .count = op->batch_count,
                           .mark = s->mark,
                           .name = s->name,
                           .cancel = age_ms > wait_ms_of(run, s->since_ms)};
    run->busy++;
    enum err e = r->ports.poll(r->ports.self, &b, on_result, on_looked, r, ticket);
    if (!e)
        return;
    run_op_take(r, ticket, NULL);
    run->busy--;
    if (e == ERR_BAD_VALUE && judge(run, s, PORT_BATCH_UNREACHABLE) == PORT_BATCH_LOST)
        settle_rest(run, shard, PORT_BATCH_LOST);
}

void run_batch_begin(struct run *run)
{
    int shards = run_is_stopping(run) ? 0 : run->shard_count;
    for (int i = 0; i < shards && run->phase == RUN_WORKING; i++)
        look(run, i);
}

static void on_named(void *arg, uint64_t ticket, enum err e)
{
    struct run *run = run_op_take(arg, ticket, NULL);
    if (!run)
        return;
    run->busy--;
    if (e)
        run_lost(run, e);
    else
        run_advance(run);
}

void run_tell_name(struct run *run, const struct run_op *op, int shard,
                   const char *name)
{
    struct runner *r = run->runner;
    struct run_shard *s = &run->shards[shard];
    int attempts[RUN_BATCH_MAX];
    if (strlen(name) >= sizeof s->name)
        return; /* found by its mark each time */
    memcpy(s->name, name, strlen(name) + 1);
    for (int i = 0; i < op->batch_count; i++)
        attempts[i] = run->asks[op->batch[i]].attempt;
    struct port_place at = run_place_of(run);
    struct port_hold hold = {.name = name, .delay_ms = -1, .why = ""};
    at.batch = s->mark;
    at.endpoint = s->endpoint;
    uint64_t ticket = run_op_new(run, -1);
    run->busy++;
    enum err e = ticket ? r->ports.hold(r->ports.self, &at, &hold, op->batch, attempts,
                                        op->batch_count, on_named, r, ticket)
                        : ERR_NOMEM;
    if (!e)
        return;
    run_op_take(r, ticket, NULL);
    run->busy--;
}

/* Some asks are in batches, and no other can go on. */
static bool rests(const struct run *run)
{
    bool batched = false;
    for (int i = 0; i < run->ask_count; i++) {
        enum run_ask_state s = run->asks[i].state;
        batched |= s == RUN_ASK_BATCHED;
        if (s == RUN_ASK_IDLE || s == RUN_ASK_BACKOFF)
            return false;
    }
    return batched;
}

bool run_batch_go_on(struct run *run)
{
    if (run_gather(run))
        return true;
    if (!rests(run))
        return false;
    run_rest(run, run->runner->options.batch_poll_ms, "batch");
    return true;
}
