/* journal.h: what was asked and answered, so that nothing stored is ever paid again.
 * One hash per (stage, iteration); field "<index>/<attempt>", value one JSON record:
 *  {"s":"sent","t":ms}                         reserved, about to be sent
 *  {"s":"sent","t":ms,"b":mark,"n":name,"e":endpoint}
 *                                              the same, in a batch; n once it is told
 *  {"s":"ok","t":ms,…reply…}                   stored reply
 *  {"s":"err","t":ms,"code":…}                 failed, may be tried again
 *  {"s":"lost","t":ms}                         its worker died; possibly billed
 * Reserving and settling are fenced scripts; reply, usage and settlement are one. */
#ifndef BARKER_QUEUES_JOURNAL_H
#define BARKER_QUEUES_JOURNAL_H

#include "queues/queue.h"
#include <stdbool.h>

#define JOURNAL_CALLS_MAX 64
/* Lua counts in doubles: so much of each of these calls is still summed exactly. */
#define JOURNAL_AMOUNT_MAX ((INT64_C(1) << 53) / JOURNAL_CALLS_MAX) /* 2^47 */

struct journal_place {
    const char *campaign;
    int64_t fence;
    const char *stage;
    int iteration;
    const char *batch;    /* of a reservation: mark of its batch; NULL = sent at once */
    const char *endpoint; /* the same: where that is; NULL = not told */
};
struct journal_call {
    int index, attempt;
    int64_t tokens, usd_nano; /* the most this call can cost; each below 2^47 */
};
/* At most 64 calls. Reply: [verdict, …] one per call: "ok", "over_budget", or
 * "exists" (already sent or stored: do not send). Reserves in order until the budget
 * is full. Repeated by the same holder before the call settled, it is "ok" again. */
enum err journal_reserve(struct queue *q, const struct journal_place *at,
                         const struct journal_call *calls, int count, queue_fn fn,
                         void *arg, uint64_t ticket) MUST_USE;

/* The job is given up for a while, or goes on (delay_ms -1). Calls of `at->batch`, at
 * most 64 or none, are told its name. Their amounts are not read. Reply ["ok"] or
 * ERR_FENCED. */
struct journal_hold {
    const char *name;
    int64_t delay_ms;
    const char *why; /* it is given up: `waiting` of the campaign */
};
enum err journal_hold(struct queue *q, const struct journal_place *at,
                      const struct journal_hold *hold, const struct journal_call *calls,
                      int count, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

struct journal_result {
    int index, attempt;
    const char *record; /* JSON object text; "t" is added by the script */
    size_t record_len;
    int64_t tokens_in, tokens_out, usd_nano; /* actual; 0: not billed; below 2^47 */
    bool was_sent;   /* false: nothing left the machine, so the call is not counted */
    bool was_hedged; /* it counts as two */
    bool cached;     /* answered by an earlier reply; counted as that */
    bool call;       /* false: not an LLM call (a read): no budget, no counters */
    /* field, value, …, NULL; or NULL. The script adds what, call and the tokens */
    const char *const *audit;
};
/* Is the record an object, and are all amounts within their range? */
bool journal_result_is_sound(const struct journal_result *r);
/* 1 to 64 calls of one stage, all or none. Repeating any of them with the same
 * arguments is a no-op. Reply: ["ok"] or ERR_FENCED. */
enum err journal_settle(struct queue *q, const struct journal_place *at,
                        const struct journal_result *const *results, int count,
                        queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

#endif
