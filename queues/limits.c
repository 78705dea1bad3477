/* limits.c: arguments of the lease. */
#include "queues/limits.h"
#include "queues/args.h"

#define ARGS_BYTES 8192

enum err limits_lease(struct queue *q, const struct limits_ask *a, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    struct args list;
    check(a->back_count >= 0 && a->back_count <= LIMITS_BACK_MAX);
    args_init(&list, ARGS_BYTES);
    args_str(&list, a->worker);
    const int64_t numbers[] = {
        a->number,       a->holding,        a->hold_ms,   a->rpm,
        a->tpm,          a->max_in_flight,  a->calls,     a->tokens,
        a->first_tokens, a->usual_permille, a->pace_back, a->close_ms};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        args_int(&list, numbers[i]);
    for (int i = 0; i < a->back_count; i++) {
        args_int(&list, a->back[i].slot);
        args_int(&list, a->back[i].calls);
        args_int(&list, a->back[i].tokens);
    }
    struct key root = keys_limits(&q->keys, a->id);
    return queue_run_at(q, root.name, QUEUE_lease, &list, fn, arg, ticket);
}
