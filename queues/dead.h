/* dead.h: jobs that gave up (guides/QUEUES.md §5, "poison jobs"): their workers died
 * five times on them without progress, or a key of theirs was damaged. Kept with the
 * reason and the last owner, at most 10,000, for 30 days, until somebody decides. */
#ifndef BARKER_QUEUES_DEAD_H
#define BARKER_QUEUES_DEAD_H

#include "queues/queue.h"

#define DEAD_PAGE_MAX 500

/* tenant, reason: "" = any; reason also names those that begin with it and a colon. */
struct dead_filter {
    const char *tenant, *reason;
    int64_t age_ms; /* at least so long ago */
};

/* Reply [next, [[campaign, flat hash of reason, owner, ms, tenant, fence, stage,
 * iteration, crashes], …]]: of `count` from rank `from` on, newest first, those that
 * fit; next is the rank to go on with, "" at the end. */
enum err dead_read(struct queue *q, int64_t from, int count,
                   const struct dead_filter *filter, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;
enum err dead_read_one(struct queue *q, const char *id, queue_fn fn, void *arg,
                       uint64_t ticket) MUST_USE; /* its flat hash; empty: not there */
/* Queued again, once, whoever asks for it how often; its keys expire no more. Reply
 * ["ok"],
 * ["not_dead"] (nothing happened), or ["gone"]: there is nothing to go on with. */
enum err dead_retry(struct queue *q, const char *id, const char *by, queue_fn fn,
                    void *arg, uint64_t ticket) MUST_USE;
/* All its keys go. Reply ["ok"] or ["not_dead"]. */
enum err dead_drop(struct queue *q, const char *id, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;

#endif
