/* journal.c: arguments of reserve and settle. */
#include "queues/journal.h"
#include "queues/args.h"
#include <stdio.h>

#define RESULT_WORDS 8 /* of one settlement, beside its audit row */
#define CACHED (-1)    /* in the place of the number of requests */
#define ARGS_BYTES ((size_t)8 << 20)
/* Lua counts in doubles: the sum of so many calls is exact. */

static void place(struct args *a, const struct journal_place *at)
{
    args_init(a, ARGS_BYTES);
    args_str(a, at->campaign);
    args_int(a, at->fence);
    args_str(a, at->stage);
    args_int(a, at->iteration);
}

static bool is_amount(int64_t n)
{
    return n >= 0 && n < JOURNAL_AMOUNT_MAX;
}

enum err journal_reserve(struct queue *q, const struct journal_place *at,
                         const struct journal_call *calls, int count, queue_fn fn,
                         void *arg, uint64_t ticket)
{
    if (count < 1 || count > JOURNAL_CALLS_MAX)
        return ERR_OUT_OF_RANGE;
    for (int i = 0; i < count; i++) {
        if (!is_amount(calls[i].tokens) || !is_amount(calls[i].usd_nano))
            return ERR_OUT_OF_RANGE;
    }
    struct args a;
    place(&a, at);
    for (int i = 0; i < count; i++) {
        args_int(&a, calls[i].index);
        args_int(&a, calls[i].attempt);
        args_int(&a, calls[i].tokens);
        args_int(&a, calls[i].usd_nano);
    }
    if (at->batch)
        args_str(&a, at->batch);
    if (at->batch && at->endpoint)
        args_str(&a, at->endpoint);
    return queue_run(q, QUEUE_reserve, &a, fn, arg, ticket);
}

enum err journal_hold(struct queue *q, const struct journal_place *at,
                      const struct journal_hold *hold, const struct journal_call *calls,
                      int count, queue_fn fn, void *arg, uint64_t ticket)
{
    char call[32];
    struct args a;
    if (count < 0 || count > JOURNAL_CALLS_MAX)
        return ERR_OUT_OF_RANGE;
    place(&a, at);
    args_str(&a, at->batch ? at->batch : "");
    args_str(&a, hold->name);
    args_str(&a, at->endpoint ? at->endpoint : "");
    args_int(&a, hold->delay_ms);
    args_str(&a, hold->why);
    for (int i = 0; i < count; i++) {
        (void)snprintf(call, sizeof call, "%d/%d", calls[i].index, calls[i].attempt);
        args_str(&a, call);
    }
    return queue_run(q, QUEUE_hold, &a, fn, arg, ticket);
}

bool journal_result_is_sound(const struct journal_result *r)
{
    return r->record_len >= 2 && r->record[0] == '{' && is_amount(r->tokens_in) &&
           is_amount(r->tokens_out) && is_amount(r->usd_nano);
}

static void put_result(struct args *a, const struct journal_result *r)
{
    int words = 0;
    while (r->audit && r->audit[words])
        words++;
    args_int(a, RESULT_WORDS + words);
    args_int(a, r->index);
    args_int(a, r->attempt);
    args_add(a, r->record, r->record_len);
    args_int(a, r->tokens_in);
    args_int(a, r->tokens_out);
    args_int(a, r->usd_nano);
    args_int(a, r->cached ? CACHED : r->was_sent + (r->was_sent && r->was_hedged));
    args_int(a, r->call);
    for (int i = 0; i < words; i++)
        args_str(a, r->audit[i]);
}

enum err journal_settle(struct queue *q, const struct journal_place *at,
                        const struct journal_result *const *results, int count,
                        queue_fn fn, void *arg, uint64_t ticket)
{
    if (count < 1 || count > JOURNAL_CALLS_MAX)
        return ERR_OUT_OF_RANGE;
    for (int i = 0; i < count; i++)
        if (!journal_result_is_sound(results[i]))
            return ERR_OUT_OF_RANGE;
    struct args a;
    place(&a, at);
    for (int i = 0; i < count; i++)
        put_result(&a, results[i]);
    return queue_run(q, QUEUE_settle, &a, fn, arg, ticket);
}
