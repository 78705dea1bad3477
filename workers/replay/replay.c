/* replay.c: the runner's ports on the store of a replay, and the loop that turns it.
 * What has settled waits in a list; nothing is called from inside a port. */
#include "workers/replay/replay.h"
#include "queues/results.h"
#include "workers/live/publish.h"
#include "workers/replay/replay_store.h"
#include "workers/run/runner.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOB_MAX_BYTES ((size_t)256 << 20)
#define CALLS 64

enum settle_type { SETTLE_LOAD, SETTLE_RESERVE, SETTLE_CALL, SETTLE_DONE };
struct settled { /* waits for its callback */
    struct settled *next;
    enum settle_type type;
    union {
        port_load_fn load;
        port_reserve_fn reserve;
        port_call_fn call;
        port_done_fn done;
    } fn;
    void *arg;
    uint64_t ticket;
    enum err code;
    enum port_verdict verdicts[CALLS];
    int count;
};
struct replay {
    struct replay_store store;
    struct settled *first, *last;
    bool moved; /* a commit was made since */
};

static struct settled *add(struct replay *r, enum settle_type type, void *arg,
                           uint64_t ticket)
{
    struct settled *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->type = type;
    s->arg = arg;
    s->ticket = ticket;
    if (r->last)
        r->last->next = s;
    else
        r->first = s;
    r->last = s;
    return s;
}

static enum err done_later(struct replay *r, enum err code, port_done_fn fn, void *arg,
                           uint64_t ticket)
{
    struct settled *s = add(r, SETTLE_DONE, arg, ticket);
    if (!s)
        return ERR_NOMEM;
    s->fn.done = fn;
    s->code = code;
    return ERR_OK;
}

static enum err port_load(void *self, const char *id, int64_t fence, port_load_fn fn,
                          void *arg, uint64_t ticket)
{
    (void)id, (void)fence;
    struct settled *s = add(self, SETTLE_LOAD, arg, ticket);
    if (s)
        s->fn.load = fn;
    return s ? ERR_OK : ERR_NOMEM;
}

static enum port_verdict judge(struct replay *r, const struct port_place *at, int index)
{
    if (replay_store_is_unpaid(&r->store, index))
        return PORT_OVER_BUDGET;
    if (!replay_store_failure(&r->store, index))
        replay_store_fail(&r->store,
                          "the reply of ask %d is not in the journal of %s/%d: it was "
                          "removed, or is not among the last 1,000 iterations kept",
                          index, at->stage, at->iteration);
    return PORT_GRANTED;
}

/* Whoever was called then was admitted then. */
static bool port_admit_all(void *self, const struct port_call *call, int waiting,
                           struct port_grant *out)
{
    (void)self, (void)call, (void)waiting;
    *out = (struct port_grant){0};
    return true;
}

static void port_forgo_nothing(void *self, const struct port_grant *grant)
{
    (void)self, (void)grant;
}

static enum err port_reserve(void *self, const struct port_place *at, const int *index,
                             const int *attempt, const struct port_estimate *most,
                             int count, port_reserve_fn fn, void *arg, uint64_t ticket)
{
    (void)attempt, (void)most;
    struct replay *r = self;
    struct settled *s = add(r, SETTLE_RESERVE, arg, ticket);
    if (!s)
        return ERR_NOMEM;
    check(count <= CALLS);
    s->fn.reserve = fn;
    s->count = count;
    for (int i = 0; i < count; i++)
        s->verdicts[i] = judge(r, at, index[i]);
    s->code = *r->store.problem ? ERR_FENCED : ERR_OK;
    return ERR_OK;
}

static struct port_estimate port_estimate_none(void *self, const struct port_call *call)
{
    (void)self, (void)call;
    return (struct port_estimate){.tokens = 0};
}

/* No call is made: the journal says how the last attempt ended. */
static enum err port_call_again(void *self, const struct port_call *call,
                                port_call_fn fn, void *arg, uint64_t ticket,
                                uint64_t *call_id)
{
    struct replay *r = self;
    struct settled *s = add(r, SETTLE_CALL, arg, ticket);
    if (!s)
        return ERR_NOMEM;
    s->fn.call = fn;
    s->code = replay_store_failure(&r->store, call->index);
    *call_id = 0;
    return ERR_OK;
}

