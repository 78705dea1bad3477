/* worker.h: one worker process on a loop: admits inbox entries, takes control entries,
 * claims jobs and runs them, applies events. Presence by heartbeat. One thread; every
 * partition is polled; correctness rests on fences and compare-and-set alone. */
#ifndef BARKER_WORKERS_WORKER_H
#define BARKER_WORKERS_WORKER_H

#include "core/base/config.h"
#include "core/io/loop.h"
#include "core/io/redis.h"

struct worker;

/* redis must be open on the loop. The worker **borrows** loop, redis, config. */
enum err worker_new(struct loop *l, struct redis *r, const struct config *c,
                    struct worker **out, struct err_detail *d) MUST_USE;
/* done is called on the loop once every job was finished or given back. */
void worker_drain(struct worker *w, loop_fn done, void *arg);
void worker_drain_now(
    struct worker *w); /* second signal: give everything back at once */
/* Only after redis_free(): every command has settled then. */
void worker_free(struct worker *w);
const char *worker_id(const struct worker *w);

#endif
