/* doctor_queues.c: clock, workers, what waits for them, what was refused. */
#include "core/base/clock.h"
#include "queues/health.h"
#include "workers/cli/doctor.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 256
#define WORKER_NAME_MAX 96
#define CLOCK_MAX_MS 1000
#define LAG_MAX_MS 200
#define WAIT_MAX_MS 60000
#define STREAMS 3

struct stream {
    char name[16];
    int64_t length, oldest_ms;
};
struct health {
    int64_t redis_ms, backlog, oldest_ms, dead, refused;
    struct stream streams[STREAMS];
    char workers[WORKERS_MAX][WORKER_NAME_MAX];
    size_t worker_count;
};

static enum err take_health(void *arg, const struct reply *r)
{
    struct health *h = arg;
    const struct reply *streams = reply_at(r, 1), *workers = reply_at(r, 6);
    h->redis_ms = reply_int(reply_at(r, 0));
    for (size_t i = 0; i < STREAMS; i++) {
        const struct reply *row = reply_at(streams, i);
        struct stream *s = &h->streams[i];
        (void)snprintf(s->name, sizeof s->name, "%s",
                       reply_str(reply_at(row, 0), NULL));
        s->length = reply_int(reply_at(row, 1));
        s->oldest_ms = reply_int(reply_at(row, 2));
    }
    h->backlog = reply_int(reply_at(r, 2));
    h->oldest_ms = reply_int(reply_at(r, 3));
    h->dead = reply_int(reply_at(r, 4));
    h->refused = reply_int(reply_at(r, 5));
    for (size_t i = 0; i < reply_count(workers) / 2 && i < WORKERS_MAX; i++)
        (void)snprintf(h->workers[h->worker_count++], WORKER_NAME_MAX, "%s",
                       reply_str(reply_at(workers, 2 * i), NULL));
    return ERR_OK;
}

static void say_clock(struct doctor *d, const struct health *h, int64_t here_ms)
{
    int64_t off = here_ms - h->redis_ms;
    bool bad = off > CLOCK_MAX_MS || off < -CLOCK_MAX_MS;
    doctor_say(d, bad ? DOCTOR_WARNING : DOCTOR_OK, "clock",
               bad ? "set both clocks by NTP" : "",
               "this host is %" PRId64 " ms %s Redis", off < 0 ? -off : off,
               off < 0 ? "behind" : "ahead of");
}

struct crew { /* what the live workers say together */
    size_t live, jobs, calls, waiting;
    int64_t lag_ms;
    char version[32], cooling[160];
    bool mixed;
};

static enum err take_worker(void *arg, const struct reply *r)
{
    struct crew *c = arg;
    const char *version = reply_str(reply_get(r, "version"), NULL);
    const char *cooling = reply_str(reply_get(r, "cooling"), NULL);
    int64_t lag = reply_int(reply_get(r, "loop_lag_ms"));
    if (reply_count(r) == 0)
        return ERR_OK; /* silent: the others take its jobs */
    c->mixed = c->mixed || (c->live > 0 && strcmp(c->version, version) != 0);
    (void)snprintf(c->version, sizeof c->version, "%s", version);
    if (*cooling)
        (void)snprintf(c->cooling, sizeof c->cooling, "%s", cooling);
    c->jobs += (size_t)reply_int(reply_get(r, "jobs"));
    c->calls += (size_t)reply_int(reply_get(r, "in_flight"));
    c->waiting += (size_t)reply_int(reply_get(r, "waiting"));
    c->lag_ms = lag > c->lag_ms ? lag : c->lag_ms;
    c->live++;
    return ERR_OK;
}

static bool read_crew(struct doctor *d, const struct health *h, struct crew *c)
{
    for (size_t i = 0; i < h->worker_count; i++) {
        struct session_call call = {
            .session = d->session, .take = take_worker, .arg = c};
        if (!doctor_ask(d, "workers", &call,
                        health_worker(&d->session->queue, h->workers[i], session_settle,
                                      &call, 0)))
            return false;
    }
    return true;
}

