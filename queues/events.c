/* events.c: commands and arguments of counting. */
#include "queues/events.h"
#include "core/base/hash.h"
#include "queues/args.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_LEASE_MS 200
#define READ_BYTES (4 << 20)
#define ARGS_BYTES ((size_t)4 << 20)
#define HOUR_MS INT64_C(3600000)
#define MINUTE_MS INT64_C(60000)
/* Bounds of one event, so that sums of a batch stay exact in Lua's doubles (2^53 is
 * 9e15) and no producer fills a counter: a thousand million, of things or of money. */
#define COUNT_MAX INT64_C(1000000000)
#define VALUE_MAX INT64_C(1000000000000000)
#define VALUES_MAX (8 * VALUE_MAX)
#define SLOTS 512 /* of a table of EVENTS_BATCH_MAX ids */

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

enum err events_read_plain(struct queue *q, const char *after, int count, queue_fn fn,
                           void *arg, uint64_t ticket)
{
    struct key stream = keys_of(&q->keys, "events");
    char from[64], most[16];
    if (count < 1 || count > EVENTS_BATCH_MAX)
        return ERR_OUT_OF_RANGE;
    (void)snprintf(from, sizeof from, "(%s", after);
    (void)snprintf(most, sizeof most, "%d", count);
    struct redis_arg argv[] = {redis_text("XRANGE"), redis_text(stream.name),
                               redis_text(from),     redis_text("+"),
                               redis_text("COUNT"),  redis_text(most)};
    return redis_command(q->redis, argv, sizeof argv / sizeof *argv, 0, fn, arg,
                         ticket);
}

static int64_t clamp(int64_t n, int64_t lo, int64_t hi)
{
    return n < lo ? lo : n > hi ? hi : n;
}

static int64_t minute_of(const struct events_item *i)
{
    return i->ts_ms > 0 ? i->ts_ms / MINUTE_MS : 0;
}

static int64_t value_of(const struct events_item *i)
{
    return clamp(i->value_micro, -VALUE_MAX, VALUE_MAX);
}

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Events that are alike stand together; those with an id last, in the order they came.
 */
static int by_group(const void *x, const void *y)
{
    const struct events_item *a = *(const struct events_item *const *)x;
    const struct events_item *b = *(const struct events_item *const *)y;
    int d = strcmp(a->campaign, b->campaign);
    d = d ? d : strcmp(a->variant, b->variant);
    d = d ? d : strcmp(a->type, b->type);
    d = d ? d : by_number(a->epoch, b->epoch);
    d = d ? d : by_number(minute_of(a), minute_of(b));
    d = d ? d : strcmp(a->currency, b->currency);
    d = d ? d : by_number(a->id_hash != 0, b->id_hash != 0);
    return d ? d : (a > b) - (a < b);
}

static bool is_alike(const struct events_item *a, const struct events_item *b)
{
    return strcmp(a->variant, b->variant) == 0 && strcmp(a->type, b->type) == 0 &&
           a->epoch == b->epoch && minute_of(a) == minute_of(b) &&
           strcmp(a->currency, b->currency) == 0;
}

/* 19 digits, so that a set of them is an intset and the last digits are spread evenly.
 */
static void add_hash(struct args *a, uint64_t hash)
{
    args_int(a, INT64_C(1000000000000000000) +
                    (int64_t)(hash % UINT64_C(8000000000000000000)));
}

static bool shows(const struct events_item *i)
{
    return i->user[0] && strcmp(i->type, "impression") == 0;
}

static uint64_t hash_user(const struct events_item *i)
{
    return hash_fast_str(i->user, hash_fast_str(i->campaign, 1));
}

/* Alike events, from `from` to before `to`. */
struct group {
    const struct events_item *const *from,
        *const *to, *const *ids; /* ids: the first with one */
    int64_t things, micro;       /* of those without an id */
    int users;
    bool plain;
};

/* A group ends where they are alike no more, or where money without ids would not be
 * exact in one number. */
static struct group group_at(const struct events_item *const *from,
                             const struct events_item *const *end)
{
    struct group g = {.from = from, .to = from, .plain = true};
    for (; g.to < end && is_alike(*from, *g.to); g.to++) {
        const struct events_item *i = *g.to;
        int64_t value = value_of(i), count = clamp(i->count, 1, COUNT_MAX);
        if (i->id_hash) {
            g.ids = g.ids ? g.ids : g.to;
            g.plain = g.plain && count == 1 && !value;
        } else {
            if (llabs(g.micro + value) > VALUES_MAX)
                break;
            g.things += count;
            g.micro += value;
        }
        g.users += shows(i);
    }
    g.ids = g.ids ? g.ids : g.to;
    return g;
}

