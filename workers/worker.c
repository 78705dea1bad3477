/* worker.c: one loop that asks Redis for work and hands it to intake, runner, feedback.
 */
#include "workers/worker.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "queues/control.h"
#include "queues/jobs.h"
#include "workers/channels.h"
#include "workers/claims.h"
#include "workers/feedback/feedback.h"
#include "workers/intake.h"
#include "workers/live/ports_live.h"
#include "workers/presence.h"
#include "workers/telemetry/otlp.h"
#include "workers/tenant_terms.h"
#include <stdlib.h>
#include <string.h>

#define CONTROL_BATCH 64
#define COOLING_MAX 512
#define SPANS_MS 3000     /* for the last spans to leave */
#define GIVE_BACK_MS 5000 /* after calls were cut: time to give the jobs back */

struct worker {
    struct loop *loop;
    struct redis *redis;
    const struct config *config;
    struct queue queue;
    struct channel_set *channels;
    struct zones *zones;
    struct otlp *otlp; /* NULL: no spans */
    struct llm *llm;
    struct ports_live *ports;
    struct runner *runner;
    struct intake *intake;
    struct feedback *feedback;
    struct loop_timer *poll, *drain_timer;
    char id[PRESENCE_ID_MAX];
    bool ticking, controlling, leaving, left, drained_hard;
    bool busy;   /* the last tick brought something: ask again soon */
    bool missed; /* the reply of the last tick, and who it poked */
    int64_t started_ms, last_beat_ms;
    char *terms; /* owns; of the tenants */
    struct claims claims;
    loop_fn on_drained;
    void *drained_arg;
};

const char *worker_id(const struct worker *w)
{
    return w->id;
}

static int64_t setting(const struct worker *w, const char *section, const char *key)
{
    return config_int(w->config, section, key);
}

static void poll_again(struct worker *w)
{
    bool quick = w->busy || intake_is_busy(w->intake) || feedback_is_busy(w->feedback);
    loop_timer_start(w->poll, setting(w, "worker", quick ? "poll_ms" : "poll_idle_ms"),
                     0);
}

static void on_control(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct worker *w = arg;
    (void)ticket;
    w->controlling = false;
    if (!e && reply_int(reply_at(r, 0)) + reply_int(reply_at(r, 1)) > 0)
        w->busy = true;
}

static void take_control(struct worker *w)
{
    if (w->controlling)
        return;
    w->controlling = true;
    if (control_take(&w->queue, CONTROL_BATCH, on_control, w, 0))
        w->controlling = false;
}

/* Others took our jobs: whatever runs here is void, and this id is burnt. */
static void start_over(struct worker *w)
{
    log_event(LOG_WARN, "worker.fenced", "worker", w->id, NULL);
    runner_drop_all(w->runner);
    presence_remove(&w->queue, w->id);
    presence_new_id(w->id);
    w->last_beat_ms = 0;
    claims_forget(&w->claims);
    w->busy = true;
}

enum { AT_NOW, AT_ALIVE, AT_INBOX, AT_CONTROL, AT_EVENTS, AT_CLAIMED, AT_POKED };

static void on_tick(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct worker *w = arg;
    (void)ticket;
    w->ticking = false;
    w->busy = false;
    if (e && e != ERR_CANCELLED)
        log_event(LOG_WARN, "tick.failed", "code", err_code(e), "error",
                  reply_str(r, NULL), NULL);
    w->missed |= e != ERR_OK;
    if (!e && !reply_int(reply_at(r, AT_ALIVE))) {
        start_over(w);
    } else if (!e) {
        const struct reply *poked = reply_at(r, AT_POKED);
        claims_take(&w->claims, reply_at(r, AT_CLAIMED),
                    reply_int(reply_at(r, AT_NOW)));
        if (w->missed)
            runner_poke_all(w->runner);
        w->missed = false;
        for (size_t i = 0; i < reply_count(poked); i++)
            runner_poke(w->runner, reply_str(reply_at(poked, i), NULL));
        if (reply_int(reply_at(r, AT_INBOX)) && !w->leaving)
            intake_kick(w->intake);
        if (reply_int(reply_at(r, AT_CONTROL)))
            take_control(w);
        if (reply_int(reply_at(r, AT_EVENTS)) && !w->leaving)
            feedback_kick(w->feedback);
        w->busy = reply_count(reply_at(r, AT_CLAIMED)) || reply_count(poked) ||
                  runner_count(w->runner).jobs;
    }
    poll_again(w);
}

