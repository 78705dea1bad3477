/* run_calls.c: the asks of a run: reserved, sent, settled, tried again. */
#include "workers/run/run.h"
#include "core/base/backoff.h"
#include "core/base/log.h"
#include <string.h>

struct port_place run_place_of(const struct run *run)
{
    const struct campaign *c = run->campaign; /* NULL, or without a stage: unreadable */
    return (struct port_place){.campaign = run->id,
                               .fence = run->fence,
                               .stage = c && c->stage ? c->stage : "",
                               .iteration = c ? c->iteration : 0};
}

void run_forgo(struct run *run, int index)
{
    struct run_ask *a = &run->asks[index];
    run->runner->ports.forgo(run->runner->ports.self, &a->grant);
    a->grant = (struct port_grant){0};
}

void run_mark(struct run *run, int index)
{
    run->asks[index].state = RUN_ASK_RESERVING;
    run->busy++;
    run->batch[run->batch_count++] = index;
}

static void leave_slot(struct run *run)
{
    run->runner->counts.calls_in_flight--;
    runner_schedule(run->runner);
}

/* The ask goes back to the queue; used when nothing was sent. */
static void give_back(struct run *run, int index)
{
    run->asks[index].state = RUN_ASK_IDLE;
    run->busy--;
    run_forgo(run, index);
    leave_slot(run);
}

static void on_backoff(void *arg, uint64_t ticket, enum err e)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    (void)e;
    if (!run || run->phase != RUN_WORKING || op.index >= run->ask_count ||
        run->asks[op.index].state != RUN_ASK_BACKOFF)
        return;
    run->asks[op.index].state = RUN_ASK_IDLE;
    run_advance(run);
}

static void back_off(struct run *run, int index, int64_t hint_ms)
{
    struct runner *r = run->runner;
    struct run_ask *a = &run->asks[index];
    struct backoff b;
    backoff_init(&b, r->options.retry_base_ms, r->options.retry_cap_ms);
    b.attempt = (unsigned)(a->failures - 1);
    int64_t wait_ms = backoff_next_ms(&b, &r->rng, hint_ms);
    r->counts.retries++;
    a->state = RUN_ASK_BACKOFF;
    a->until_ms = r->ports.now_ms(r->ports.self) + wait_ms;
    uint64_t ticket = run_op_new(run, index);
    if (!ticket || r->ports.timer(r->ports.self, wait_ms, on_backoff, r, ticket)) {
        run_op_take(r, ticket, NULL);
        a->state = RUN_ASK_IDLE;
    }
}

static void on_settled(void *arg, uint64_t ticket, enum err e)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e) {
        run_lost(run, e);
        return;
    }
    struct run_ask *a = &run->asks[op.index];
    int64_t hint_ms = a->result.retry_after_ms;
    bool retry = false;
    run->busy--;
    if (!run->failing)
        e = run_take_result(run, op.index, &a->result, &retry);
    if (e) {
        run_fail(run, e);
        return;
    }
    if (retry)
        back_off(run, op.index, hint_ms);
    run_more_money(run);
    run_advance(run);
}

struct port_call_result run_failure(enum err code)
{
    return (struct port_call_result){.code = code,
                                     .retryable =
                                         code == ERR_NOMEM || code == ERR_BUSY ||
                                         code == ERR_REDIS || code == ERR_REDIS_DOWN,
                                     .text = "",
                                     .retry_after_ms = -1,
                                     .finish = "",
                                     .model = "",
                                     .request_id = "",
                                     .message = err_meaning(code)};
}

static int64_t clamped(int64_t amount)
{
    return amount < 0 ? 0 : amount > PORT_AMOUNT_MAX ? PORT_AMOUNT_MAX : amount;
}

/* What the store takes of a result that it refuses: it failed for good, and as much of
 * it was paid as can be counted. */
static struct port_call_result what_fits(const struct port_call_result *r, enum err e)
{
    struct port_call_result least = run_failure(e);
    least.retryable = false;
    least.sent = r->sent;
    least.hedged = r->hedged;
    least.cached = r->cached;
    least.possibly_billed = r->sent || r->possibly_billed;
    least.tokens_in = clamped(r->tokens_in);
    least.tokens_out = clamped(r->tokens_out);
    least.usd_nano = clamped(r->usd_nano);
    least.usage_estimated = r->usage_estimated;
    return least;
}

