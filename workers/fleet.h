/* fleet.h: how many workers there should be. Pure. */
#ifndef BARKER_WORKERS_FLEET_H
#define BARKER_WORKERS_FLEET_H

#include <stdint.h>

/* What the live workers of a partition and its queue say at one moment. */
struct fleet {
    int workers;
    int64_t slots, jobs; /* of all: campaigns they can have in hand, and have */
    int64_t backlog;     /* campaigns in lanes: nobody has them in hand */
    int64_t oldest_ms;   /* how long the first of them has waited; 0 = none waits */
    int64_t slots_per_worker; /* to be reckoned with where none lives */
};

#define FLEET_YOUNG_MS 2000 /* two beats: a shorter wait needs no more workers */

/* As many as have room for what is in hand and, once it has waited for FLEET_YOUNG_MS,
 * for the whole backlog: a scaler bounds it. At least 1: a campaign that waits for a
 * time or for events is woken by a worker. */
int64_t fleet_desired(const struct fleet *f);

#endif
