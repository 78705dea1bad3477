/* limits.h: what an endpoint allows, shared by all workers: calls and tokens in any 60
 * s, calls under way. Workers lease blocks of them; one that was granted and not given
 * back counts as spent. Keys of their own: "bk:{k:<16 hex>}". See docs/decisions/0010.
 */
#ifndef BARKER_QUEUES_LIMITS_H
#define BARKER_QUEUES_LIMITS_H

#include "queues/queue.h"

#define LIMITS_ID 17          /* bytes of an id: 16 hex digits of a hash */
#define LIMITS_SLOT_MS 500    /* the count goes by slots of time */
#define LIMITS_SLOTS 125      /* slots in which a call counts */
#define LIMITS_ARRIVE_MS 2000 /* from its grant to its arrival, or it is not sent */
#define LIMITS_BACK_MAX 64

/* Given back: what was granted in a slot and was not used. Negative: more was used. */
struct limits_back {
    int64_t slot, calls, tokens;
};
struct limits_ask {
    const char *id;     /* of the endpoint and its key */
    const char *worker; /* names the lease; new at each start */
    int64_t number;     /* grows from ask to ask of a worker; late ones are ignored */
    int64_t holding;    /* its calls under way */
    int64_t hold_ms;    /* calls of a silent worker are over after this */
    int64_t rpm, tpm, max_in_flight; /* 0 = no limit */
    int64_t calls, tokens;           /* wanted */
    int64_t first_tokens;            /* of the call that is first in line */
    int64_t usual_permille;          /* of reserved tokens that are used as a rule */
    int64_t pace_back; /* tokens that were reckoned (reserved x usual) and not used */
    int64_t close_ms;  /* > 0: nothing for anybody for so long (a 429 with a hint) */
    const struct limits_back *back;
    int back_count; /* <= LIMITS_BACK_MAX */
};
/* Reply: [slot, calls, tokens, ms after which it may be worth asking again, ms for
 * which the endpoint wants to be left alone]. Calls and tokens are 0, or tokens suffice
 * for the first in line. Not to be repeated when the outcome is unknown: what it
 * granted counts as spent. */
enum err limits_lease(struct queue *q, const struct limits_ask *a, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;

#endif
