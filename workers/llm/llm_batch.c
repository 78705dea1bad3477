/* llm_batch.c: see llm_batch.h. */
#include "workers/llm/llm_batch.h"
#include "workers/llm/lane.h"

const char *llm_batches(struct llm *l, const char *endpoint)
{
    const struct endpoint *e = endpoints_find(llm_wire(l).endpoints, endpoint);
    return e && e->config->batch && e->provider->batch ? e->config->name : NULL;
}

enum err llm_batch_submit(struct llm *l, const struct port_batch *b, port_batch_fn fn,
                          void *arg, uint64_t ticket)
{
    struct lane *n = NULL;
    enum err e = lane_new(l, b, fn, arg, ticket, &n);
    if (e)
        return e;
    e = lane_fill(n, b);
    e = e ? e : lane_submit(n);
    if (e)
        lane_free(n);
    return e;
}

enum err llm_batch_poll(struct llm *l, const struct port_batch *b,
                        port_batch_result_fn each, port_batch_fn fn, void *arg,
                        uint64_t ticket)
{
    struct lane *n = NULL;
    enum err e = lane_new(l, b, fn, arg, ticket, &n);
    if (e)
        return e;
    n->each = each;
    e = lane_look(n);
    if (e)
        lane_free(n);
    return e;
}
