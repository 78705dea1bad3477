/* settle_group.h: settlements of one stage go to Redis together: one script is under
 * way, what comes meanwhile waits and is the next one (group commit, as DeWitt et al.
 * 1984 have it for logs). Alone, a settlement waits for nothing. Internal to
 * ports_live.
 */
#ifndef BARKER_WORKERS_LIVE_SETTLE_GROUP_H
#define BARKER_WORKERS_LIVE_SETTLE_GROUP_H

#include "workers/live/store_op.h"

/* Joins the group under way of its campaign, fence, stage and iteration: true, and
 * nothing is to be sent for it. False: op is the first of a new group. */
bool settle_group_join(struct store_op *op);
/* The results of the group, in order of arrival; returns how many. */
int settle_group_results(const struct store_op *first,
                         const struct journal_result *out[STORE_BATCH_MAX]);
/* The group has ended: the first of those that waited becomes the first of the next
 * group and is returned, unsent; NULL if none waited. */
struct store_op *settle_group_next(struct store_op *first);

#endif