static bool is_idle(const struct worker *w)
{
    return runner_count(w->runner).jobs == 0 && !intake_is_busy(w->intake) &&
           !feedback_is_busy(w->feedback) && !w->controlling && !w->ticking;
}

static void on_spans_left(void *arg)
{
    struct worker *w = arg;
    loop_fn done = w->on_drained;
    w->on_drained = NULL; /* told once */
    if (done)
        done(w->drained_arg);
}

static void on_left(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct worker *w = arg;
    (void)ticket;
    (void)e; /* not reached: the lease says the same, later */
    (void)r;
    w->left = true;
    if (w->otlp)
        otlp_drain(w->otlp, SPANS_MS, on_spans_left, w);
    else
        on_spans_left(w);
}

static void leave(struct worker *w)
{
    w->left = true;
    loop_timer_stop(w->poll);
    loop_timer_stop(w->drain_timer);
    presence_remove(&w->queue, w->id);
    ports_live_leave(w->ports);
    llm_leave(w->llm); /* before the last word: it goes out on the same connection */
    if (jobs_leave(&w->queue, w->id, on_left, w, 0))
        on_left(w, 0, ERR_OK, NULL);
}

/* Without an endpoint every call would fail and end its campaign: they wait instead,
 * for a worker that has one. */
static bool may_claim(const struct worker *w)
{
    return !w->leaving && llm_is_ready(w->llm);
}

static void on_poll(void *arg)
{
    struct worker *w = arg;
    if (w->leaving && is_idle(w)) {
        leave(w);
        return;
    }
    runner_nudge(w->runner);
    if (w->ticking || !redis_is_up(w->redis)) {
        poll_again(w);
        return;
    }
    int64_t now = clock_mono_ms(), lease = setting(w, "worker", "lease_ms");
    bool beat = !w->last_beat_ms ||
                now - w->last_beat_ms >= setting(w, "worker", "heartbeat_ms");
    struct jobs_claim arrived[JOBS_CLAIMS_MAX];
    struct jobs_tick tick = {.worker = w->id,
                             .slots = may_claim(w) ? runner_free_slots(w->runner) : 0,
                             .lease_ms = lease,
                             .arrived = arrived,
                             .arrived_count = claims_tell(&w->claims, arrived),
                             .beat = beat,
                             .terms = w->terms};
    if (beat) {
        struct runner_counts counts = runner_count(w->runner);
        w->last_beat_ms = now;
        char cooling[COOLING_MAX];
        llm_print_cooling(w->llm, cooling, sizeof cooling);
        presence_write(&w->queue, w->id, &counts, (int)setting(w, "worker", "jobs"),
                       cooling, loop_lag_ms(w->loop), w->started_ms, 2 * lease);
    }
    w->ticking = true;
    if (jobs_tick(&w->queue, &tick, on_tick, w, 0)) {
        w->ticking = false;
        poll_again(w);
    }
}

/* First the calls are cut; if the jobs still cannot be given back (Redis is away), they
 * are left to the lease. */
static void on_drain_over(void *arg)
{
    struct worker *w = arg;
    log_event(LOG_WARN, "worker.drain_over", "worker", w->id, NULL);
    if (w->drained_hard) {
        runner_drop_all(w->runner);
        on_left(w, 0, ERR_OK, NULL);
        return;
    }
    w->drained_hard = true;
    runner_drain_now(w->runner);
    loop_timer_start(w->drain_timer, GIVE_BACK_MS, 0);
}

void worker_drain(struct worker *w, loop_fn done, void *arg)
{
    if (w->leaving)
        return;
    w->leaving = true;
    w->on_drained = done;
    w->drained_arg = arg;
    runner_drain(w->runner);
    loop_timer_start(w->drain_timer, setting(w, "worker", "drain_ms"), 0);
    loop_timer_start(w->poll, 0, 0);
}

void worker_drain_now(struct worker *w)
{
    w->drained_hard = true;
    runner_drain_now(w->runner);
    loop_timer_start(w->drain_timer, GIVE_BACK_MS, 0);
}

static void on_room(void *arg)
{
    const struct worker *w = arg;
    if (w->runner)
        runner_wake(w->runner);
}

/* When a leave is asked for, the last beat was a heartbeat ago at most: so long the
 * jobs are ours for sure; half of it is left to the call to go out. */
static int64_t leave_ms(const struct worker *w)
{
    int64_t ms =
        setting(w, "worker", "lease_ms") - setting(w, "worker", "heartbeat_ms");
    return ms > 2 ? ms / 2 : 1;
}

