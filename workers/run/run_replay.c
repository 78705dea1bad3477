/* run_replay.c: what results mean for an ask, and the journal read back. */
#include "workers/run/run.h"
#include <stdlib.h>
#include <string.h>

/* An outage does not use up the attempts of the ask that is sent to look whether it is
 * over. What may have been billed counts: it costs money each time. */
static bool is_forgiven(const struct run *run, const struct run_ask *a,
                        const struct port_call_result *r)
{
    bool far_side = r->code == ERR_OVERLOAD || r->code == ERR_SERVER ||
                    r->code == ERR_UNSENT || r->code == ERR_DEADLINE ||
                    r->code == ERR_UNKNOWN_OUTCOME;
    return r->probe && far_side && !r->possibly_billed &&
           a->probes < run->runner->options.max_probes;
}

enum err run_take_result(struct run *run, int index,
                         const struct port_call_result *result, bool *retry)
{
    struct run_ask *a = &run->asks[index];
    *retry = false;
    a->attempt++;
    if (result->code == ERR_OK || result->code == ERR_CANCELLED)
        a->target = 0; /* what follows is no retry of a failure there */
    if (result->code == ERR_OK) {
        enum engine_verdict verdict;
        enum err e = engine_reply(run->engine, index, result->text, result->len,
                                  result->usd_nano, &verdict);
        a->state = verdict == ENGINE_REASK ? RUN_ASK_IDLE : RUN_ASK_SETTLED;
        return e;
    }
    /* what a batch did not do, or nobody knows of, is not left to another one */
    a->goes_live |= result->code == ERR_CANCELLED || result->code == ERR_DEADLINE ||
                    result->code == ERR_UNKNOWN_OUTCOME;
    if (result->code == ERR_CANCELLED || run_batch_left_out(run, index, result->code)) {
        a->state = RUN_ASK_IDLE; /* by ourselves: it says nothing about the ask */
        return ERR_OK;
    }
    a->probes += is_forgiven(run, a, result);
    a->failures++;
    *retry = result->retryable &&
             a->failures - a->probes < run->runner->options.max_attempts;
    a->state = RUN_ASK_IDLE;
    if (!*retry) {
        a->state = RUN_ASK_SETTLED;
        engine_fail(run->engine, index, result->code);
    }
    return ERR_OK;
}

/* No ask comes near it; a number that a hand wrote there would overflow. */
#define ATTEMPTS_MAX 1000000

static int by_place(const void *a, const void *b)
{
    const struct port_record *x = a, *y = b;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return (x->attempt > y->attempt) - (x->attempt < y->attempt);
}

static enum err replay_record(struct run *run, const struct port_record *record)
{
    if (record->index < 0 || record->index >= run->ask_count || record->attempt < 0 ||
        record->attempt > ATTEMPTS_MAX || engine_is_settled(run->engine, record->index))
        return ERR_OK;
    struct run_ask *a = &run->asks[record->index];
    if (a->attempt < record->attempt)
        a->attempt = record->attempt;
    struct json *j = NULL;
    struct err_detail d;
    enum err e = json_parse(record->text, record->len, &json_limits_reply, &j, &d);
    if (e) {
        a->attempt++; /* unreadable: treated as lost */
        return e == ERR_NOMEM ? e : ERR_OK;
    }
    const char *s = json_str(json_get(j, "s"), "");
    const char *text = json_str(json_get(j, "text"), "");
    struct port_call_result result = {
        .code = ERR_OK,
        .text = text,
        .len = strlen(text),
        .usd_nano = json_int(json_get(j, "usd_nano"), 0),
        .retryable = json_bool(json_get(j, "retry"), false),
        .possibly_billed = json_bool(json_get(j, "possibly_billed"), false),
        .probe = json_bool(json_get(j, "probe"), false),
    };
    bool retry;
    if (strcmp(s, "ok") == 0) {
        e = run_take_result(run, record->index, &result, &retry);
    } else if (strcmp(s, "err") == 0) {
        result.code = err_from_code(json_str(json_get(j, "code"), "internal"));
        e = run_take_result(run, record->index, &result, &retry);
    } else if (json_get(j, "b")) {
        e = run_batch_replay(run, record->index, j);
    } else {
        a->attempt++; /* lost: may have been billed; asked again under a new number */
    }
    json_free(j);
    return e;
}

enum err run_replay(struct run *run, const struct port_image *image)
{
    run->ask_count = engine_count(run->engine);
    run->asks = arena_array(&run->arena, (size_t)run->ask_count + 1, sizeof *run->asks);
    size_t n = (size_t)image->journal_count;
    struct port_record *sorted = arena_array(&run->arena, n + 1, sizeof *sorted);
    run->shards =
        arena_array(&run->arena, 2 * (size_t)run->ask_count + 1, sizeof *run->shards);
    if (!run->asks || !sorted || !run->shards) {
        run->ask_count = 0;
        return ERR_NOMEM;
    }
    if (n)
        memcpy(sorted, image->journal, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, by_place);
    for (size_t i = 0; i < n; i++) {
        enum err e = replay_record(run, &sorted[i]);
        if (e)
            return e;
    }
    return ERR_OK;
}
