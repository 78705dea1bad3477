/* batch_live.c: see batch_live.h. */
#include "workers/live/batch_live.h"
#include "core/base/clock.h"
#include "workers/live/ports_live_state.h"
#include "workers/live/store_op.h"
#include "workers/llm/llm_batch.h"
#include <string.h>

const char *batch_live_takes(void *self, const char *tenant, const char *endpoint)
{
    const struct ports_live *p = self;
    return !purses_limit(p->purses, tenant) ? llm_batches(p->llm, endpoint) : NULL;
}

int64_t batch_live_now_ms(void *self)
{
    (void)self;
    return clock_mono_ms();
}

enum err batch_live_submit(void *self, const struct port_batch *b, port_batch_fn fn,
                           void *arg, uint64_t ticket)
{
    struct ports_live *p = self;
    return llm_batch_submit(p->llm, b, fn, arg, ticket);
}

enum err batch_live_poll(void *self, const struct port_batch *b,
                         port_batch_result_fn each, port_batch_fn fn, void *arg,
                         uint64_t ticket)
{
    struct ports_live *p = self;
    return llm_batch_poll(p->llm, b, each, fn, arg, ticket);
}

enum err batch_live_hold(void *self, const struct port_place *at,
                         const struct port_hold *hold, const int *index,
                         const int *attempt, int count, port_done_fn fn, void *arg,
                         uint64_t ticket)
{
    struct store_op *op =
        store_op_new(self, STORE_HOLD, at->campaign, at->fence, arg, ticket);
    if (!op)
        return ERR_NOMEM;
    op->fn.done = fn;
    op->delay_ms = hold->delay_ms;
    op->count = count;
    bool fits = count <= STORE_BATCH_MAX && strlen(hold->name) < sizeof op->name &&
                strlen(hold->why) < sizeof op->why;
    enum err e = fits ? store_op_place(op, at) : ERR_LIMIT;
    if (e) {
        store_op_free(op);
        return e;
    }
    memcpy(op->name, hold->name, strlen(hold->name) + 1);
    memcpy(op->why, hold->why, strlen(hold->why) + 1);
    for (int i = 0; i < count; i++)
        op->calls[i] = (struct journal_call){.index = index[i], .attempt = attempt[i]};
    return store_op_start(op);
}
