/* bench_queue.c: no-op campaigns through the scripts of real ones: admitted first, then
 * claimed, loaded and ended by one worker. */
#include "core/base/clock.h"
#include "queues/jobs.h"
#include "queues/results.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMIT_WINDOW 200
#define SLOTS 64
#define READY_MAX (2 * SLOTS)

struct job {
    struct queue_run *run;
    char id[KEYS_ID_MAX + 1];
    int64_t fence, progress;
};

struct queue_run {
    struct bench_env env;
    int64_t jobs, tenants, admitted, ended, doubled;
    int open; /* admissions, or jobs in hand */
    int left; /* 0 when finished */
    int ticks;
    int64_t last_beat_ms;
    bool committing;
    size_t ready_at, ready_count, arrived_count;
    struct job ready[READY_MAX]; /* that have ended, not yet in Redis */
    struct job arrived[JOBS_CLAIMS_MAX];
};

static void on_admitted(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct queue_run *q = arg;
    (void)ticket;
    (void)r;
    if (e)
        bench_die("admit", err_code(e));
    q->open--;
}

static void admit_all(struct queue_run *q)
{
    for (int64_t i = 0; i < q->jobs; i++) {
        char id[32], tenant[32];
        snprintf(id, sizeof id, "b%" PRId64, i);
        snprintf(tenant, sizeof tenant, "t%" PRId64, i % q->tenants);
        q->open++;
        bench_admit(&q->env, id, tenant, on_admitted, q);
        if (q->open == ADMIT_WINDOW)
            bench_wait(&q->env, &q->open);
    }
    bench_wait(&q->env, &q->open);
}

static void tick(struct queue_run *q);
static void send_commits(struct queue_run *q);

static void count_end(struct queue_run *q, enum err e)
{
    if (e == ERR_FENCED)
        q->doubled++;
    else if (e)
        bench_die("commit", err_code(e));
    else
        q->ended++;
}

static void on_ended(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct queue_run *q = arg;
    if (e)
        bench_die("commit", reply_str(r, NULL));
    for (size_t i = 0; i < ticket; i++)
        count_end(q, results_verdict(r, i));
    q->open -= (int)ticket;
    q->committing = false;
    send_commits(q);
    if (q->ended >= q->jobs)
        q->left = 0;
    else if (q->open <= SLOTS && q->ticks == 0)
        tick(q);
}

/* As the runner's: one call at a time, with all that ended meanwhile. */
static void send_commits(struct queue_run *q)
{
    struct results_commit list[RESULTS_COMMITS_MAX];
    struct results w;
    size_t n = 0;
    if (q->committing || q->ready_count == 0)
        return;
    results_init(&w);
    results_campaign(&w);
    results_field(&w, "progress", "100");
    results_done(&w, "done", "", 60000);
    for (; n < RESULTS_COMMITS_MAX && q->ready_count > 0; n++) {
        const struct job *j = &q->ready[q->ready_at];
        q->ready_at = (q->ready_at + 1) % READY_MAX;
        q->ready_count--;
        list[n] = (struct results_commit){&w, j->id, j->fence, j->progress};
    }
    q->committing = true;
    if (results_commit(&q->env.queue, list, n, on_ended, q, n))
        bench_die("commit", "not sent");
    results_fini(&w);
}

static void end_job(struct queue_run *q, const struct job *j)
{
    check(q->ready_count < READY_MAX);
    q->ready[(q->ready_at + q->ready_count++) % READY_MAX] = *j;
}

static void on_loaded(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct job *j = arg;
    (void)ticket;
    if (e)
        bench_die("load", err_code(e));
    j->progress = reply_int(reply_at(r, 10));
    end_job(j->run, j);
    send_commits(j->run);
    free(j);
}

static void load(const struct job *claimed)
{
    struct job *j = malloc(sizeof *j);
    if (!j)
        bench_die("job", "out of memory");
    *j = *claimed;
    if (jobs_load(&j->run->env.queue, j->id, j->fence, on_loaded, j, 0))
        bench_die("load", "not sent");
}

static void on_tick(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct queue_run *q = arg;
    (void)ticket;
    q->ticks--;
    if (e)
        bench_die("tick", reply_str(r, NULL));
    const struct reply *claimed = reply_at(r, 5);
    q->arrived_count = 0;
    for (size_t i = 0; i < reply_count(claimed); i++) {
        const struct reply *one = reply_at(claimed, i);
        struct job j = {.run = q, .fence = reply_int(reply_at(one, 1))};
        snprintf(j.id, sizeof j.id, "%s", reply_str(reply_at(one, 0), NULL));
        q->open++;
        if (!jobs_claim_is_fresh(one)) {
            load(&j);
            continue;
        }
        q->arrived[q->arrived_count++] = j;
        end_job(q, &j);
    }
    send_commits(q);
    if (q->left && q->open == 0)
        tick(q);
}

static void tick(struct queue_run *q)
{
    int64_t now = clock_mono_ms();
    struct jobs_claim arrived[JOBS_CLAIMS_MAX];
    for (size_t i = 0; i < q->arrived_count; i++)
        arrived[i] = (struct jobs_claim){q->arrived[i].id, q->arrived[i].fence};
    struct jobs_tick t = {.worker = "bench:1:1",
                          .slots = 2 * SLOTS - q->open,
                          .lease_ms = 3000,
                          .arrived = arrived,
                          .arrived_count = q->arrived_count,
                          .beat = now - q->last_beat_ms >= 1000};
    if (t.beat)
        q->last_beat_ms = now;
    q->ticks++;
    if (jobs_tick(&q->env.queue, &t, on_tick, q, 0))
        bench_die("tick", "not sent");
}

int bench_queue(int argc, char **argv)
{
    struct queue_run q = {.jobs = bench_number(argc, argv, "--jobs", 10000),
                          .tenants = bench_number(argc, argv, "--tenants", 10),
                          .left = 1,
                          .last_beat_ms = -100000};
    if (q.jobs < 1 || q.tenants < 1)
        bench_die("queue", "--jobs and --tenants are at least 1");
    bench_env_open(&q.env, bench_option(argc, argv, "--redis", NULL));
    int64_t t0 = clock_mono_us();
    admit_all(&q);
    double enqueue_s = (double)(clock_mono_us() - t0) / 1e6;
    double bytes = bench_info(&q.env, "memory", "used_memory");
    double redis0 = bench_redis_cpu_s(&q.env);
    int64_t cpu0 = clock_cpu_us();
    t0 = clock_mono_us();
    tick(&q);
    bench_wait(&q.env, &q.left);
    double s = (double)(clock_mono_us() - t0) / 1e6;
    double cpu = (double)(clock_cpu_us() - cpu0) / 1e6;
    double redis_cpu = bench_redis_cpu_s(&q.env) - redis0;
    double per_k = 1000.0 / (double)q.jobs;
    printf("{\"bench\":\"queue\",\"jobs\":%" PRId64 ",\"tenants\":%" PRId64
           ",\"jobs_per_s\":%.0f,\"enqueue_per_s\":%.0f,\"worker_cpu_s_per_1000\":%.5f,"
           "\"redis_cpu_s_per_1000\":%.5f,\"redis_bytes_queued\":%.0f,\"lost\":%" PRId64
           ",\"doubled\":%" PRId64 "}\n",
           q.jobs, q.tenants, (double)q.jobs / s, (double)q.jobs / enqueue_s,
           cpu * per_k, redis_cpu * per_k, bytes, q.jobs - q.ended, q.doubled);
    bench_env_close(&q.env);
    return q.ended == q.jobs && q.doubled == 0 ? 0 : 1;
}
