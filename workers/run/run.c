/* run.c: the life of one claimed job: load, work, commit, and the ways to end. */
#include "workers/run/run.h"
#include "core/base/log.h"

#define PARK_MS 5000 /* what cannot be stored now is given back after this */

/* A fresh iteration needs a fresh memory: everything old is dropped first. */
static void forget(struct run *run)
{
    size_t max_bytes = run->arena.max_bytes;
    run_unload(run);
    arena_init(&run->arena, max_bytes);
    run->engine = NULL;
    run->campaign = NULL;
    run->has_spec = false;
    run->asks = NULL;
    run->shards = NULL;
    run->ask_count = run->busy = run->batch_count = run->shard_count = 0;
    run->cancel = run->pause = run->refused = run->timed_out = false;
    run->failing = ERR_OK;
    run->loads++;
}

static void commit(struct run *run, bool direct);

static void on_park_over(void *arg, uint64_t ticket, enum err e)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    (void)e;
    if (run)
        run_leave(run);
}

/* The job stays claimed for a while, so that nobody spins on it. */
static void park(struct run *run, enum err code, const char *message)
{
    struct runner *r = run->runner;
    if (run->phase == RUN_PARKED)
        return;
    log_event(LOG_ERROR, "job.parked", "campaign", run->id, "code", err_code(code),
              "message", message, NULL);
    run->phase = RUN_PARKED;
    uint64_t ticket = run_op_new(run, -1);
    if (ticket && !r->ports.timer(r->ports.self, PARK_MS, on_park_over, r, ticket))
        return;
    run_op_take(r, ticket, NULL);
    run->stranded = true; /* no memory for a timer: the next nudge gives it back */
}

static void on_left(void *arg, uint64_t ticket, enum err e)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e && e != ERR_FENCED)
        park(run, e, "it cannot be given back");
    else
        run_free(run);
}

void run_leave(struct run *run)
{
    struct runner *r = run->runner;
    if (run->phase == RUN_LEAVING)
        return;
    run->phase = RUN_LEAVING;
    uint64_t ticket = run_op_new(run, -1);
    if (ticket &&
        !r->ports.release(r->ports.self, run->id, run->fence, on_left, r, ticket))
        return;
    run_op_take(r, ticket, NULL);
    park(run, ERR_NOMEM, "it cannot be given back");
}

void run_rest(struct run *run, int64_t delay_ms, const char *why)
{
    struct runner *r = run->runner;
    struct port_place at = run_place_of(run);
    struct port_hold hold = {.name = "", .delay_ms = delay_ms, .why = why};
    run->phase = RUN_LEAVING;
    uint64_t ticket = run_op_new(run, -1);
    if (ticket &&
        !r->ports.hold(r->ports.self, &at, &hold, NULL, NULL, 0, on_left, r, ticket))
        return;
    run_op_take(r, ticket, NULL);
    park(run, ERR_NOMEM, "it cannot be given up");
}

void run_lost(struct run *run, enum err e)
{
    if (e == ERR_FENCED) {
        run->runner->counts.fenced++;
        run_free(run);
    } else if (run->phase != RUN_LEAVING) {
        park(run, e, "it cannot be stored now");
    }
}

static enum err begin(struct run *run, const struct port_image *image,
                      struct err_detail *d)
{
    run->progress = image->progress;
    enum err e = run_build(run, image, d);
    if (e)
        return e;
    bool direct = false;
    e = engine_begin(run->campaign, &run->engine, &direct, &run->next);
    if (e)
        return err_set(d, e, "", "stage %s cannot be planned", run->campaign->stage);
    run->phase = RUN_WORKING;
    if (direct) {
        commit(run, true);
        return ERR_OK;
    }
    e = run_replay(run, image);
    run->since_ms = run->runner->ports.now_ms(run->runner->ports.self);
    if (!e && (run->campaign->is_late || run->campaign->inputs.timed_out))
        engine_close(run->engine, ERR_DEADLINE); /* it ends with what is here */
    else if (!e)
        run_batch_begin(run);
    return e ? err_set(d, e, "", "the journal cannot be replayed") : ERR_OK;
}

static void on_load(void *arg, uint64_t ticket, enum err e,
                    const struct port_image *image)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    if (e) {
        run_lost(run, e);
        return;
    }
    struct err_detail d = {.code = ERR_OK};
    e = begin(run, image, &d);
    if (!e) {
        run_advance(run);
    } else if (run->campaign && e != ERR_UNKNOWN_VERSION) {
        run->phase = RUN_WORKING;
        run_fail(run, e);
    } else {
        d.code = e;
        run_set_aside(run, image, &d);
    }
}

enum err run_load(struct run *run)
{
    struct runner *r = run->runner;
    forget(run);
    run->phase = RUN_LOADING;
    uint64_t ticket = run_op_new(run, -1);
    if (!ticket)
        return ERR_NOMEM;
    enum err e = r->ports.load(r->ports.self, run->id, run->fence, on_load, r, ticket);
    if (e)
        run_op_take(r, ticket, NULL);
    return e;
}

static void reload(struct run *run)
{
    enum err e = run_load(run);
    if (e)
        run_lost(run, e);
}

static void on_commit(void *arg, uint64_t ticket, enum err e)
{
    struct run_op op;
    struct run *run = run_op_take(arg, ticket, &op);
    if (!run)
        return;
    struct runner *r = run->runner;
    if (e) {
        run_lost(run, e);
        return;
    }
    if (run->next.type != NEXT_GOTO) {
        r->counts.finished++;
        run_free(run);
        return;
    }
    if (r->draining)
        run_leave(run);
    else
        reload(run);
}

