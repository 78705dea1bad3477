/* claims.c: see claims.h. */
#include "workers/claims.h"
#include "core/base/log.h"
#include <string.h>

void claims_init(struct claims *c, struct queue *q, struct ports_live *p,
                 struct runner *r)
{
    *c = (struct claims){.queue = q, .ports = p, .runner = r};
}

static void note(struct claims *c, const char *id, int64_t fence)
{
    if (c->count == JOBS_CLAIMS_MAX || strlen(id) >= sizeof c->arrived[0].id)
        return; /* taken back after two leases */
    struct claims_item *item = &c->arrived[c->count++];
    memcpy(item->id, id, strlen(id) + 1);
    item->fence = fence;
}

static void ignore_reply(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    (void)arg;
    (void)ticket;
    (void)e;
    (void)r;
}

static void give_back(struct claims *c, const char *id, int64_t fence, enum err why)
{
    log_event(LOG_ERROR, "job.not_started", "campaign", id, "code", err_code(why),
              NULL);
    enum err e = jobs_release(c->queue, id, fence, ignore_reply, NULL, 0);
    (void)e; /* else the claim is taken back after two leases */
}

void claims_take(struct claims *c, const struct reply *claimed, int64_t now_ms)
{
    c->count = 0;
    for (size_t i = 0; i < reply_count(claimed); i++) {
        const struct reply *job = reply_at(claimed, i);
        const char *id = reply_str(reply_at(job, 0), NULL);
        int64_t fence = reply_int(reply_at(job, 1));
        ports_live_offer(c->ports, job, now_ms);
        enum err e = runner_start(c->runner, id, fence);
        if (!e && jobs_claim_is_fresh(job))
            note(c, id, fence);
        ports_live_hand_over(c->ports);
        if (e)
            give_back(c, id, fence, e);
    }
}

size_t claims_tell(const struct claims *c, struct jobs_claim out[JOBS_CLAIMS_MAX])
{
    for (size_t i = 0; i < c->count; i++)
        out[i] = (struct jobs_claim){c->arrived[i].id, c->arrived[i].fence};
    return c->count;
}

void claims_forget(struct claims *c)
{
    c->count = 0;
}
