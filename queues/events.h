/* events.h: exact counting (guides/REDIS.md §4). Stream, cursor, counters and dedupe
 * sets share a slot; one script applies a batch and moves the cursor by
 * compare-and-set, so a crash, a lost reply or a second applier never counts twice. The
 * stream is trimmed only up to the cursor, in that script. Exactly once means: within
 * window_h by event id; an event without id is counted as often as it comes. */
#ifndef BARKER_QUEUES_EVENTS_H
#define BARKER_QUEUES_EVENTS_H

#include "queues/queue.h"
#include <stdbool.h>

#define EVENTS_BATCH_MAX 200
#define EVENTS_FOLD_MAX 64           /* campaigns in one call */
#define EVENTS_ENTRY_MAX (32 * 1024) /* bytes; larger is refused unseen */

/* Reply: [cursor, [[entry id, size_bytes, [field, value, …] or nil if too large], …],
 * 1 if another applier is at it].
 * A soft lease of 200 ms per partition keeps appliers from doing the same work twice;
 * it is a hint only (`force` ignores it). */
enum err events_read(struct queue *q, const char *worker, int count, bool force,
                     queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* The entries behind `after`, as Redis has them: [[entry id, [field, value, …]], …].
 * Much cheaper, but of any size: only after a reply of events_apply() that says how
 * small they are, and not further than two batches of it. */
enum err events_read_plain(struct queue *q, const char *after, int count, queue_fn fn,
                           void *arg, uint64_t ticket) MUST_USE;

/* One event in canonical form, as the workers made it out of any format. */
struct events_item {
    const char *campaign, *variant, *type;
    int64_t count;        /* >= 1 */
    int64_t value_micro;  /* revenue in 1e-6 of its currency; negative for a refund */
    const char *currency; /* "" = none */
    uint64_t id_hash;     /* of (campaign, event id); 0 = no id */
    int64_t ts_ms;        /* event time; 0 = when it was sent */
    int64_t epoch;        /* allocation epoch it claims; -1 = unknown */
    const char *user;     /* pseudonymous id or "" */
    bool ts_fixed;        /* ts_ms came in another unit than its format has */
};
struct events_batch {
    const char *worker,
        *cursor;      /* cursor: as read, or the last one of the batch before */
    const char *last; /* entry id of its last event, also of a refused one */
    const struct events_item *items; /* borrows; in any order */
    int count;                       /* 0..EVENTS_BATCH_MAX */
    int late;     /* left out: older than the window when they were sent */
    int ts_fixed; /* whose time came in another unit than its format has */
    int window_h; /* ids are remembered for so many hours at least */
};
/* Says which events are new and adds them to what is not folded in yet. Reply:
 * ["stale"]: the cursor is elsewhere, nothing was done; or ["applied", counted,
 * duplicate, late, orphan, campaign and variant of the first orphan or "", damage or
 * "", plain, entries left]. `orphan`: unknown campaign or variant; damage: "<campaign>:
 * <error>", its keys have another type by now, it is skipped; plain: 1 if the next two
 * batches may be read as they are. _holdout events are counted on the campaign only.
 * The first impression of a user (in the window) is counted besides. Totals of all
 * batches stand in the hash `ev`, orphans of a campaign in its hash. */
enum err events_apply(struct queue *q, const struct events_batch *b, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;
/* Folds what was counted into the public hashes, the exact counters, and minutes (kept
 * for keep_h hours), of at most `most` campaigns (1..64) that have waited for age_ms,
 * and wakes their jobs once for a re-rank. Reply: [folded, campaigns left, damage or
 * ""]. */
enum err events_fold(struct queue *q, int most, int64_t age_ms, int keep_h, queue_fn fn,
                     void *arg, uint64_t ticket) MUST_USE;

/* XADD of one plain event or one JSON event text (import). */
enum err events_send_text(struct queue *q, const char *json, size_t n, queue_fn fn,
                          void *arg, uint64_t ticket) MUST_USE;

#endif