/* What the outcome means for the campaign as a whole. */
static void conclude(struct campaign *c, const struct next *next)
{
    if (next->type == NEXT_DONE && !campaign_state_is_terminal(c->state))
        c->state = CAMPAIGN_DONE;
    if (next->type == NEXT_DONE)
        c->progress = 100;
    if (next->type != NEXT_FAIL)
        return;
    c->error = next->code;
    c->state = next->code == ERR_CANCELLED     ? CAMPAIGN_CANCELLED
               : next->code == ERR_OVER_BUDGET ? CAMPAIGN_OVER_BUDGET
                                               : CAMPAIGN_FAILED;
    if (c->state == CAMPAIGN_FAILED)
        log_event(LOG_WARN, "campaign.failed", "campaign", c->spec->id, "code",
                  err_code(next->code), "stage", c->stage, "hint",
                  "its audit names each call; `barker doctor` asks the endpoints",
                  NULL);
}

static enum err send_commit(struct run *run, const struct campaign *c, bool direct)
{
    struct runner *r = run->runner;
    run->phase = RUN_COMMITTING;
    struct port_commit what = {.campaign = c,
                               .next = &run->next,
                               .fence = run->fence,
                               .progress = run->progress,
                               .direct = direct};
    uint64_t ticket = run_op_new(run, -1);
    enum err e =
        ticket ? r->ports.commit(r->ports.self, run->id, &what, on_commit, r, ticket)
               : ERR_NOMEM;
    if (e)
        run_op_take(r, ticket, NULL);
    return e;
}

void run_end_unread(struct run *run, enum err code)
{
    next_fail(&run->next, code);
    enum err e = send_commit(run, NULL, true);
    if (e)
        run_lost(run, e);
}

static void commit(struct run *run, bool direct)
{
    conclude(run->campaign, &run->next);
    enum err e = send_commit(run, run->campaign, direct);
    if (!e)
        return;
    if (e != ERR_LIMIT || run->next.type == NEXT_FAIL) {
        run_lost(run, e);
        return;
    }
    next_fail(&run->next, e); /* what the stage decided does not fit the store */
    commit(run, true);
}

void run_fail(struct run *run, enum err code)
{
    if (!run->failing)
        run->failing = code;
    run_advance(run);
}

static void fail(struct run *run)
{
    next_fail(&run->next, run->failing);
    commit(run, true);
}

static void finish(struct run *run)
{
    run->failing = engine_finish(run->engine, &run->next);
    if (run->failing)
        fail(run);
    else
        commit(run, false);
}

bool run_is_stopping(const struct run *run)
{
    return run->cancel || run->pause || run->failing || run->timed_out ||
           run->runner->draining;
}

/* No call is under way. An order is in the mail: the engine takes it from there. */
static void stop(struct run *run)
{
    if (run->runner->draining)
        run_leave(run);
    else
        reload(run);
}

int run_next_idle(const struct run *run)
{
    int best = -1;
    for (int i = 0; i < run->ask_count; i++) {
        const struct run_ask *a = &run->asks[i];
        if (a->state == RUN_ASK_IDLE && !run_batch_wants(run, i) &&
            (best < 0 || a->failures < run->asks[best].failures))
            best = i;
        if (best >= 0 && run->asks[best].failures == 0)
            break;
    }
    return best;
}

int run_count_idle(const struct run *run)
{
    int count = 0;
    for (int i = 0; i < run->ask_count && count < RUN_BATCH_MAX; i++)
        count += run->asks[i].state == RUN_ASK_IDLE && !run_batch_wants(run, i);
    return count;
}

static const enum fair_lane_name lanes[] = {
    [SPEC_PRIORITY_HIGH] = FAIR_INTERACTIVE,
    [SPEC_PRIORITY_NORMAL] = FAIR_LIVE,
    [SPEC_PRIORITY_LOW] = FAIR_BATCH,
};

static void wait_in_line(struct run *run)
{
    struct runner *r = run->runner;
    if (run_is_quiet(run))
        run_wake_short(run, run->ask_count);
    if (run_next_idle(run) >= 0 && list_empty(&run->flow.link)) {
        fair_join(&r->fair, &run->flow, lanes[run->spec.priority]);
        runner_schedule(r);
    }
}

void run_advance(struct run *run)
{
    struct runner *r = run->runner;
    if (run->phase == RUN_PARKED && r->draining)
        run_leave(run);
    if (run->phase != RUN_WORKING)
        return;
    if (run->busy) {
        if (run->cancel || run->failing || run->timed_out || r->drain_now)
            run_cancel_calls(run);
        else if (!run_is_stopping(run))
            wait_in_line(run);
    } else if (run->failing) {
        fail(run);
    } else if (engine_open(run->engine) == 0) {
        finish(run);
    } else if (run->timed_out && !run->cancel && !run->pause && !r->draining) {
        run->campaign->inputs.timed_out = true; /* recorded: a replay has no clock */
        engine_close(run->engine, ERR_DEADLINE);
        finish(run);
    } else if (run_is_stopping(run)) {
        stop(run);
    } else if (!run_batch_go_on(run) && !run_cool(run)) {
        wait_in_line(run);
    }
}

/* A clock of its own: neither the deadline of the campaign nor that of a call. What is
 * in a batch has that one's. */
void run_look_at_clock(struct run *run, int64_t now_ms)
{
    int64_t most_ms = run->runner->options.stage_ms;
    if (most_ms <= 0 || run->phase != RUN_WORKING || run->timed_out ||
        run->spec.llm_batch || now_ms - run->since_ms < most_ms)
        return;
    log_event(LOG_WARN, "stage.timed_out", "campaign", run->id, "stage",
              run->campaign->stage, NULL);
    run->timed_out = true;
    run_advance(run);
}