static void say_workers(struct doctor *d, const struct crew *c)
{
    if (c->live == 0) {
        doctor_say(d, DOCTOR_WARNING, "workers", "start `barker worker`", "none lives");
        return;
    }
    doctor_say(d, DOCTOR_OK, "workers", "",
               "%zu live, version %s, %zu jobs, %zu calls under way", c->live,
               c->version, c->jobs, c->calls);
    if (c->mixed)
        doctor_say(d, DOCTOR_WARNING, "workers.version", "finish the update",
                   "live workers are of different versions");
    if (strcmp(c->version, BARKER_VERSION) != 0)
        doctor_say(d, DOCTOR_WARNING, "workers.version", "",
                   "workers are of version %s, this program is %s", c->version,
                   BARKER_VERSION);
    if (*c->cooling)
        doctor_say(
            d, DOCTOR_WARNING, "workers.cooling",
            "their fallbacks are asked, if they have any; `llm.breaker` in the log",
            "a worker does not ask: %s", c->cooling);
    if (c->waiting && !c->calls)
        doctor_say(
            d, DOCTOR_WARNING, "workers.waiting",
            "what a dead worker held is free after llm.timeout_ms; a tenant's "
            "day ends at midnight UTC",
            "%zu calls wait for room at an endpoint or in their tenant's limits, or "
            "for its money, and none is under way",
            c->waiting);
    bool slow = c->lag_ms > LAG_MAX_MS;
    doctor_say(d, slow ? DOCTOR_WARNING : DOCTOR_OK, "workers.lag",
               slow ? "give them processors, or start more of them" : "",
               "the slowest event loop lagged %" PRId64 " ms in the last 10 s",
               c->lag_ms);
}

/* What waits though nobody is there to take it, or for too long. */
static void say_waiting(struct doctor *d, const char *name, const char *what,
                        int64_t count, int64_t age_ms, size_t live)
{
    bool stuck = count > 0 && live == 0;
    bool late = count > 0 && age_ms > WAIT_MAX_MS;
    char age[48] = "";
    if (count > 0)
        (void)snprintf(age, sizeof age, ", the oldest for %.1f s",
                       age_ms > 0 ? (double)age_ms / 1000 : 0.0);
    doctor_say(d,
               stuck  ? DOCTOR_FAIL
               : late ? DOCTOR_WARNING
                      : DOCTOR_OK,
               name,
               stuck  ? "no worker lives: start `barker worker`"
               : late ? "start more workers, or look at their log"
                      : "",
               "%" PRId64 " %s wait%s", count, what, age);
}

static void say_all_waiting(struct doctor *d, const struct health *h, size_t live)
{
    static const char *const what[STREAMS] = {"specs", "events", "orders"};
    for (size_t i = 0; i < STREAMS; i++) {
        const struct stream *s = &h->streams[i];
        say_waiting(d, s->name, what[i], s->length, h->redis_ms - s->oldest_ms, live);
    }
    say_waiting(d, "backlog", "jobs", h->backlog, h->redis_ms - h->oldest_ms, live);
    doctor_say(d, h->dead ? DOCTOR_WARNING : DOCTOR_OK, "dead",
               h->dead ? "`barker dead list` names them" : "",
               "%" PRId64 " jobs gave up", h->dead);
    doctor_say(d, h->refused ? DOCTOR_WARNING : DOCTOR_OK, "rejected",
               h->refused ? "look at the stream `rejected`" : "",
               "%" PRId64 "%s inputs were refused in the last hour", h->refused,
               h->refused >= HEALTH_REFUSED_MAX ? " or more" : "");
}

void doctor_queues(struct doctor *d)
{
    struct health *h = calloc(1, sizeof *h);
    struct crew crew = {.live = 0};
    struct session_call call = {.session = d->session, .take = take_health, .arg = h};
    if (!h) {
        doctor_say(d, DOCTOR_FAIL, "queues", "", "no memory");
        return;
    }
    int64_t before = clock_wall_ms();
    if (doctor_ask(d, "queues", &call,
                   health_read(&d->session->queue, session_settle, &call, 0))) {
        say_clock(d, h, (before + clock_wall_ms()) / 2);
        if (read_crew(d, h, &crew)) {
            say_workers(d, &crew);
            say_all_waiting(d, h, crew.live);
        }
    }
    free(h);
}
