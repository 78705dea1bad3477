/* ports_live.h: the runner's ports on Redis and HTTP. Store operations are repeated
 * after a lost connection until Redis answers or the job is fenced: all of them may be
 * sent twice. */
#ifndef BARKER_WORKERS_LIVE_PORTS_LIVE_H
#define BARKER_WORKERS_LIVE_PORTS_LIVE_H

#include "queues/queue.h"
#include "workers/llm/llm.h"
#include "workers/run/ports.h"
#include "workers/zones.h"

struct ports_live;

struct ports_live_options {
    struct queue *queue; /* borrows */
    struct llm *llm;     /* borrows */
    struct loop *loop;
    const struct channel_set *channels; /* borrows */
    struct zones *zones;                /* borrows */
    const struct config *config;        /* borrows; of tenants; NULL: none is limited */
    loop_fn on_room; /* calls may be admitted again, see ports.admit; may be NULL */
    void *room_arg;
    int64_t rerank_events, rerank_ms;
    int64_t leave_ms; /* a leave to call that took longer is asked for again; 0: none */
};
enum err ports_live_new(const struct ports_live_options *o,
                        struct ports_live **out) MUST_USE;
/* Only after redis and llm have settled everything. */
void ports_live_free(struct ports_live *p);
/* The worker ends: what tenants' money it holds goes back, no more is taken. */
void ports_live_leave(struct ports_live *p);
/* Before a claim (a row of the reply of jobs_tick) is started: if its spec came with
 * it, its load does not ask Redis; hand_over, after that, ends the load. **borrows** it
 * until then. */
void ports_live_offer(struct ports_live *p, const struct reply *claim, int64_t now_ms);
void ports_live_hand_over(struct ports_live *p);
struct ports ports_live_table(struct ports_live *p);

#endif
