/* run_submit.c: the way into a batch: reserve under its mark, hand in, keep its name.
 * See run_batch.c. */
#include "workers/run/run_batch.h"
#include <stdio.h>
#include <string.h>

/* Of the reservation or the handing in. */
static void mark_of(const struct run_op *op, char out[32])
{
    (void)snprintf(out, 32, "%d/%d", op->index, op->attempt);
}

static void enter_shard(struct run *run, const struct run_op *op, int taken,
                        const char *text)
{
    char mark[32];
    mark_of(op, mark);
    struct run_op inside = *op;
    const char *endpoint = run_batch_endpoint(run);
    struct run_shard *s = run_add_shard(run, mark, endpoint ? endpoint : "");
    check(s);
    inside.batch_count = taken;
    for (int i = 0; i < taken; i++) {
        struct run_ask *a = &run->asks[op->batch[i]];
        a->state = RUN_ASK_BATCHED;
        a->shard = (int)(s - run->shards);
        run->busy--;
    }
    run->runner->counts.calls += taken;
    if (taken && *text)
        run_tell_name(run, &inside, (int)(s - run->shards), text);
}

static void on_submitted(void *arg, uint64_t ticket, const struct port_batch_status *s)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run || run->phase != RUN_WORKING)
        return;
    bool there = s->state == PORT_BATCH_WORKING || s->state == PORT_BATCH_UNREACHABLE;
    int taken = there ? s->taken : 0;
    taken = taken < op.batch_count ? taken : op.batch_count;
    for (int i = taken; i < op.batch_count && run->phase == RUN_WORKING; i++)
        run_settle_unsent(run, op.batch[i], !there);
    if (run->phase == RUN_WORKING)
        enter_shard(run, &op, taken, s->state == PORT_BATCH_WORKING ? s->name : "");
    run_advance(run);
}

static void submit(struct run *run, const struct run_op *reserved)
{
    struct runner *r = run->runner;
    struct port_call calls[RUN_BATCH_MAX];
    char mark[32];
    uint64_t ticket = run_op_new(run, -1);
    struct run_op *op = idmap_get(&r->ops, ticket);
    enum err e = op ? ERR_OK : ERR_NOMEM;
    for (int i = 0; i < reserved->batch_count && op; i++) {
        calls[i] = run_batch_call(run, reserved->batch[i]);
        op->batch[i] = reserved->batch[i];
    }
    mark_of(reserved, mark);
    if (op) {
        op->index = reserved->index;
        op->attempt = reserved->attempt;
        op->batch_count = reserved->batch_count;
        struct port_batch b = {.calls = calls,
                               .count = op->batch_count,
                               .mark = mark,
                               .name = "",
                               .since_ms = reserved->since_ms};
        e = r->ports.submit(r->ports.self, &b, on_submitted, r, ticket);
    }
    if (!e)
        return;
    run_op_take(r, ticket, NULL);
    for (int i = 0; i < reserved->batch_count && run->phase == RUN_WORKING; i++)
        run_settle_unsent(run, reserved->batch[i], e == ERR_LIMIT && i == 0);
}

/* The granted ones, in order; the others are asked for again, or wait for room. */
static void sort_out(struct run *run, const struct run_op *op,
                     const enum port_verdict *verdicts, struct run_op *granted)
{
    granted->batch_count = 0;
    for (int i = 0; i < op->batch_count; i++) {
        struct run_ask *a = &run->asks[op->batch[i]];
        if (verdicts[i] == PORT_GRANTED) {
            granted->batch[granted->batch_count++] = op->batch[i];
            continue;
        }
        run->busy--;
        a->attempt += verdicts[i] == PORT_EXISTS;
        a->state = verdicts[i] == PORT_OVER_BUDGET ? RUN_ASK_SHORT : RUN_ASK_IDLE;
    }
}

/* What its own endpoint costs is over budget, whatever comes back: a fallback may cost
 * less, but takes no batch. */
static void try_live(struct run *run, const struct run_op *op)
{
    for (int i = 0; i < op->batch_count && run_is_quiet(run); i++) {
        struct run_ask *a = &run->asks[op->batch[i]];
        if (a->state != RUN_ASK_SHORT || run->spec.budget_usd_nano < 0)
            continue;
        a->goes_live = true;
        a->state = RUN_ASK_IDLE;
    }
}

static void on_reserved(void *arg, uint64_t ticket, enum err e,
                        const enum port_verdict *verdicts, int count)
{
    struct run_op op, granted;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e || count != op.batch_count) {
        run_lost(run, e ? e : ERR_INTERNAL);
        return;
    }
    granted = op;
    sort_out(run, &op, verdicts, &granted);
    if (granted.batch_count && !run_is_stopping(run))
        submit(run, &granted);
    else
        for (int i = 0; i < granted.batch_count && run->phase == RUN_WORKING; i++)
            run_settle_unsent(run, granted.batch[i], false);
    try_live(run, &op);
    run_give_up_short(run, &op);
    run_advance(run);
}

static void reserve(struct run *run, const int *list, int count)
{
    struct runner *r = run->runner;
    int attempts[RUN_BATCH_MAX];
    struct port_estimate most[RUN_BATCH_MAX];
    char mark[32];
    uint64_t ticket = run_op_new(run, list[0]);
    struct run_op *op = idmap_get(&r->ops, ticket);
    if (op)
        op->since_ms = r->ports.now_ms(r->ports.self);
    for (int i = 0; i < count && op; i++) {
        struct port_call call = run_batch_call(run, list[i]);
        attempts[i] = call.attempt;
        most[i] = r->ports.estimate(r->ports.self, &call);
        run->asks[list[i]].state = RUN_ASK_BATCHING;
        op->batch[op->batch_count++] = list[i];
        run->busy++;
    }
    enum err e = ERR_NOMEM;
    if (op) {
        mark_of(op, mark);
        struct port_place at = run_place_of(run);
        at.batch = mark;
        at.endpoint = run_batch_endpoint(run);
        e = r->ports.reserve(r->ports.self, &at, list, attempts, most, count,
                             on_reserved, r, ticket);
    }
    if (!e)
        return;
    run_op_take(r, ticket, NULL);
    run_lost(run, e);
}

bool run_gather(struct run *run)
{
    bool begun = false;
    int list[RUN_BATCH_MAX], count = 0;
    for (int i = 0; i < run->ask_count && run->phase == RUN_WORKING; i++) {
        if (run->asks[i].state != RUN_ASK_IDLE || !run_batch_wants(run, i))
            continue;
        list[count++] = i;
        if (count < RUN_BATCH_MAX)
            continue;
        reserve(run, list, count);
        begun = true;
        count = 0;
    }
    if (count && run->phase == RUN_WORKING)
        reserve(run, list, count);
    return begun || count;
}