static enum err store_result(struct run *run, int index,
                             const struct port_call_result *result)
{
    struct runner *r = run->runner;
    struct run_ask *a = &run->asks[index];
    a->state = RUN_ASK_SETTLING;
    a->result = *result;
    a->result.finish = a->result.model = a->result.request_id = a->result.message = "";
    a->result.endpoint = "";
    a->result.text =
        arena_strndup(&run->arena, result->text ? result->text : "", result->len);
    if (!a->result.text)
        run->failing = ERR_NOMEM; /* but what was paid is stored first */
    struct port_place at = run_place_of(run);
    const struct ask *ask = engine_ask(run->engine, index);
    struct port_settlement s = {.index = index,
                                .attempt = a->attempt,
                                .is_call = ask_is_call(ask->type),
                                .ask = ask,
                                .result = result};
    uint64_t ticket = run_op_new(run, index);
    enum err e = ticket ? r->ports.settle(r->ports.self, &at, &s, on_settled, r, ticket)
                        : ERR_NOMEM;
    if (e)
        run_op_take(r, ticket, NULL);
    return e;
}

/* First the journal, then the judgement: what was paid is stored before anything else.
 */
void run_settle(struct run *run, int index, const struct port_call_result *result)
{
    enum err e = store_result(run, index, result);
    if (e == ERR_LIMIT || e == ERR_OUT_OF_RANGE) {
        log_event(LOG_ERROR, "call.too_large", "campaign", run->id, "code", err_code(e),
                  "endpoint", result->endpoint ? result->endpoint : "", NULL);
        struct port_call_result least = what_fits(result, e);
        e = store_result(run, index, &least);
    }
    if (e)
        run_lost(run, e);
}

static void settle_unsent(struct run *run, int index, enum err code)
{
    struct port_call_result result = run_failure(code);
    run_forgo(run, index);
    leave_slot(run);
    run_settle(run, index, &result);
}

static void on_call(void *arg, uint64_t ticket, const struct port_call_result *result)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    leave_slot(run);
    run_settle(run, op.index, result);
}

static void on_read(void *arg, uint64_t ticket, enum err e, const char *text, size_t n)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e == ERR_FENCED) {
        run_lost(run, e); /* its slots go with it */
        return;
    }
    leave_slot(run);
    struct port_call_result result = run_failure(e);
    result.text = text;
    result.len = n;
    run_settle(run, op.index, &result);
}

struct port_call run_call_of(const struct run *run, int index)
{
    return (struct port_call){
        .campaign = run->id,
        .tenant = run->spec.tenant,
        .stage = run->campaign->stage,
        .created_ms = run->campaign->created_ms,
        .iteration = run->campaign->iteration,
        .index = index,
        .attempt = run->asks[index].attempt,
        .ask = engine_ask(run->engine, index),
        .endpoint = run->spec.llm_endpoint,
        .model = run->spec.llm_model,
        .failures = run->asks[index].failures,
        .failed_at = run->asks[index].target,
        .needs_price = run->spec.budget_usd_nano >= 0 && run->spec.budget_calls < 0 &&
                       run->spec.budget_tokens < 0,
        .has_budget = run->spec.budget_usd_nano >= 0,
        .below_nano = run->asks[index].below_nano,
        .refused_text = engine_refused_text(run->engine, index),
        .objection = engine_objection(run->engine, index),
        .grant = run->asks[index].grant,
        /* a bound on calls is one on requests */
        .may_hedge = !run->asks[index].single && !run->asks[index].grant.single &&
                     run->spec.budget_calls < 0};
}

bool run_admit(struct run *run, int index)
{
    struct runner *r = run->runner;
    struct port_call call = run_call_of(run, index);
    if (!ask_is_call(call.ask->type))
        return true;
    return r->ports.admit(r->ports.self, &call, run_count_idle(run),
                          &run->asks[index].grant);
}

int64_t run_cost_tokens(const struct run *run, int index)
{
    const struct runner *r = run->runner;
    struct port_call call = run_call_of(run, index);
    if (!ask_is_call(call.ask->type))
        return 0;
    return r->ports.estimate(r->ports.self, &call).tokens;
}

