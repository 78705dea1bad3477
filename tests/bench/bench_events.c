/* bench_events.c: a preloaded event stream, applied by the worker's own applier. */
#include "core/base/clock.h"
#include "core/base/config.h"
#include "core/base/hash.h"
#include "core/base/rng.h"
#include "queues/jobs.h"
#include "queues/results.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "workers/feedback/feedback.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VARIANTS 12
#define XADD_WINDOW 2000

struct events_run {
    struct bench_env env;
    int64_t events, campaigns, sent_unique, counted, loaded;
    double dup_rate;
    int open, left;
    struct feedback *feedback;
    struct loop_timer *poll;
};
static const char *const types[] = {"impression", "click", "conversion", "cart"};

static void on_done(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct events_run *b = arg;
    (void)ticket;
    if (e)
        bench_die("command", r ? reply_str(r, NULL) : err_code(e));
    b->open--;
}

static void admit(struct events_run *b, int64_t i)
{
    char id[32];
    snprintf(id, sizeof id, "c%" PRId64, i);
    b->open++;
    bench_admit(&b->env, id, "default", on_done, b);
}

static void on_loaded(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct events_run *b = arg;
    struct results w;
    char id[32], vid[16];
    if (e)
        bench_die("load", err_code(e));
    snprintf(id, sizeof id, "c%" PRIu64, ticket >> 20);
    results_init(&w);
    for (int v = 1; v <= VARIANTS; v++) {
        snprintf(vid, sizeof vid, "v%d", v);
        results_variant(&w, vid);
        results_field(&w, "placement", "plain");
        results_field(&w, "state", "live");
    }
    results_placement(&w, "plain");
    results_field(&w, "leader", "v1");
    results_wait(&w, "live", 1, "{}", 2, JOBS_WAKE_MAIL, 0);
    b->open++;
    struct results_commit one = {&w, id, (int64_t)(ticket & 0xfffff),
                                 reply_int(reply_at(r, 10))};
    if (results_commit(&b->env.queue, &one, 1, on_done, b, 0))
        bench_die("commit", "not sent");
    results_fini(&w);
    b->open--;
    b->loaded++;
}

static void on_claimed(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct events_run *b = arg;
    (void)ticket;
    if (e)
        bench_die("tick", err_code(e));
    const struct reply *claimed = reply_at(r, 5);
    for (size_t i = 0; i < reply_count(claimed); i++) {
        const char *id = reply_str(reply_at(reply_at(claimed, i), 0), NULL);
        uint64_t fence = (uint64_t)reply_int(reply_at(reply_at(claimed, i), 1));
        uint64_t number = strtoull(id + 1, NULL, 10);
        b->open++;
        if (jobs_load(&b->env.queue, id, (int64_t)fence, on_loaded, b,
                      number << 20 | (fence & 0xfffff)))
            bench_die("load", "not sent");
    }
    b->open--;
}

static void make_campaigns(struct events_run *b)
{
    for (int64_t i = 0; i < b->campaigns; i++) {
        admit(b, i);
        if (b->open == 200)
            bench_wait(&b->env, &b->open);
    }
    bench_wait(&b->env, &b->open);
    while (b->loaded < b->campaigns) {
        struct jobs_tick t = {
            .worker = "bench:1:1", .slots = 64, .lease_ms = 60000, .beat = 1};
        b->open++;
        if (jobs_tick(&b->env.queue, &t, on_claimed, b, 0))
            bench_die("tick", "not sent");
        bench_wait(&b->env, &b->open);
    }
}

static void preload(struct events_run *b)
{
    struct rng rng;
    int64_t unique = 0;
    rng_seed(&rng, 7);
    struct key stream = keys_of(&b->env.queue.keys, "events");
    for (int64_t i = 0; i < b->events; i++) {
        bool duplicate = unique && rng_unit(&rng) < b->dup_rate;
        uint64_t n = duplicate ? rng_below(&rng, (uint64_t)unique) : (uint64_t)unique++;
        /* everything of an event follows from its number, so a duplicate is one */
        uint64_t h = hash_mix(n + 1);
        char c[24], v[16], id[24];
        snprintf(c, sizeof c, "c%" PRIu64, h % (uint64_t)b->campaigns);
        snprintf(v, sizeof v, "v%d", (int)((h >> 20) % VARIANTS) + 1);
        snprintf(id, sizeof id, "e%" PRIx64, n);
        b->open++;
        if (redis_do(b->env.redis, on_done, b, 0, "XADD", stream.name, "*", "c", c, "v",
                     v, "t", types[(h >> 40) % 4], "eid", id, NULL))
            bench_die("XADD", "not sent");
        if (b->open == XADD_WINDOW)
            bench_wait(&b->env, &b->open);
    }
    bench_wait(&b->env, &b->open);
    b->sent_unique = unique;
}

