/* limits.h: what an endpoint allows, or what a tenant may use, shared by all workers:
 * calls and tokens (in all, of prompts, of replies) in any 60 s, calls under way.
 * Workers lease blocks of them; one that was granted and not given back counts as
 * spent. Keys of their own: "bk:{k:<16 hex>}", "bk:{t:<tenant>}". See
 * docs/decisions/0010, 0023. */
#ifndef BARKER_QUEUES_LIMITS_H
#define BARKER_QUEUES_LIMITS_H

#include "queues/queue.h"

#define LIMITS_ID 17          /* bytes of an id: 16 hex digits of a hash */
#define LIMITS_SLOT_MS 500    /* the count goes by slots of time */
#define LIMITS_SLOTS 125      /* slots in which a call counts */
#define LIMITS_ARRIVE_MS 2000 /* from its grant to its arrival, or it is not sent */
#define LIMITS_BACK_MAX 64
#define LIMITS_HOLD_SPARE_MS 5000 /* beyond the time of a call, see hold_ms */

enum limits_kind { LIMITS_CALLS, LIMITS_TOKENS, LIMITS_IN, LIMITS_OUT, LIMITS_KINDS };

/* Given back: what was granted in a slot and was not used. Negative: more was used. */
struct limits_back {
    int64_t slot, of[LIMITS_KINDS];
};
/* Of one kind. */
struct limits_share {
    int64_t most;           /* in 60 s; 0 = no limit */
    int64_t wanted, first;  /* by all that wait, by the call that is first in line */
    int64_t usual_permille; /* of what is reserved is used as a rule; of calls: all */
    int64_t pace_back;      /* was reckoned (reserved x usual) and not used */
    /* Left by the server's word with a call, and what that call took; -1: not told.
     * It holds for so long, or until the same is told with a later call. */
    int64_t told, told_ms;
};
struct limits_ask {
    const char *id; /* of the endpoint and its key; NULL: it is of this tenant */
    const char *tenant;
    const char *worker; /* names the lease; new at each start */
    int64_t number;     /* grows from ask to ask of a worker; late ones are ignored */
    int64_t hold_ms;    /* calls of a silent worker are over after this */
    int64_t close_ms;   /* > 0: nothing for anybody for so long (a 429 with a hint) */
    int64_t holding;    /* its calls under way */
    int64_t max_in_flight; /* 0 = no limit */
    int64_t told_slot;     /* of that call; 0: nothing was told */
    struct limits_share of[LIMITS_KINDS];
    const struct limits_back *back;
    int back_count; /* <= LIMITS_BACK_MAX */
};
/* Reply: [slot, ms after which it may be worth asking again, ms for which the endpoint
 * wants to be left alone, then granted of each kind, then left of each, -1: no limit].
 * What is granted is 0, or suffices for the first in line. Not to be repeated when the
 * outcome is unknown: what it granted counts as spent. */
enum err limits_lease(struct queue *q, const struct limits_ask *a, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;
/* How a tenant stands, for people. Reply: [calls under way, tokens that count now, 1 if
 * somebody waits for room]. */
enum err limits_read(struct queue *q, const char *tenant, int64_t hold_ms, queue_fn fn,
                     void *arg, uint64_t ticket) MUST_USE;

#endif
