/* publish.h: what a commit writes: a campaign and its next step as results operations
 * (queues/results.h). Pure: fills the list, sends nothing. */
#ifndef BARKER_WORKERS_LIVE_PUBLISH_H
#define BARKER_WORKERS_LIVE_PUBLISH_H

#include "queues/results.h"
#include "workers/run/ports.h"

#define PUBLISH_KEEP_MS (30LL * 24 * 3600 * 1000) /* keys of an ended campaign */

struct publish_options {
    int64_t rerank_events, rerank_ms;
};
enum err publish_commit(const struct port_commit *commit,
                        const struct publish_options *o, struct results *out) MUST_USE;
/* The end of a campaign of which nothing more is said, cancelled or failed: it cannot
 * be read, or its failure does not fit a commit (ERR_LIMIT). What was written before
 * stays readable. */
enum err publish_end(enum err code, int mail_taken, struct results *out) MUST_USE;
/* The same for one that cannot be read (commit->campaign is NULL), and a record of that
 * for its replay: by then it may be readable. */
enum err publish_unread(const struct port_commit *commit, struct results *out) MUST_USE;

#endif
