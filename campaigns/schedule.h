/* schedule.h: a campaign that repeats. It asks no model itself: at each time of its
 * `repeat` it has a child made, `<id>~<n>`, whose spec is its own without id, repeat
 * and not_before_ms; between these times it waits, and holds no claim. Which child is
 * of which time stands in its checkpoint, so that no time makes two.
 *
 * What was missed (workers stopped, campaign paused) is not made up for: of the times
 * that have passed only the last one counts, and that only if less than half of the
 * time to the next one has gone by; the others are skipped, and counted. It is done
 * when no time is left and all its children have ended. */
#ifndef BARKER_CAMPAIGNS_SCHEDULE_H
#define BARKER_CAMPAIGNS_SCHEDULE_H

#include "campaigns/kind.h"

/* What a campaign with spec.repeat is run as, whatever its kind; c->inputs.zone is the
 * one that its spec names. */
extern const struct kind kind_schedule;

/* What readers are told of it, from its checkpoint. */
struct schedule_view {
    int64_t fired, skipped, failed; /* children begun; times passed over; not made */
    int64_t next_ms;                /* 0 = there is none */
    int open, ended;                /* of the children that are still kept */
};
struct schedule_view schedule_view(const struct campaign *c);

#endif
