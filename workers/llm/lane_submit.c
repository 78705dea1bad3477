/* lane_submit.c: upload, then create. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/llm/lane.h"

/* Later somebody else may already have looked for the batch in vain, and sent the calls
 * again (SEARCH_MS of run_batch.c): so none is made any more. The exchange that makes
 * it may take two minutes more. */
#define LATE_MS (INT64_C(5) * 60 * 1000)

static enum err add(struct lane *n, const struct port_call *call)
{
    struct provider_request q;
    char id[BATCH_ID_SIZE];
    struct batch_place at = {call->iteration, call->index, call->attempt};
    provider_request_init(&q);
    q.without = endpoint_without(n->endpoint, n->model);
    batch_id_write(id, call->campaign, call->stage, &at);
    enum err e =
        n->target.provider->build(n->target.config, n->target.key, n->model, call, &q);
    if (!e)
        e = batch_shard_add(&n->shard, id, &q);
    provider_request_fini(&q);
    return e;
}

enum err lane_fill(struct lane *n, const struct port_batch *b)
{
    for (int i = 0; i < b->count; i++) {
        enum err e = add(n, &b->calls[i]);
        if (e)
            return n->shard.lines ? ERR_OK : e;
    }
    return ERR_OK;
}

static void tell(const struct lane *n, const struct batch_status *s)
{
    log_event(LOG_WARN, "batch.not_made", "campaign", n->campaign, "endpoint",
              n->target.config->name, "code", err_code(s->code), "message", s->message,
              NULL);
}

/* Errors after which there can be no batch. */
static bool is_not_made(enum err code)
{
    return code == ERR_UNSENT || code == ERR_RATE || code == ERR_CONCURRENCY ||
           code == ERR_MONEY || code == ERR_AUTH || code == ERR_BAD_REQUEST;
}

static void on_created(void *arg, uint64_t ticket, const struct batch_status *s)
{
    struct lane *n = arg;
    (void)ticket;
    if (!s->code)
        n->found = *s;
    else
        tell(n, s);
    lane_end(n, !s->code               ? PORT_BATCH_WORKING
                : is_not_made(s->code) ? PORT_BATCH_REFUSED
                                       : PORT_BATCH_UNREACHABLE);
}

static bool is_late(const struct lane *n)
{
    return clock_mono_ms() - n->since_ms > LATE_MS;
}

static void on_uploaded(void *arg, uint64_t ticket, const struct batch_status *s)
{
    struct lane *n = arg;
    (void)ticket;
    if (s->code)
        tell(n, s);
    if (s->code == ERR_CANCELLED) /* the worker ends: to be searched for, in vain */
        lane_end(n, PORT_BATCH_UNREACHABLE);
    else if (s->code || is_late(n) || lane_send(n, BATCH_CREATE, s->name, on_created))
        lane_end(n, PORT_BATCH_REFUSED);
}

enum err lane_submit(struct lane *n)
{
    if (is_late(n))
        return ERR_DEADLINE;
    return n->target.provider->batch->has_files
               ? lane_send(n, BATCH_UPLOAD, "", on_uploaded)
               : lane_send(n, BATCH_CREATE, "", on_created);
}
