/* health.h: what an operator asks first of a partition and of its server. */
#ifndef BARKER_QUEUES_HEALTH_H
#define BARKER_QUEUES_HEALTH_H

#include "queues/queue.h"

#define HEALTH_REFUSED_MAX 100

/* Reply: [redis_ms, [[stream, length, ms of its oldest entry or 0], …] of inbox, events
 * and control, jobs in lanes and ready, ms since when the oldest of them waits or 0,
 * dead jobs, inputs refused in the last hour (HEALTH_REFUSED_MAX = or more),
 * [worker, ms of its last beat, …] newest first, at most 256]. A beat is negative from
 * the moment at which the worker was declared dead. */
enum err health_read(struct queue *q, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* The hash of a worker, flat; empty when it does not live. */
enum err health_worker(struct queue *q, const char *worker, queue_fn fn, void *arg,
                       uint64_t ticket) MUST_USE;
/* Percent of its maxmemory that Redis uses, nil while there is room: from 90 on nothing
 * is admitted, what is under way goes on. As of the last beat of a worker. */
enum err health_full(struct queue *q, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

#endif
