/* jobs.h: the job of a campaign: claim, load, give back; presence of workers.
 *
 * One job per campaign, its id is the campaign's. The job hash is the truth; the short
 * ready stream's pending list is the only in-flight record (guides/QUEUES.md §5). Every
 * claim raises the fence; every later write carries it and is refused when stale.
 * Recovery by missed heartbeat only. All times are Redis TIME. */
#ifndef BARKER_QUEUES_JOBS_H
#define BARKER_QUEUES_JOBS_H

#include "queues/queue.h"
#include <stdbool.h>

/* What wakes a waiting job (bit mask). */
enum jobs_wake {
    JOBS_WAKE_TIME = 1,
    JOBS_WAKE_MAIL = 2,
    JOBS_WAKE_EVENTS = 4,
    JOBS_WAKE_CHILDREN = 8,
};

#define JOBS_CLAIMS_MAX 64 /* of one call */
#define JOBS_TERMS_BYTES (96 * 1024)

struct jobs_claim {
    const char *id;
    int64_t fence;
};
struct jobs_tick {
    const char *worker; /* id of this worker, new at each start and after fenced out */
    int slots;          /* jobs it can take now */
    int64_t lease_ms;   /* a worker silent longer loses its jobs */
    /* Those that came with their specs with the last call that was answered. */
    const struct jobs_claim *arrived;
    size_t arrived_count; /* at most JOBS_CLAIMS_MAX */
    int beat;             /* 1: renew presence (every heartbeat_ms), and reap others */
    /* Lines "tenant weight most": turns beside others' 1 (1 to 1000), campaigns in
     * flight over all workers (to 1000000, 0: no limit); each tenant once, at most 1000
     * of them and JOBS_TERMS_BYTES. Tenants that are not named weigh 1. NULL: "".
     * Sent with beats; what the last beat of any worker said holds. */
    const char *terms;
};
/* Renews presence, reaps jobs of silent workers, moves due → lanes → ready (as many as
 * are claimed in the same call), claims up to `slots`, at most JOBS_CLAIMS_MAX at once.
 * What nobody has held yet comes with its spec and the time of its admission: nothing
 * else is there, and jobs_load is not needed. A job whose worker fell silent is charged
 * one crash; a claim that is neither loaded nor said to have arrived within two leases
 * (its reply was lost) is taken back uncharged. ERR_INTERNAL: terms are malformed;
 * nothing is claimed. Reply:
 *  [redis_ms, alive (0: this worker was declared dead: drop everything, take a new id),
 *   inbox length, control length, events length,
 *   [[campaign, fence] or [campaign, fence, spec, created_ms], …] claimed,
 *   [campaign, …] poked (look at the mail now), backlog (jobs in lanes and ready),
 *   oldest_age_ms, recovered] */
enum err jobs_tick(struct queue *q, const struct jobs_tick *t, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;
/* Whether a row of `claimed` came with its spec. */
bool jobs_claim_is_fresh(const struct reply *claim);
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
 * `progress` that results_commit takes), 1 if there are more letters] or ERR_FENCED,
 * also when spec, checkpoint or another key that it needs is gone or damaged: then the
 * job is among the dead. At most 256 letters or 1 MiB of mail come at once. */
enum err jobs_load(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                   void *arg, uint64_t ticket) MUST_USE;
/* Letters from index `from` on: [[mail, …], 1 if there are more behind them]. */
enum err jobs_mail(struct queue *q, const char *id, int64_t fence, int from,
                   queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* Gives the job back uncharged (drain): it is ready for the next worker at once. Its
 * open reservations stay for jobs_load of the next holder. Reply ["ok"]. */
enum err jobs_release(struct queue *q, const char *id, int64_t fence, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;

#endif
