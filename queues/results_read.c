/* results_read.c: the read side of results.h. */
#include "queues/results.h"

static enum err run_with(struct queue *q, int script, const char *text, queue_fn fn,
                         void *arg, uint64_t ticket)
{
    struct redis_arg argv[] = {redis_text(text)};
    return queue_script(q, script, argv, 1, fn, arg, ticket);
}

enum err results_read_campaign(struct queue *q, const char *id, queue_fn fn, void *arg,
                               uint64_t ticket)
{
    struct key key = keys_campaign(&q->keys, id);
    return redis_do(q->redis, fn, arg, ticket, "HGETALL", key.name, NULL);
}

enum err results_read_variants(struct queue *q, const char *id, queue_fn fn, void *arg,
                               uint64_t ticket)
{
    return run_with(q, QUEUE_read_variants, id, fn, arg, ticket);
}

enum err results_read_placements(struct queue *q, const char *id, queue_fn fn,
                                 void *arg, uint64_t ticket)
{
    return run_with(q, QUEUE_read_placements, id, fn, arg, ticket);
}

enum err results_read_list(struct queue *q, int64_t from, int64_t count, queue_fn fn,
                           void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, 64);
    args_int(&a, from);
    args_int(&a, count);
    return queue_run(q, QUEUE_read_list, &a, fn, arg, ticket);
}