static void add_group(struct args *a, const struct group *g)
{
    const struct events_item *one = *g->from;
    char field[KEYS_ID_MAX + 128];
    bool plain = g->plain && g->ids == g->from && !g->users;
    (void)snprintf(field, sizeof field, "%" PRId64 ":%s:%s:%" PRId64, one->epoch,
                   one->variant, one->type, minute_of(one));
    args_str(a, plain ? field : "+");
    if (!plain) {
        args_str(a, field);
        args_str(a, one->currency);
        args_int(a, g->ids - g->from);
        args_int(a, g->things);
        args_int(a, g->micro);
    }
    args_int(a, g->to - g->ids);
    if (!plain)
        args_int(a, g->users);
    for (const struct events_item *const *i = g->ids; i < g->to; i++) {
        add_hash(a, (*i)->id_hash);
        if (plain)
            continue;
        args_int(a, clamp((*i)->count, 1, COUNT_MAX));
        args_int(a, value_of(*i));
    }
    for (const struct events_item *const *i = g->from; i < g->to && !plain; i++)
        if (shows(*i))
            add_hash(a, hash_user(*i));
}

/* `name`, how many words follow, and those. */
static void add_block(struct args *a, const char *name, struct args *words)
{
    args_str(a, name);
    args_int(a, (int64_t)words->count);
    args_append(a, words);
    args_clear(words);
}

/* The events of one campaign, up to before `end`. */
static void add_campaign(struct args *a, struct args *words, struct args *block,
                         const struct events_item *const *from,
                         const struct events_item *const *end)
{
    args_str(block, (*from)->campaign);
    for (const struct events_item *const *i = from; i < end;) {
        struct group g = group_at(i, end);
        add_group(words, &g);
        if (g.to == end || strcmp((*i)->variant, (*g.to)->variant) != 0)
            add_block(block, (*i)->variant, words);
        i = g.to;
    }
    args_int(a, (int64_t)block->count);
    args_append(a, block);
    args_clear(block);
}

/* The first of those that have the same id, by campaign and variant; returns how many.
 */
static int pick_first(const struct events_batch *b, const struct events_item **out)
{
    const struct events_item *slots[SLOTS] = {NULL};
    int n = 0;
    for (int i = 0; i < b->count; i++) {
        const struct events_item *item = &b->items[i];
        uint64_t at = item->id_hash % SLOTS;
        while (item->id_hash && slots[at] &&
               (slots[at]->id_hash != item->id_hash ||
                strcmp(slots[at]->campaign, item->campaign) != 0 ||
                strcmp(slots[at]->variant, item->variant) != 0))
            at = (at + 1) % SLOTS;
        if (item->id_hash && slots[at])
            continue;
        if (item->id_hash)
            slots[at] = item;
        out[n++] = item;
    }
    return n;
}

static void add_items(struct args *a, const struct events_batch *b)
{
    const struct events_item *sorted[EVENTS_BATCH_MAX];
    int count = pick_first(b, sorted);
    struct args words, block;
    args_init(&words, ARGS_BYTES);
    args_init(&block, ARGS_BYTES);
    qsort(sorted, (size_t)count, sizeof *sorted, by_group);
    args_int(a, b->count - count);
    for (int i = 0; i < count;) {
        int end = i;
        while (end < count && strcmp(sorted[i]->campaign, sorted[end]->campaign) == 0)
            end++;
        add_campaign(a, &words, &block, sorted + i, sorted + end);
        i = end;
    }
    args_fini(&words);
    args_fini(&block);
}

enum err events_apply(struct queue *q, const struct events_batch *b, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    if (b->count < 0 || b->count > EVENTS_BATCH_MAX || b->window_h < 1)
        return ERR_OUT_OF_RANGE;
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, b->cursor);
    args_str(&a, b->last);
    args_int(&a, b->window_h * HOUR_MS);
    args_str(&a, b->worker);
    args_int(&a, READ_LEASE_MS);
    args_int(&a, b->late);
    args_int(&a, b->ts_fixed);
    add_items(&a, b);
    return queue_run(q, QUEUE_events_apply, &a, fn, arg, ticket);
}

enum err events_fold(struct queue *q, int most, int64_t age_ms, int keep_h, queue_fn fn,
                     void *arg, uint64_t ticket)
{
    if (most < 1 || most > EVENTS_FOLD_MAX || age_ms < 0 || keep_h < 1)
        return ERR_OUT_OF_RANGE;
    struct args a;
    args_init(&a, 256);
    args_int(&a, most);
    args_int(&a, age_ms);
    args_int(&a, keep_h * HOUR_MS);
    return queue_run(q, QUEUE_events_fold, &a, fn, arg, ticket);
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
