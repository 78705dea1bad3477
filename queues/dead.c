/* dead.c: arguments of the scripts for jobs that gave up. */
#include "queues/dead.h"
#include "queues/args.h"

enum err dead_read(struct queue *q, int64_t from, int count,
                   const struct dead_filter *filter, queue_fn fn, void *arg,
                   uint64_t ticket)
{
    struct args a;
    args_init(&a, 4096);
    args_int(&a, from);
    args_int(&a, count);
    args_str(&a, filter->tenant);
    args_str(&a, filter->reason);
    args_int(&a, filter->age_ms);
    return queue_run(q, QUEUE_dead_read, &a, fn, arg, ticket);
}

enum err dead_read_one(struct queue *q, const char *id, queue_fn fn, void *arg,
                       uint64_t ticket)
{
    struct key key = keys_dead(&q->keys, id);
    return redis_do(q->redis, fn, arg, ticket, "HGETALL", key.name, NULL);
}

static enum err act(struct queue *q, const char *what, const char *id, const char *by,
                    queue_fn fn, void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, 4096);
    args_str(&a, what);
    args_str(&a, id);
    args_str(&a, by);
    return queue_run(q, QUEUE_dead_act, &a, fn, arg, ticket);
}

enum err dead_retry(struct queue *q, const char *id, const char *by, queue_fn fn,
                    void *arg, uint64_t ticket)
{
    return act(q, "retry", id, by, fn, arg, ticket);
}

enum err dead_drop(struct queue *q, const char *id, queue_fn fn, void *arg,
                   uint64_t ticket)
{
    return act(q, "drop", id, "", fn, arg, ticket);
}
