/* purse_ledger.h: one tenant's purse: the block at hand, and the exchange with Redis
 * for the next one. Each ask says how the worker stands as a whole and gives back what
 * is at hand; one is under way at a time. Internal to purse.c, purse_ledger.c. */
#ifndef BARKER_WORKERS_LIVE_PURSE_LEDGER_H
#define BARKER_WORKERS_LIVE_PURSE_LEDGER_H

#include "queues/funds.h"
#include "workers/live/purse.h"

/* What this worker has on one day. Redis counts no less than under_way, at_hand and
 * spent as used. */
struct purse_day {
    int64_t lease; /* part of its name in Redis; never used again */
    int64_t day;   /* since 1970; 0 = Redis has not told yet */
    int64_t under_way, at_hand;
    int64_t spent, told; /* by this lease; told: how much of it Redis knows */
};
struct purse {
    struct purses *owner;
    const struct config_tenant *limits; /* borrows */
    struct purse_day today, before;     /* before: calls that began a day ago */
    int64_t leases, number;
    int64_t over;             /* the lease before today's; 0 = Redis has forgotten it */
    int64_t until_ms;         /* of today, by clock_boot_ms() */
    int64_t gone, gone_spent; /* as Redis said, and what we had spent then */
    int64_t all_spent;        /* of gone: for good */
    int64_t heard_ms;         /* when that was asked for, on our clock */
    int64_t over_since_ms;  /* a call has missed what the silent hold since then; 0: not
                               so */
    int64_t wanted, first;  /* by the last turn of the runner */
    int64_t taken;          /* since the last ask: as much is kept at hand */
    int64_t ask_at_ms;      /* not before */
    int64_t idle_since_ms;  /* nothing held, all told; 0 = not so */
    int refusals;           /* in a row */
    bool asking, gathering; /* an ask is under way; will be made in this turn */
    bool dirty;             /* flush is set for soon */
    bool told_lost, told_over;
    struct { /* the ask under way */
        int64_t lease, spent, first, at_ms, boot_ms, over;
    } sent;
    struct loop_timer *wake, *flush;
};
struct purses {
    struct purses_options options;
    char worker[17];
    struct purse *items; /* owns; one per tenant with a limit */
    size_t count;
    bool left;
};

enum err purse_open(struct purse *p, struct purses *owner,
                    const struct config_tenant *limits) MUST_USE;
void purse_close(struct purse *p);
/* NULL: of a day long over. */
struct purse_day *purse_day_of(struct purse *p, int64_t lease);
/* If the day is over, what was at hand is of no use. */
void purse_turn_day(struct purse *p);
/* One call is refused; all of one turn of the runner are asked for together. */
void purse_want(struct purse *p, int64_t usd_nano, int waiting);
/* Something was spent or came back: Redis hears of it before long. */
void purse_flush_soon(struct purse *p);
/* Says its last word. */
void purse_leave(struct purse *p);

#endif
