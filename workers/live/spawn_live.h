/* spawn_live.h: a child campaign is begun on behalf of its parent. */
#ifndef BARKER_WORKERS_LIVE_SPAWN_LIVE_H
#define BARKER_WORKERS_LIVE_SPAWN_LIVE_H

#include "workers/live/store_op.h"

/* As port.read for ASK_SPAWN. What is wrong with its spec is told at once, as an error
 * of this call; ERR_ID_CONFLICT, ERR_FENCED (the claim of the parent is over), ERR_BUSY
 * (Redis has no room) and ERR_REDIS (its keys are damaged) to fn. Its text is
 * {"id":…,"outcome":"admitted" or "same"}. */
enum err spawn_live(void *self, const char *parent, int64_t fence,
                    const struct ask *ask, port_read_fn fn, void *arg,
                    uint64_t ticket) MUST_USE;
/* The reply of the script, to fn. */
void spawn_live_end(struct store_op *op, enum err e, const struct reply *r);

#endif
