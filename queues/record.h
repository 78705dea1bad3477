/* record.h: the read side of a replay: what a campaign was given and what came of it.
 * Nothing here writes. */
#ifndef BARKER_QUEUES_RECORD_H
#define BARKER_QUEUES_RECORD_H

#include "queues/queue.h"

#define RECORD_PAGE 100 /* inputs read at once */

/* Nil, or, all of one moment: [commits, state of the job, spec, checkpoint, campaign
 * hash (flat), [[variant, flat hash], …], [[placement, flat hash, shares, [variant,
 * score, …] best first], …], [[stage, iteration], …] of the journals kept, counters
 * (flat:
 * "<epoch>:<variant>:<type>" → n), newest inputs (as below) or nil, how
 * many there were]. */
enum err record_read(struct queue *q, const char *id, queue_fn fn, void *arg,
                     uint64_t ticket) MUST_USE;
/* Inputs after the entry named ("-" = from the first): [[entry, [field, value, …]], …];
 * fields `seq`, `run`, `stage`, `iteration`, `given` (docs/PROTOCOL.md). */
enum err record_inputs(struct queue *q, const char *id, const char *after, queue_fn fn,
                       void *arg, uint64_t ticket) MUST_USE;
/* Flat: "<index>/<attempt>" → record. */
enum err record_journal(struct queue *q, const char *id, const char *stage,
                        int iteration, queue_fn fn, void *arg,
                        uint64_t ticket) MUST_USE;

#endif