static void start_call(struct run *run, int index)
{
    struct runner *r = run->runner;
    struct run_ask *a = &run->asks[index];
    struct port_call call = run_call_of(run, index);
    a->state = RUN_ASK_CALLING;
    a->call_id = 0;
    a->target = a->grant.target;
    uint64_t ticket = run_op_new(run, index);
    enum err e = ticket ? ERR_OK : ERR_NOMEM;
    if (!e && ask_is_call(call.ask->type)) {
        r->counts.calls++;
        e = r->ports.call(r->ports.self, &call, on_call, r, ticket, &a->call_id);
    } else if (!e) {
        e = r->ports.read(r->ports.self, run->id, run->fence, call.ask, on_read, r,
                          ticket);
    }
    if (!e) {
        a->grant = (struct port_grant){0}; /* the call has it */
        return;
    }
    run_op_take(r, ticket, NULL);
    settle_unsent(run, index, e);
}

static void on_reserved(void *arg, uint64_t ticket, enum err e,
                        const enum port_verdict *verdicts, int count)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e || count != op.batch_count) {
        run_lost(run, e ? e : ERR_INTERNAL);
        return;
    }
    bool again = false; /* what follows one that asks for less was not weighed */
    for (int i = 0; i < count && run->phase == RUN_WORKING; i++) {
        int index = op.batch[i];
        struct run_ask *a = &run->asks[index];
        const struct port_grant g = a->grant;
        if (verdicts[i] == PORT_GRANTED && run_is_stopping(run)) {
            settle_unsent(run, index, ERR_CANCELLED);
        } else if (verdicts[i] == PORT_GRANTED) {
            start_call(run, index);
        } else {
            give_back(run, index);
            a->attempt += verdicts[i] == PORT_EXISTS;
            bool over = verdicts[i] == PORT_OVER_BUDGET;
            again |= over && run_ask_for_less(a, &g);
            if (over && !again)
                a->state = RUN_ASK_SHORT;
        }
    }
    run_give_up_short(run, &op);
    run_advance(run);
}

static enum err reserve(struct run *run, const int *batch, int count)
{
    struct runner *r = run->runner;
    int attempts[RUN_BATCH_MAX];
    struct port_estimate most[RUN_BATCH_MAX];
    uint64_t ticket = run_op_new(run, -1);
    struct run_op *op = idmap_get(&r->ops, ticket);
    if (!op)
        return ERR_NOMEM;
    for (int i = 0; i < count; i++) {
        struct port_call call = run_call_of(run, batch[i]);
        attempts[i] = call.attempt;
        most[i] = r->ports.estimate(r->ports.self, &call);
        run->asks[batch[i]].for_two = most[i].for_two;
        op->batch[i] = batch[i];
    }
    op->batch_count = count;
    struct port_place at = run_place_of(run);
    enum err e = r->ports.reserve(r->ports.self, &at, batch, attempts, most, count,
                                  on_reserved, r, ticket);
    if (e)
        run_op_take(r, ticket, NULL);
    return e;
}

void run_send_batch(struct run *run)
{
    int calls[RUN_BATCH_MAX], reads[RUN_BATCH_MAX], call_count = 0, read_count = 0;
    for (int i = 0; i < run->batch_count; i++) {
        int index = run->batch[i];
        if (ask_is_call(engine_ask(run->engine, index)->type))
            calls[call_count++] = index;
        else
            reads[read_count++] = index; /* costs nothing: no reservation */
    }
    run->batch_count = 0;
    for (int i = 0; i < read_count && run->phase == RUN_WORKING; i++)
        start_call(run, reads[i]);
    enum err e = call_count ? reserve(run, calls, call_count) : ERR_OK;
    for (int i = 0; i < call_count && e; i++)
        give_back(run, calls[i]);
    if (e)
        run_lost(run, e);
}

void run_cancel_calls(struct run *run)
{
    struct runner *r = run->runner;
    for (int i = 0; i < run->ask_count; i++) {
        if (run->asks[i].state == RUN_ASK_CALLING && run->asks[i].call_id)
            r->ports.cancel(r->ports.self, run->asks[i].call_id);
    }
}