static void port_cancel(void *self, uint64_t call_id)
{
    (void)self, (void)call_id;
}

static enum err port_read(void *self, const char *campaign, int64_t fence,
                          const struct ask *ask, port_read_fn fn, void *arg,
                          uint64_t ticket)
{
    (void)campaign, (void)fence, (void)ask, (void)fn, (void)arg, (void)ticket;
    struct replay *r = self;
    replay_store_fail(&r->store, "stage %s reads what is not in the journal",
                      r->store.stage);
    return ERR_NOT_SUPPORTED;
}

static enum err port_settle(void *self, const struct port_place *at,
                            const struct port_settlement *s, port_done_fn fn, void *arg,
                            uint64_t ticket)
{
    (void)at, (void)s;
    return done_later(self, ERR_OK, fn, arg, ticket);
}

static enum err port_commit_here(void *self, const char *id,
                                 const struct port_commit *commit, port_done_fn fn,
                                 void *arg, uint64_t ticket)
{
    struct replay *r = self;
    const struct publish_options o = {.rerank_events = 0, .rerank_ms = 0};
    struct results w;
    (void)id;
    results_init(&w);
    enum err e = publish_commit(commit, &o, &w);
    if (e == ERR_LIMIT && commit->next->type == NEXT_FAIL) {
        results_fini(&w);
        results_init(&w);
        e = publish_end(ERR_LIMIT, commit->campaign->mail_taken, &w);
    }
    if (!e)
        e = replay_store_commit(&r->store, &w);
    results_fini(&w);
    r->moved = true;
    return e ? e : done_later(r, ERR_OK, fn, arg, ticket);
}

static enum err port_release(void *self, const char *id, int64_t fence, port_done_fn fn,
                             void *arg, uint64_t ticket)
{
    struct replay *r = self;
    (void)id, (void)fence;
    replay_store_fail(&r->store, "stage %s/%d cannot be loaded; the log says why",
                      r->store.stage, r->store.iteration);
    return done_later(r, ERR_OK, fn, arg, ticket);
}

/* In no replay a campaign is given up, but for one that cannot be read. */
static enum err port_hold(void *self, const struct port_place *at,
                          const struct port_hold *hold, const int *index,
                          const int *attempt, int count, port_done_fn fn, void *arg,
                          uint64_t ticket)
{
    (void)hold, (void)index, (void)attempt, (void)count;
    return port_release(self, at->campaign, at->fence, fn, arg, ticket);
}

static enum err port_mail(void *self, const char *id, int64_t fence, int from,
                          port_mail_fn fn, void *arg, uint64_t ticket)
{
    (void)self, (void)id, (void)fence, (void)from, (void)fn, (void)arg, (void)ticket;
    return ERR_NOT_SUPPORTED; /* nobody pokes a replay */
}

static enum err port_timer(void *self, int64_t delay_ms, port_done_fn fn, void *arg,
                           uint64_t ticket)
{
    (void)delay_ms;
    return done_later(self, ERR_OK, fn, arg, ticket);
}

static enum err port_defer(void *self, port_done_fn fn, void *arg, uint64_t ticket)
{
    return done_later(self, ERR_OK, fn, arg, ticket);
}

static int64_t port_now_ms(void *self)
{
    (void)self;
    return 0; /* no time passes */
}

static uint64_t port_random(void *self)
{
    (void)self;
    return 1; /* for jitter only, and nothing waits here */
}

static void load_now(struct replay *r, const struct settled *s)
{
    struct arena a;
    struct port_image image;
    arena_init(&a, JOB_MAX_BYTES);
    enum err e = replay_store_begin(&r->store) ? ERR_OK : ERR_FENCED;
    if (!e && replay_store_end_unread(&r->store)) {
        r->moved = true;
        e = ERR_FENCED;
    }
    if (!e)
        e = replay_store_image(&r->store, &a, &image);
    s->fn.load(s->arg, s->ticket, e, e ? NULL : &image);
    arena_fini(&a);
}