static void on_length(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct events_run *b = arg;
    (void)ticket;
    if (!e && reply_int(r) == 0)
        b->left = 0;
    else
        feedback_kick(b->feedback);
}

static void on_poll(void *arg)
{
    struct events_run *b = arg;
    if (feedback_is_busy(b->feedback))
        return;
    struct key stream = keys_of(&b->env.queue.keys, "events");
    if (redis_do(b->env.redis, on_length, b, 0, "XLEN", stream.name, NULL))
        bench_die("XLEN", "not sent");
}

static void on_campaign(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct events_run *b = arg;
    (void)ticket;
    if (e)
        bench_die("variants", err_code(e));
    for (size_t i = 0; i < reply_count(r); i++) {
        const struct reply *hash = reply_at(reply_at(r, i), 1);
        b->counted += reply_int(reply_get(hash, "impressions")) +
                      reply_int(reply_get(hash, "clicks")) +
                      reply_int(reply_get(hash, "conversions")) +
                      reply_int(reply_get(hash, "cart"));
    }
    b->open--;
}

/* Custom and cart events are counted in `n` only; expected leaves them out. */
static int64_t expected(const struct events_run *b)
{
    int64_t count = 0;
    for (int64_t n = 0; n < b->sent_unique; n++)
        count += (hash_mix((uint64_t)n + 1) >> 40) % 4 != 3;
    return count;
}

static void count_all(struct events_run *b)
{
    for (int64_t i = 0; i < b->campaigns; i++) {
        char id[32];
        snprintf(id, sizeof id, "c%" PRId64, i);
        b->open++;
        if (results_read_variants(&b->env.queue, id, on_campaign, b, 0))
            bench_die("variants", "not sent");
        if (b->open == 100)
            bench_wait(&b->env, &b->open);
    }
    bench_wait(&b->env, &b->open);
}

static void apply_all(struct events_run *b)
{
    struct config *config;
    struct err_detail d;
    if (config_load(NULL, &config, &d) ||
        config_override(config, "global", "user_secret", "of this bench alone", &d) ||
        feedback_new(&b->env.queue, b->env.loop, config, "bench", &b->feedback) ||
        loop_timer_new(b->env.loop, on_poll, b, &b->poll))
        bench_die("feedback", "cannot be made");
    b->left = 1;
    feedback_kick(b->feedback);
    loop_timer_start(b->poll, 1, 5);
    bench_wait(&b->env, &b->left);
    loop_timer_free(b->poll);
    config_free(config);
}

int bench_events(int argc, char **argv)
{
    struct events_run b = {.events = bench_number(argc, argv, "--events", 200000),
                           .campaigns = bench_number(argc, argv, "--campaigns", 8)};
    b.dup_rate = strtod(bench_option(argc, argv, "--dup-rate", "0.2"), NULL);
    if (b.events < 1 || b.campaigns < 1 || b.campaigns > 1000000)
        bench_die("events", "--events and --campaigns are at least 1");
    bench_env_open(&b.env, bench_option(argc, argv, "--redis", NULL));
    make_campaigns(&b);
    double bytes0 = bench_info(&b.env, "memory", "used_memory");
    preload(&b);
    double bytes1 = bench_info(&b.env, "memory", "used_memory");
    double redis0 = bench_redis_cpu_s(&b.env);
    int64_t cpu0 = clock_cpu_us(), t0 = clock_mono_us();
    apply_all(&b);
    double s = (double)(clock_mono_us() - t0) / 1e6, m = 1e6 / (double)b.events;
    double cpu = (double)(clock_cpu_us() - cpu0) / 1e6;
    double redis_cpu = bench_redis_cpu_s(&b.env) - redis0;
    double peak = bench_info(&b.env, "memory", "used_memory_peak");
    count_all(&b);
    int64_t want = expected(&b);
    printf("{\"bench\":\"events\",\"events\":%" PRId64 ",\"campaigns\":%" PRId64
           ",\"dup_rate\":%g,\"events_per_s\":%.0f,\"worker_cpu_s_per_m\":%.3f,"
           "\"redis_cpu_s_per_m\":%.3f,\"counted\":%" PRId64 ",\"expected\":%" PRId64
           ",\"bytes_per_event_peak\":%.1f,\"bytes_per_event_stream\":%.1f}\n",
           b.events, b.campaigns, b.dup_rate, (double)b.events / s, cpu * m,
           redis_cpu * m, b.counted, want, (peak - bytes0) / (double)b.events,
           (bytes1 - bytes0) / (double)b.events);
    redis_free(b.env.redis);
    feedback_free(b.feedback);
    b.env.redis = NULL;
    bench_env_close(&b.env);
    return b.counted == want ? 0 : 1;
}
