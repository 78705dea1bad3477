/* fair.h: whose call is next. Deficit round robin (M. Shreedhar, G. Varghese: Efficient
 * Fair Queuing using Deficit Round Robin, SIGCOMM 1995) on estimated tokens, in three
 * lanes. Pure: no ports, no clock; nodes live in their owner's struct. One thread.
 *
 * In each round of a lane a flow may spend FAIR_QUANTUM tokens. Unlike in the paper the
 * flows of a round take turns call by call, so that one who comes in waits for one call
 * of each other flow, not for their whole quanta; and the last call of a round may go
 * into debt, which the next rounds pay, so that a price is asked for only when a call
 * is made. A flow that leaves keeps what it has for that round: going away and coming
 * back gains nothing. At most FAIR_COST_MAX of a call is counted, so a pick moves a
 * flow at most FAIR_COST_MAX / FAIR_QUANTUM times: its work depends neither on the
 * calls that wait nor, on average, on the number of flows.
 *
 * An upper lane goes before a lower one, but a lane that waits and was passed over
 * FAIR_PASSES_MAX times is next: nobody starves. */
#ifndef BARKER_WORKERS_RUN_FAIR_H
#define BARKER_WORKERS_RUN_FAIR_H

#include "core/base/list.h"
#include <stdint.h>

#define FAIR_QUANTUM 4096
#define FAIR_COST_MAX ((int64_t)16 * FAIR_QUANTUM)
#define FAIR_PASSES_MAX 16

enum fair_lane_name {
    FAIR_INTERACTIVE, /* somebody waits for the reply; priority high */
    FAIR_LIVE,        /* campaigns; priority normal */
    FAIR_BATCH,       /* whenever there is room; priority low */
    FAIR_LANES,
};

struct fair_flow { /* one campaign with calls to make */
    struct list link;
    enum fair_lane_name lane;
    int64_t credit; /* tokens left in `round`; 0 and less: none until a later one */
    int64_t round;  /* of its lane; 0 = it was never there */
};
struct fair_lane {
    struct list now,
        later;           /* flows that may spend in this round, and those that have */
    struct list refused; /* see fair_refuse() */
    int64_t round;
    int passed; /* calls given to other lanes while this one waited */
};
struct fair {
    struct fair_lane lanes[FAIR_LANES];
};

void fair_init(struct fair *f);
void fair_flow_init(struct fair_flow *flow);
/* Into the line of a lane. Who is in line already stays where it is. */
void fair_join(struct fair *f, struct fair_flow *flow, enum fair_lane_name name);
void fair_leave(struct fair_flow *flow); /* out of line; no harm if it is not in one */
bool fair_is_empty(const struct fair *f);
/* Whose turn it is, or NULL. It is next until it is charged, refused or leaves. */
struct fair_flow *fair_next(struct fair *f);
/* It made a call; it stays in line, behind the others. */
void fair_charge(struct fair *f, struct fair_flow *flow, int64_t tokens);
/* It cannot use its turn now and keeps it: out of the way until fair_retry(), when
 * those refused stand before all others of their lane, the first one first. */
void fair_refuse(struct fair *f, struct fair_flow *flow);
void fair_retry(struct fair *f);

#endif
