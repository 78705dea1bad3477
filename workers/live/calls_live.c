/* calls_live.c: see calls_live.h. */
#include "workers/live/calls_live.h"
#include "workers/live/ports_live_state.h"
#include <stdlib.h>

/* The call as one whose tenant has so much left of the day. */
static struct port_call bounded(struct ports_live *p, const struct port_call *call)
{
    struct port_call there = *call;
    int64_t below = purses_room(p->purses, call->tenant) + 1;
    there.has_budget = there.has_purse = true;
    there.at_hand_nano = purses_at_hand(p->purses, call->tenant);
    if (there.below_nano <= 0 || below < there.below_nano)
        there.below_nano = below;
    return there;
}

bool calls_live_admit(void *self, const struct port_call *call, int waiting,
                      struct port_grant *out)
{
    struct ports_live *p = self;
    if (!purses_limit(p->purses, call->tenant))
        return llm_admit(p->llm, call, waiting, out);
    struct port_call there = bounded(p, call);
    if (llm_admit(p->llm, &there, waiting, out)) {
        purses_take(p->purses, call->tenant, out->most_nano, out);
        return true;
    }
    if (out->most_nano <= 0)
        return false;
    /* asks for it, or tells people that the day is over */
    enum err e = purses_check(p->purses, call->tenant, out->most_nano, waiting);
    if (!out->refused && e != ERR_BUSY)
        out->refused = e;
    return false;
}

void calls_live_forgo(void *self, const struct port_grant *grant)
{
    struct ports_live *p = self;
    llm_forgo(p->llm, grant);
    purses_forgo(p->purses, grant);
}

int64_t calls_live_closed_ms(void *self, const struct port_call *call)
{
    struct ports_live *p = self;
    if (!purses_limit(p->purses, call->tenant))
        return llm_closed_ms(p->llm, call);
    struct port_call there = bounded(p, call);
    return llm_closed_ms(p->llm, &there);
}

struct port_estimate calls_live_estimate(void *self, const struct port_call *call)
{
    struct ports_live *p = self;
    return llm_estimate(p->llm, call);
}

/* A call that holds money of its tenant; also if its run is gone by the end. */
struct paid_call {
    struct ports_live *owner;
    struct port_grant grant;
    port_call_fn fn;
    void *arg;
};

static void on_paid_call(void *arg, uint64_t ticket,
                         const struct port_call_result *result)
{
    struct paid_call c = *(struct paid_call *)arg;
    free(arg);
    purses_settle(c.owner->purses, &c.grant, result->usd_nano);
    c.fn(c.arg, ticket, result);
}

enum err calls_live_call(void *self, const struct port_call *call, port_call_fn fn,
                         void *arg, uint64_t ticket, uint64_t *call_id)
{
    struct ports_live *p = self;
    if (!call->grant.purse)
        return llm_call(p->llm, call, fn, arg, ticket, call_id);
    struct paid_call *c = malloc(sizeof *c);
    if (!c)
        return ERR_NOMEM;
    *c = (struct paid_call){p, call->grant, fn, arg};
    struct port_call there = bounded(p, call); /* as it was admitted */
    enum err e = llm_call(p->llm, &there, on_paid_call, c, ticket, call_id);
    if (e)
        free(c);
    return e;
}

void calls_live_cancel(void *self, uint64_t call_id)
{
    struct ports_live *p = self;
    llm_cancel(p->llm, call_id);
}
