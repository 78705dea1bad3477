/* funds.h: what a tenant may spend in a UTC day, shared by all workers. Workers hold
 * blocks of money; what one holds and never accounts for, because it died, counts as
 * spent. All in nano-dollars. Keys of their own: "bk:{t:<tenant>}". See
 * docs/decisions/0012. */
#ifndef BARKER_QUEUES_FUNDS_H
#define BARKER_QUEUES_FUNDS_H

#include "queues/queue.h"

/* How a worker stands, whole: whatever of earlier asks or replies was lost. */
struct funds_ask {
    const char *tenant;
    int64_t limit;     /* of a day; -1 = none */
    const char *lease; /* names this worker on one day, until it holds nothing */
    int64_t number;    /* grows from ask to ask; one overtaken is ERR_FENCED */
    int64_t lease_ms;  /* nobody waits longer for what a silent worker holds */
    int64_t day;       /* of the lease: days since 1970; 0 = today */
    int64_t spent;     /* by this lease so far */
    int64_t under_way; /* held by its calls; what else it held goes back */
    int64_t wanted;    /* by those who wait; of a day that is over nothing is granted */
    int64_t first;     /* the most the first of them may cost; 0 = nobody waits */
    int64_t ahead;     /* to be kept at hand, if there is plenty */
    /* Holds nothing, has told all, and never speaks again: Redis forgets it. "" = none
     */
    const char *over;
};
/* What it grants from there on is held beside under_way. */
struct funds_reply {
    int64_t day, lasts_ms; /* 0: it is over */
    int64_t granted;
    int64_t gone; /* spent, or held by workers that fell silent: they may speak again */
    int64_t spent; /* of it for good */
    int64_t live;  /* held by other workers: it may come back */
};
/* Reply: funds_read(). Not to be repeated as it was: the next ask says it all. */
enum err funds_ask(struct queue *q, const struct funds_ask *a, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;
struct funds_reply funds_read(const struct reply *r);
/* Reply: [usd, held]: decimal text, nil without a ledger. date: YYYY-MM-DD. */
enum err funds_day(struct queue *q, const char *tenant, const char *date, queue_fn fn,
                   void *arg, uint64_t ticket) MUST_USE;

#endif
