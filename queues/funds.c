/* funds.c: arguments of fund.lua, and its reply. */
#include "queues/funds.h"
#include "queues/args.h"
#include <stdlib.h>

#define ARGS_BYTES 1024

enum err funds_ask(struct queue *q, const struct funds_ask *a, queue_fn fn, void *arg,
                   uint64_t ticket)
{
    struct args list;
    args_init(&list, ARGS_BYTES);
    args_int(&list, a->limit);
    args_str(&list, a->lease);
    const int64_t numbers[] = {a->number,    a->lease_ms, a->day,   a->spent,
                               a->under_way, a->wanted,   a->first, a->ahead};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        args_int(&list, numbers[i]);
    args_str(&list, a->over);
    struct key root = keys_tenant(&q->keys, a->tenant);
    return queue_run_at(q, root.name, QUEUE_fund, &list, fn, arg, ticket);
}

struct funds_reply funds_read(const struct reply *r)
{
    return (struct funds_reply){
        .day = reply_int(reply_at(r, 0)),
        .lasts_ms = reply_int(reply_at(r, 1)),
        .granted = reply_int(reply_at(r, 2)),
        .gone = strtoll(reply_str(reply_at(r, 3), NULL), NULL, 10),
        .spent = strtoll(reply_str(reply_at(r, 5), NULL), NULL, 10),
        .live = strtoll(reply_str(reply_at(r, 4), NULL), NULL, 10),
    };
}

enum err funds_day(struct queue *q, const char *tenant, const char *date, queue_fn fn,
                   void *arg, uint64_t ticket)
{
    struct key key = keys_ledger(&q->keys, tenant, date);
    return redis_do(q->redis, fn, arg, ticket, "HMGET", key.name, "usd", "usd_held",
                    NULL);
}
