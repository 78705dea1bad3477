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
#define EVENTS_ENTRY_MAX (32 * 1024) /* bytes; larger is refused unseen */

/* Reply: [cursor, [[entry id, size_bytes, [field, value, …] or nil if too large], …]].
 * A soft lease of 200 ms per partition keeps appliers from doing the same work twice;
 * it is a hint only (`force` ignores it). */
enum err events_read(struct queue *q, const char *worker, int count, bool force,
                     queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

/* One event in canonical form, as the workers made it out of any format. */
struct events_item {
    const char *campaign, *variant, *type;
    int64_t count;        /* >= 1 */
    int64_t value_micro;  /* revenue in 1e-6 of its currency; negative for a refund */
    const char *currency; /* "" = none */
    uint64_t id_hash;     /* of (campaign, event id); 0 = no id */
    int64_t ts_ms;        /* event time; 0 = the entry's */
    int64_t epoch;        /* allocation epoch it claims; -1 = unknown */
    const char *user;     /* pseudonymous id or "" */
};
/* cursor: as read. last: entry id of the last event of this batch (also of refused
 * ones). Counted per variant (public hash), placement, campaign, and epoch; wakes the
 * campaign's job once for a re-rank. Reply: ["stale"], or ["applied", counted,
 * duplicate, late, orphan], with orphans or damage followed by campaign and variant of
 * the first orphan and "<campaign>: <error>" or "". `late`: older than the window by
 * ts_ms; `orphan`: unknown campaign or variant; damage: a campaign whose keys have
 * another type by now, it is skipped. _holdout events are counted on the campaign only.
 * Totals of all batches stand in the hash `ev`, orphans of a campaign in its hash. */
enum err events_apply(struct queue *q, const char *cursor, const char *last,
                      const struct events_item *items, int count, int window_h,
                      queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

/* XADD of one plain event or one JSON event text (import). */
enum err events_send_text(struct queue *q, const char *json, size_t n, queue_fn fn,
                          void *arg, uint64_t ticket) MUST_USE;

#endif
