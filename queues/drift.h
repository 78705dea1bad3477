/* drift.h: a look for what the scripts never leave behind: jobs that nobody would take
 * up again, names of what is gone, keys that would stay for ever. Such damage comes
 * from outside (keys deleted by hand, a restore of some keys) or is a bug.
 *
 * The partition is looked at page by page, each job whole inside one script; so a
 * partition at work shows nothing that is not there. Kinds are in queues/drift.def. */
#ifndef BARKER_QUEUES_DRIFT_H
#define BARKER_QUEUES_DRIFT_H

#include "queues/queue.h"
#include <stdbool.h>

#define DRIFT_LANE "lane"
#define DRIFT_PAGE_MAX 50

struct drift_page {
    const char *place;  /* drift_place_at(), or DRIFT_LANE */
    const char *cursor; /* "0", then as the reply says */
    const char *lane;   /* of DRIFT_LANE: as a page of keys named it; else "" */
    int count;          /* about so many things; at most DRIFT_PAGE_MAX */
    bool repair;        /* mends what can be mended; twice does no harm */
};
const char *drift_place_at(size_t i); /* NULL past the end; lanes come after them */

/* Reply: [next cursor ("" = the end), things looked at, [[kind, campaign, words,
 * mended], …], [lane, …] met, jobs too deep in a long lane to be looked for]. */
enum err drift_look(struct queue *q, const struct drift_page *page, queue_fn fn,
                    void *arg, uint64_t ticket) MUST_USE;
/* The spec of a campaign, or nil. */
enum err drift_spec(struct queue *q, const char *id, queue_fn fn, void *arg,
                    uint64_t ticket) MUST_USE;
/* Mends `campaign_no_job`: a new job for the campaign, from its checkpoint; its fence
 * is above all that were. sha256 of its spec; "" = it has none: then it ends as failed.
 * Reply ["rebuilt"], ["ended"], ["there"] (it has a job) or ["gone"]. */
enum err drift_rebuild(struct queue *q, const char *id, const char *sha256, queue_fn fn,
                       void *arg, uint64_t ticket) MUST_USE;

struct drift_kind {
    const char *name, *meaning;
    bool mended; /* by a look with `repair` */
};
/* NULL past the end; rows of drift.def. */
const struct drift_kind *drift_kind_at(size_t i);

#endif
