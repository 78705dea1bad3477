/* presence.c: the worker's hash for people and dashboards. */
#include "workers/presence.h"
#include "core/base/clock.h"
#include "core/base/rng.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void presence_new_id(char out[PRESENCE_ID_MAX])
{
    char host[48] = "host";
    gethostname(host, sizeof host - 1);
    host[sizeof host - 1] = '\0';
    for (char *p = host; *p; p++) {
        if (*p == ':' || *p == ' ' || *p == '{' || *p == '}')
            *p = '_';
    }
    snprintf(out, PRESENCE_ID_MAX, "%s:%d:%08" PRIx32, host, (int)getpid(),
             (uint32_t)rng_entropy());
}

static void ignore(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    (void)arg;
    (void)ticket;
    (void)e;
    (void)r;
}

void presence_write(struct queue *q, const char *id, const struct runner_counts *counts,
                    int slots, const char *cooling, int64_t lag_ms, int64_t started_ms,
                    int64_t ttl_ms)
{
    struct key key = keys_worker(&q->keys, id);
    char jobs[24], calls[24], waiting[24], lag[24], started[24], beat[24], pid[24],
        ttl[24], room[24];
    snprintf(jobs, sizeof jobs, "%d", counts->jobs);
    snprintf(room, sizeof room, "%d", slots);
    snprintf(calls, sizeof calls, "%d", counts->calls_in_flight);
    snprintf(waiting, sizeof waiting, "%d", counts->waiting);
    snprintf(lag, sizeof lag, "%" PRId64, lag_ms);
    snprintf(started, sizeof started, "%" PRId64, started_ms);
    snprintf(beat, sizeof beat, "%" PRId64, clock_wall_ms());
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    snprintf(ttl, sizeof ttl, "%" PRId64, ttl_ms);
    enum err e =
        redis_do(q->redis, ignore, NULL, 0, "HSET", key.name, "version", BARKER_VERSION,
                 "pid", pid, "jobs", jobs, "slots", room, "in_flight", calls, "waiting",
                 waiting, "loop_lag_ms", lag, "started_ms", started, "beat_ms", beat,
                 "cooling", cooling, NULL);
    if (!e)
        e = redis_do(q->redis, ignore, NULL, 0, "PEXPIRE", key.name, ttl, NULL);
    (void)e; /* the next beat writes it again */
}

void presence_remove(struct queue *q, const char *id)
{
    struct key key = keys_worker(&q->keys, id);
    enum err e = redis_do(q->redis, ignore, NULL, 0, "DEL", key.name, NULL);
    (void)e; /* its TTL removes it too */
}
