/* run_batch.h: what run_batch.c and run_submit.c share. Internal to them. */
#ifndef BARKER_WORKERS_RUN_RUN_BATCH_H
#define BARKER_WORKERS_RUN_RUN_BATCH_H

#include "workers/run/run.h"

/* Where batches of this run go now; NULL: nowhere. */
const char *run_batch_endpoint(const struct run *run);
/* As run_call_of(), at the endpoint of its batch, if it is in one; nothing in a batch
 * is asked twice. */
struct port_call run_batch_call(const struct run *run, int index);
/* endpoint: where it is, or "". NULL: no room, which cannot be: in one load an ask is
 * in two batches at most. */
struct run_shard *run_add_shard(struct run *run, const char *mark,
                                const char *endpoint);
/* Nothing was sent of this ask, which is busy: it gets another number, for the next
 * batch, or goes live; no failure is counted. */
void run_settle_unsent(struct run *run, int index, bool goes_live);
/* The name goes into the records of op->batch, so that nobody need search for it. */
void run_tell_name(struct run *run, const struct run_op *op, int shard,
                   const char *name);
/* Hands in all asks that wait for a batch; false: there are none. */
bool run_gather(struct run *run);

#endif
