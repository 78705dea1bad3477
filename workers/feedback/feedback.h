/* feedback.h: the applier: reads the event stream from the cursor, parses any accepted
 * format, applies batches. Any number of appliers may compete: the script decides. */
#ifndef BARKER_WORKERS_FEEDBACK_FEEDBACK_H
#define BARKER_WORKERS_FEEDBACK_FEEDBACK_H

#include "core/base/config.h"
#include "queues/queue.h"

struct feedback;

/* **borrows** the configuration. ERR_CONFIG if it has no global.user_secret: whoever
 * starts a worker has put one there (workers/cli/user_secret.h). */
enum err feedback_new(struct queue *q, struct loop *l, const struct config *c,
                      const char *worker, struct feedback **out) MUST_USE;
void feedback_free(struct feedback *f); /* after redis settled everything */
/* There are entries: reads and applies until the stream is empty. No-op when busy. */
void feedback_kick(struct feedback *f);
bool feedback_is_busy(const struct feedback *f);

#endif
