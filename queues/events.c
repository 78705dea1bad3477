/* events.c: arguments of the counting scripts. */
#include "queues/events.h"
#include "queues/args.h"

#define READ_LEASE_MS 200
#define READ_BYTES (4 << 20)
#define ARGS_BYTES ((size_t)4 << 20)
#define HOUR_MS INT64_C(3600000)
/* Bounds of one event, so that sums of a batch stay exact in Lua's doubles (2^53 is
 * 9e15) and no producer fills a counter: a thousand million, of things or of money. */
#define COUNT_MAX INT64_C(1000000000)
#define VALUE_MAX INT64_C(1000000000000000)

enum err events_read(struct queue *q, const char *worker, int count, bool force,
                     queue_fn fn, void *arg, uint64_t ticket)
{
    if (count < 1 || count > EVENTS_BATCH_MAX)
        return ERR_OUT_OF_RANGE;
    struct args a;
    args_init(&a, 4096);
    args_str(&a, worker);
    args_int(&a, count);
    args_int(&a, force);
    args_int(&a, READ_LEASE_MS);
    args_int(&a, EVENTS_ENTRY_MAX);
    args_int(&a, READ_BYTES);
    return queue_run(q, QUEUE_events_read, &a, fn, arg, ticket);
}

static int64_t clamp(int64_t n, int64_t lo, int64_t hi)
{
    return n < lo ? lo : n > hi ? hi : n;
}

static void add_item(struct args *a, const struct events_item *i)
{
    args_str(a, i->campaign);
    args_str(a, i->variant);
    args_str(a, i->type);
    args_int(a, clamp(i->count, 1, COUNT_MAX));
    args_int(a, clamp(i->value_micro, -VALUE_MAX, VALUE_MAX));
    args_str(a, i->currency);
    args_int(a, (int64_t)i->id_hash); /* signed: a set of such numbers is an intset */
    args_int(a, i->ts_ms);
    args_int(a, i->epoch);
}

enum err events_apply(struct queue *q, const char *cursor, const char *last,
                      const struct events_item *items, int count, int window_h,
                      queue_fn fn, void *arg, uint64_t ticket)
{
    if (count < 0 || count > EVENTS_BATCH_MAX || window_h < 1)
        return ERR_OUT_OF_RANGE;
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, cursor);
    args_str(&a, last);
    args_int(&a, window_h * HOUR_MS);
    for (int i = 0; i < count; i++)
        add_item(&a, &items[i]);
    return queue_run(q, QUEUE_events_apply, &a, fn, arg, ticket);
}

enum err events_send_text(struct queue *q, const char *json, size_t n, queue_fn fn,
                          void *arg, uint64_t ticket)
{
    struct key stream = keys_of(&q->keys, "events");
    struct redis_arg argv[] = {redis_text("XADD"), redis_text(stream.name),
                               redis_text("*"), redis_text("e"), redis_bytes(json, n)};
    return redis_command(q->redis, argv, sizeof argv / sizeof *argv, 0, fn, arg,
                         ticket);
}
