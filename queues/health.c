/* health.c: see health.h. */
#include "queues/health.h"

enum err health_read(struct queue *q, queue_fn fn, void *arg, uint64_t ticket)
{
    return queue_script(q, QUEUE_health, NULL, 0, fn, arg, ticket);
}

enum err health_worker(struct queue *q, const char *worker, queue_fn fn, void *arg,
                       uint64_t ticket)
{
    struct key key = keys_worker(&q->keys, worker);
    return redis_do(q->redis, fn, arg, ticket, "HGETALL", key.name, NULL);
}

enum err health_full(struct queue *q, queue_fn fn, void *arg, uint64_t ticket)
{
    struct key key = keys_of(&q->keys, "full");
    return redis_do(q->redis, fn, arg, ticket, "GET", key.name, NULL);
}
