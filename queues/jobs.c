/* jobs.c: arguments of the job scripts. */
#include "queues/jobs.h"
#include "queues/args.h"

#define ARGS_BYTES 16384

static enum err run_fenced(struct queue *q, int script, const char *id, int64_t fence,
                           queue_fn fn, void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, id);
    args_int(&a, fence);
    return queue_run(q, script, &a, fn, arg, ticket);
}

enum err jobs_tick(struct queue *q, const struct jobs_tick *t, queue_fn fn, void *arg,
                   uint64_t ticket)
{
    struct args a;
    const char *terms = t->terms ? t->terms : "";
    args_init(&a, ARGS_BYTES + JOBS_TERMS_BYTES);
    args_str(&a, t->worker);
    args_int(&a, t->slots > 0 ? t->slots : 0);
    args_int(&a, t->lease_ms);
    args_int(&a, t->beat ? 1 : 0);
    args_str(&a, t->beat || !*terms ? terms : "some");
    check(t->arrived_count <= JOBS_CLAIMS_MAX);
    for (size_t i = 0; i < t->arrived_count; i++) {
        args_str(&a, t->arrived[i].id);
        args_int(&a, t->arrived[i].fence);
    }
    return queue_run(q, QUEUE_tick, &a, fn, arg, ticket);
}

bool jobs_claim_is_fresh(const struct reply *claim)
{
    return reply_count(claim) >= 4;
}

enum err jobs_leave(struct queue *q, const char *worker, queue_fn fn, void *arg,
                    uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, worker);
    return queue_run(q, QUEUE_leave, &a, fn, arg, ticket);
}

enum err jobs_load(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                   void *arg, uint64_t ticket)
{
    return run_fenced(q, QUEUE_load, id, fence, fn, arg, ticket);
}

enum err jobs_mail(struct queue *q, const char *id, int64_t fence, int from,
                   queue_fn fn, void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, id);
    args_int(&a, fence);
    args_int(&a, from > 0 ? from : 0);
    return queue_run(q, QUEUE_mail, &a, fn, arg, ticket);
}

enum err jobs_release(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    return run_fenced(q, QUEUE_release, id, fence, fn, arg, ticket);
}
