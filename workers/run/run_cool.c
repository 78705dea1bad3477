/* run_cool.c: a run whose asks wait for endpoints that are closed, or for the end of a
 * long backoff, holds a job slot for nothing. When no other is free it gives the job
 * up, and any worker takes it when the first ask may go on. Nothing is under way then,
 * so there is nothing to keep but what the journal has. While slots are free it stays:
 * it goes on in the moment in which an endpoint opens. */
#include "core/base/log.h"
#include "workers/run/run.h"
#include <inttypes.h>
#include <stdio.h>

/* A hint may ask for more: it is looked at again. */
#define COOL_MAX_MS (INT64_C(15) * 60 * 1000)
#define ASK_TYPES (ASK_SPAWN + 1)
#define JITTER_PART 10 /* up to a tenth more, so that not all come back at once */

struct cooling { /* asked once for each type of call */
    bool known[ASK_TYPES];
    int64_t closed_ms[ASK_TYPES];
};

static int64_t closed_ms(const struct run *run, int index, struct cooling *c)
{
    const struct runner *r = run->runner;
    struct port_call call = run_call_of(run, index);
    enum ask_type type = call.ask->type;
    if (!ask_is_call(type) || run_batch_wants(run, index))
        return 0;
    if (!c->known[type]) {
        int64_t ms = r->ports.closed_ms(r->ports.self, &call);
        /* a probe of another run: soon there is news, or it hangs */
        c->closed_ms[type] = ms == INT64_MAX ? r->options.park_ms : ms;
        c->known[type] = true;
    }
    return c->closed_ms[type];
}

/* For how long it will surely not go on; INT64_MAX: it is not waited for. */
static int64_t idle_ms(const struct run *run, int index, struct cooling *c)
{
    const struct runner *r = run->runner;
    const struct run_ask *a = &run->asks[index];
    switch (a->state) {
    case RUN_ASK_IDLE:
        return closed_ms(run, index, c);
    case RUN_ASK_BACKOFF:
        return a->until_ms - r->ports.now_ms(r->ports.self);
    case RUN_ASK_SHORT:
    case RUN_ASK_SETTLED:
    case RUN_ASK_BATCHED:
        return INT64_MAX;
    default:
        return 0;
    }
}

/* The least of all asks; 0 if that is too little to be worth it, or there is none. */
static int64_t least_idle_ms(const struct run *run)
{
    const struct runner *r = run->runner;
    struct cooling c = {{false}, {0}};
    int64_t least = INT64_MAX;
    for (int i = 0; i < run->ask_count; i++) {
        int64_t ms = idle_ms(run, i, &c);
        if (ms < r->options.park_ms)
            return 0;
        least = ms < least ? ms : least;
    }
    return least == INT64_MAX ? 0 : least < COOL_MAX_MS ? least : COOL_MAX_MS;
}

bool run_cool(struct run *run)
{
    struct runner *r = run->runner;
    char text[24];
    if (r->options.park_ms <= 0 || run->busy > 0 || run_is_stopping(run) ||
        r->counts.jobs < r->options.max_jobs)
        return false;
    int64_t ms = least_idle_ms(run);
    if (ms == 0)
        return false;
    if (!run_is_quiet(run) && ms > r->options.batch_poll_ms)
        ms = r->options.batch_poll_ms; /* some are in batches */
    ms += (int64_t)rng_below(&r->rng, (uint64_t)(ms / JITTER_PART) + 1);
    (void)snprintf(text, sizeof text, "%" PRId64, ms);
    log_event(LOG_INFO, "campaign.cooling", "campaign", run->id, "ms", text, NULL);
    run_rest(run, ms, "cooling");
    return true;
}
