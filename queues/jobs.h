/* jobs.h: the job of a campaign: claim, load, give back; presence of workers.
 *
 * One job per campaign, its id is the campaign's. The job hash is the truth; the short
 * ready stream's pending list is the only in-flight record (guides/QUEUES.md §5). Every
 * claim raises the fence; every later write carries it and is refused when stale.
 * Recovery by missed heartbeat only. All times are Redis TIME. */
#ifndef BARKER_QUEUES_JOBS_H
#define BARKER_QUEUES_JOBS_H

#include "queues/queue.h"

/* What wakes a waiting job (bit mask). */
enum jobs_wake {
    JOBS_WAKE_TIME = 1,
    JOBS_WAKE_MAIL = 2,
    JOBS_WAKE_EVENTS = 4,
    JOBS_WAKE_CHILDREN = 8,
};

struct jobs_tick {
    const char *worker; /* id of this worker, new at each start and after fenced out */
    int slots;          /* jobs it can take now */
    int64_t lease_ms;   /* a worker silent longer loses its jobs */
    int beat;           /* 1: renew presence (every heartbeat_ms), and reap others */
};
/* Renews presence, reaps jobs of silent workers, moves due → lanes → ready (ready is
 * kept <= 2 x slots), claims up to `slots`, at most 64 at once. A job whose worker fell
 * silent is charged one crash; a claim that nobody loads within two leases (its reply
 * was lost) is taken back uncharged. Reply:
 *  [redis_ms, alive (0: this worker was declared dead: drop everything, take a new id),
 *   inbox length, control length, events length,
 *   [[campaign, fence], …] claimed, [campaign, …] poked (look at the mail now),
 *   backlog (jobs in lanes and ready), oldest_age_ms, recovered] */
enum err jobs_tick(struct queue *q, const struct jobs_tick *t, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;
/* The worker leaves: presence is removed once it holds nothing, and its id is used up.
 * Reply ["left"] or ["busy"]. */
enum err jobs_leave(struct queue *q, const char *worker, queue_fn fn, void *arg,
                    uint64_t ticket) MUST_USE;

/* Everything the holder needs, and the settlement of what earlier holders left open:
 * reservations of older fences become "lost" in the journal and count as spent
 * (possibly_billed). Reply: [redis_ms, spec, checkpoint or "", campaign hash (flat),
 * [[vid, flat variant hash], …], [mail, …], budget (flat), journal of the checkpoint's
 * stage and iteration (flat: "<index>/<attempt>" → record), children (flat id → state),
 * [[placement, flat placement hash, alloc JSON], …], number of the next commit (the
 * `progress` that results_commit takes)] or ERR_FENCED. At most 256 letters of mail
 * come at once; with more, the next wait ends at once. */
enum err jobs_load(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                   void *arg, uint64_t ticket) MUST_USE;
/* Mail that came since (index `from`): [[mail, …]]. */
enum err jobs_mail(struct queue *q, const char *id, int64_t fence, int from,
                   queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* Gives the job back uncharged (drain): it is ready for the next worker at once. Its
 * open reservations stay for jobs_load of the next holder. Reply ["ok"]. */
enum err jobs_release(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;

#endif
