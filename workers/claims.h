/* claims.h: the jobs that a tick brought: each is started; those that came with their
 * specs are told to Redis with the next tick, or they would be taken back
 * (queues/jobs.h). */
#ifndef BARKER_WORKERS_CLAIMS_H
#define BARKER_WORKERS_CLAIMS_H

#include "queues/jobs.h"
#include "workers/live/ports_live.h"
#include "workers/run/runner.h"

struct claims {
    struct queue *queue;
    struct ports_live *ports;
    struct runner *runner;
    struct claims_item {
        char id[KEYS_ID_MAX + 32];
        int64_t fence;
    } arrived[JOBS_CLAIMS_MAX];
    size_t count;
};

/* **borrows** all three. */
void claims_init(struct claims *c, struct queue *q, struct ports_live *p,
                 struct runner *r);
/* The rows of an answered tick. What it told of the ones before is told. */
void claims_take(struct claims *c, const struct reply *claimed, int64_t now_ms);
/* What is to be told with the next tick; borrowed until claims_take(). */
size_t claims_tell(const struct claims *c, struct jobs_claim out[JOBS_CLAIMS_MAX]);
void claims_forget(struct claims *c);

#endif