static void settle(struct replay *r, const struct settled *s)
{
    const struct port_call_result failed = {.code = s->code,
                                            .retry_after_ms = -1,
                                            .text = "",
                                            .finish = "",
                                            .model = "",
                                            .request_id = "",
                                            .message = ""};
    switch (s->type) {
    case SETTLE_LOAD:
        load_now(r, s);
        break;
    case SETTLE_RESERVE:
        s->fn.reserve(s->arg, s->ticket, s->code, s->verdicts, s->count);
        break;
    case SETTLE_CALL:
        s->fn.call(s->arg, s->ticket, &failed);
        break;
    case SETTLE_DONE:
        s->fn.done(s->arg, s->ticket, s->code);
        break;
    }
}

static struct settled *pop(struct replay *r)
{
    struct settled *s = r->first;
    r->first = s ? s->next : NULL;
    if (!r->first)
        r->last = NULL;
    return s;
}

static void turn(struct replay *r)
{
    for (struct settled *s = pop(r); s; s = pop(r)) {
        settle(r, s);
        free(s);
    }
}

static enum err run_all(struct replay *r, struct runner *runner)
{
    enum err e = ERR_OK;
    for (int64_t claim = 1; !e && !r->store.over && !*r->store.problem; claim++) {
        r->moved = false;
        e = runner_start(runner, r->store.source->id, claim);
        turn(r);
        if (!e && !r->moved && !r->store.over)
            replay_store_fail(&r->store, "stage %s/%d does not end", r->store.stage,
                              r->store.iteration);
    }
    return e;
}

static enum err run_with(struct replay *r)
{
    const struct ports ports = {.self = r,
                                .load = port_load,
                                .admit = port_admit_all,
                                .forgo = port_forgo_nothing,
                                .reserve = port_reserve,
                                .estimate = port_estimate_none,
                                .call = port_call_again,
                                .cancel = port_cancel,
                                .read = port_read,
                                .settle = port_settle,
                                .commit = port_commit_here,
                                .release = port_release,
                                .mail = port_mail,
                                .hold = port_hold,
                                .timer = port_timer,
                                .defer = port_defer,
                                .random = port_random,
                                .now_ms = port_now_ms};
    const struct runner_options o = {.max_calls = CALLS,
                                     .max_jobs = 1,
                                     .max_attempts = INT_MAX, /* the journal decides */
                                     .retry_base_ms = 1,
                                     .retry_cap_ms = 1,
                                     .job_max_bytes = JOB_MAX_BYTES,
                                     .channels = r->store.source->channels};
    struct runner *runner = NULL;
    enum err e = runner_new(&ports, &o, &runner);
    if (!e)
        e = run_all(r, runner);
    runner_free(runner);
    for (struct settled *s = pop(r); s; s = pop(r))
        free(s);
    return e;
}

static enum err compare(const struct replay_source *source, struct replay_report *out)
{
    if (source->buried) {
        replay_drop(&out->derived.campaign, "state");
        replay_drop(&out->derived.campaign, "error");
    }
    enum err e = replay_hash(&out->derived, &out->derived, out->derived_sha256);
    if (!e)
        e = replay_hash(&source->stored, &out->derived, out->stored_sha256);
    if (!e)
        out->identical =
            !replay_differ(&out->derived, &source->stored, &out->where, &out->what);
    if (!e && out->identical && strcmp(out->derived_sha256, out->stored_sha256) != 0) {
        out->identical = false;
        buf_append_str(&out->what, "the canonical forms differ in order");
    }
    return e;
}

enum err replay_run(const struct replay_source *source, struct replay_report *out)
{
    struct replay r = {.first = NULL};
    memset(out, 0, sizeof *out);
    buf_init(&out->where, 1024);
    buf_init(&out->what, 4096);
    enum err e = replay_store_init(&r.store, source, &out->derived);
    if (!e)
        e = run_with(&r);
    out->made = r.store.made;
    out->commits = source->commits;
    out->records = r.store.records;
    out->complete = !*r.store.problem;
    (void)snprintf(out->problem, sizeof out->problem, "%s", r.store.problem);
    if (!e && out->complete)
        e = compare(source, out);
    replay_store_fini(&r.store);
    return e;
}

void replay_report_fini(struct replay_report *r)
{
    replay_state_fini(&r->derived);
    buf_fini(&r->where);
    buf_fini(&r->what);
}
