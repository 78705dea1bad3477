/* presence.h: bk:worker:<id>, what people see of a worker (a hash with a TTL). The
 * lease that recovery rests on is kept in the partition (queues/jobs.h). */
#ifndef BARKER_WORKERS_PRESENCE_H
#define BARKER_WORKERS_PRESENCE_H

#include "queues/queue.h"
#include "workers/run/runner.h"

#define PRESENCE_ID_MAX 96

/* host:pid:random; new at each start, and after the worker was declared dead. */
void presence_new_id(char out[PRESENCE_ID_MAX]);
/* Writes the hash and its TTL (cooling: as llm_print_cooling(); slots: jobs that it can
 * have in hand); the outcome does not matter. */
void presence_write(struct queue *q, const char *id, const struct runner_counts *counts,
                    int slots, const char *cooling, int64_t lag_ms, int64_t started_ms,
                    int64_t ttl_ms);
void presence_remove(struct queue *q, const char *id);

#endif
