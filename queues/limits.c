/* limits.c: arguments of the lease. */
#include "queues/limits.h"
#include "queues/args.h"

#define ARGS_BYTES 16384

static void add_all(struct args *list, const int64_t *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        args_int(list, numbers[i]);
}

enum err limits_lease(struct queue *q, const struct limits_ask *a, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    struct args list;
    check(a->back_count >= 0 && a->back_count <= LIMITS_BACK_MAX);
    args_init(&list, ARGS_BYTES);
    args_str(&list, a->worker);
    const int64_t numbers[] = {a->number,  a->hold_ms,       a->close_ms,
                               a->holding, a->max_in_flight, a->told_slot};
    add_all(&list, numbers, sizeof numbers / sizeof *numbers);
    for (int i = 0; i < LIMITS_KINDS; i++) {
        const struct limits_share *s = &a->of[i];
        const int64_t of[] = {
            s->most,      s->wanted, s->first,   s->usual_permille,
            s->pace_back, s->told,   s->told_ms,
        };
        add_all(&list, of, sizeof of / sizeof *of);
    }
    for (int i = 0; i < a->back_count; i++) {
        args_int(&list, a->back[i].slot);
        add_all(&list, a->back[i].of, LIMITS_KINDS);
    }
    struct key root =
        a->id ? keys_limits(&q->keys, a->id) : keys_tenant(&q->keys, a->tenant);
    return queue_run_at(q, root.name, QUEUE_lease, &list, fn, arg, ticket);
}

enum err limits_read(struct queue *q, const char *tenant, int64_t hold_ms, queue_fn fn,
                     void *arg, uint64_t ticket)
{
    struct args list;
    args_init(&list, ARGS_BYTES);
    args_int(&list, hold_ms);
    struct key root = keys_tenant(&q->keys, tenant);
    return queue_run_at(q, root.name, QUEUE_lease_read, &list, fn, arg, ticket);
}