static enum err make_runner(struct worker *w)
{
    struct ports_live_options live = {.queue = &w->queue,
                                      .channels = w->channels,
                                      .zones = w->zones,
                                      .llm = w->llm,
                                      .loop = w->loop,
                                      .config = w->config,
                                      .on_room = on_room,
                                      .room_arg = w,
                                      .rerank_events =
                                          setting(w, "ranking", "rerank_events"),
                                      .rerank_ms = setting(w, "ranking", "rerank_ms"),
                                      .leave_ms = leave_ms(w)};
    enum err e = ports_live_new(&live, &w->ports);
    if (e)
        return e;
    struct ports table = ports_live_table(w->ports);
    struct runner_options options = {
        .max_calls = (int)setting(w, "worker", "concurrency"),
        .max_jobs = (int)setting(w, "worker", "jobs"),
        .max_attempts = (int)setting(w, "llm", "attempts"),
        .batch_poll_ms = setting(w, "llm", "batch_poll_ms"),
        .batch_wait_ms = setting(w, "llm", "batch_wait_s") * 1000,
        .max_probes = (int)setting(w, "llm", "probes"),
        .park_ms = setting(w, "llm", "park_ms"),
        .stage_ms = setting(w, "worker", "stage_ms"),
        .retry_base_ms = setting(w, "llm", "retry_base_ms"),
        .retry_cap_ms = setting(w, "llm", "retry_cap_ms"),
        .channels = w->channels};
    return runner_new(&table, &options, &w->runner);
}

static enum err make_llm(struct worker *w, struct err_detail *d)
{
    struct llm_options llm = {.config = w->config,
                              .connect_timeout_ms =
                                  setting(w, "llm", "connect_timeout_ms"),
                              .timeout_ms = setting(w, "llm", "timeout_ms"),
                              .queue = &w->queue,
                              .otlp = w->otlp,
                              .on_room = on_room,
                              .room_arg = w};
    return llm_new(w->loop, &llm, &w->llm, d);
}

static enum err make_parts(struct worker *w, struct err_detail *d)
{
    enum err e =
        queue_init(&w->queue, w->redis, config_str(w->config, "redis", "prefix"), 0);
    if (e)
        return err_set(d, e, "redis.prefix", "not a usable key prefix");
    e = zones_new(&w->zones);
    e = e ? e : channels_load(w->config, &w->channels, d);
    if (!e)
        e = tenant_terms_text(w->config, &w->terms);
    if (!e)
        e = otlp_new(w->loop, w->config, w->id, &w->otlp, d);
    if (!e)
        e = make_llm(w, d);
    if (!e)
        e = make_runner(w);
    if (!e)
        claims_init(&w->claims, &w->queue, w->ports, w->runner);
    if (!e)
        e = intake_new(&w->queue, w->channels, w->llm, w->zones, w->id, &w->intake);
    if (!e)
        e = feedback_new(&w->queue, w->loop, w->config, w->id, &w->feedback);
    if (!e)
        e = loop_timer_new(w->loop, on_poll, w, &w->poll);
    if (!e)
        e = loop_timer_new(w->loop, on_drain_over, w, &w->drain_timer);
    return e;
}

enum err worker_new(struct loop *l, struct redis *r, const struct config *c,
                    struct worker **out, struct err_detail *d)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w)
        return ERR_NOMEM;
    w->loop = l;
    w->redis = r;
    w->config = c;
    w->started_ms = clock_wall_ms();
    presence_new_id(w->id);
    enum err e = make_parts(w, d);
    if (e) {
        worker_free(w);
        return e;
    }
    if (!llm_is_ready(w->llm))
        log_event(
            LOG_WARN, "llm.not_configured", "hint",
            "set OPENAI_BASE_URL, OPENAI_API_KEY and BARKER_MODEL, or an [endpoint]",
            NULL);
    log_event(LOG_INFO, "worker.started", "worker", w->id, NULL);
    loop_timer_start(w->poll, 0, 0);
    *out = w;
    return ERR_OK;
}

void worker_free(struct worker *w)
{
    if (!w)
        return;
    if (w->poll)
        loop_timer_free(w->poll);
    if (w->drain_timer)
        loop_timer_free(w->drain_timer);
    w->on_drained = NULL;
    if (w->runner)
        runner_drop_all(w->runner);
    llm_free(w->llm); /* its calls settle here and find no run */
    otlp_free(w->otlp);
    runner_free(w->runner);
    intake_free(w->intake);
    feedback_free(w->feedback);
    ports_live_free(w->ports);
    channel_set_free(w->channels);
    zones_free(w->zones);
    free(w->terms);
    queue_fini(&w->queue);
    free(w);
}
