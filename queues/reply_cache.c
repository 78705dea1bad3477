/* reply_cache.c: plain GET and SET: nothing here needs a script. */
#include "queues/reply_cache.h"
#include <inttypes.h>
#include <stdio.h>

#define GET_MS 250
#define PUT_MS 2000

enum err reply_cache_get(struct queue *q, const char *tenant, const char *hash,
                         queue_fn fn, void *arg, uint64_t ticket)
{
    struct key key = keys_reply(&q->keys, tenant, hash);
    const struct redis_arg argv[] = {redis_text("GET"), redis_text(key.name)};
    return redis_command(q->redis, argv, 2, GET_MS, fn, arg, ticket);
}

static void ignore(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    (void)arg, (void)ticket, (void)e, (void)r;
}

enum err reply_cache_put(struct queue *q, const char *tenant, const char *hash,
                         const char *value, size_t n, int64_t ttl_s)
{
    struct key key = keys_reply(&q->keys, tenant, hash);
    char seconds[24];
    if (n > REPLY_CACHE_MAX_BYTES)
        return ERR_LIMIT;
    (void)snprintf(seconds, sizeof seconds, "%" PRId64, ttl_s);
    const struct redis_arg argv[] = {redis_text("SET"), redis_text(key.name),
                                     redis_bytes(value, n), redis_text("EX"),
                                     redis_text(seconds)};
    return redis_command(q->redis, argv, 5, PUT_MS, ignore, NULL, 0);
}
