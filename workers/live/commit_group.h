/* commit_group.h: commits of a worker's campaigns that meet, sent in one script. While
 * one call is under way, those that come wait and go together with the next: the faster
 * jobs end, the fewer calls each takes. Internal to ports_live. */
#ifndef BARKER_WORKERS_LIVE_COMMIT_GROUP_H
#define BARKER_WORKERS_LIVE_COMMIT_GROUP_H

#include "workers/live/store_op.h"

/* False: send `op`, it leads a group of its own. True: it waits for the one under way.
 */
bool commit_group_join(struct store_op *op);
enum err commit_group_send(struct store_op *first, queue_fn fn, void *arg,
                           uint64_t ticket) MUST_USE;
/* `op` is due again; as join(). */
bool commit_group_rejoin(struct store_op *op);
/* The next group to be sent, after `first` was answered; NULL: nobody waits. */
struct store_op *commit_group_next(struct store_op *first);

#endif
