/* lane.c: see lane.h. */
#include "workers/llm/lane.h"
#include "workers/llm/llm_tokens.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXCHANGE_MS (INT64_C(120) * 1000)

static enum err set_mark(struct lane *n, const struct port_batch *b)
{
    struct batch_place at = {.iteration = b->calls[0].iteration};
    char *end = NULL;
    at.index = (int)strtol(b->mark, &end, 10);
    if (!end || *end != '/')
        return ERR_BAD_VALUE;
    at.attempt = (int)strtol(end + 1, NULL, 10);
    batch_id_write(n->mark, n->campaign, n->stage, &at);
    return ERR_OK;
}

static enum err fill(struct lane *n, struct llm *l, const struct port_batch *b)
{
    const struct port_call *call = &b->calls[0];
    struct endpoints *list = llm_wire(l).endpoints;
    struct endpoint *e = endpoints_find(list, call->endpoint);
    const char *model = e ? endpoint_model(e, call->model) : "";
    if (!e || !e->provider->batch || !*model || b->count < 1 ||
        b->count > LANE_CALLS_MAX || strlen(model) >= sizeof n->model ||
        strlen(call->campaign) >= sizeof n->campaign ||
        strlen(call->stage) >= sizeof n->stage || strlen(b->name) >= sizeof n->name)
        return ERR_BAD_VALUE;
    n->endpoint = e;
    n->target = (struct batch_target){.http = llm_wire(l).http,
                                      .provider = e->provider,
                                      .config = e->config,
                                      .key = e->key,
                                      .deadline_ms = EXCHANGE_MS};
    memcpy(n->model, model, strlen(model) + 1);
    memcpy(n->campaign, call->campaign, strlen(call->campaign) + 1);
    memcpy(n->stage, call->stage, strlen(call->stage) + 1);
    memcpy(n->name, b->name, strlen(b->name) + 1);
    n->has_price = endpoint_price(list, e, n->model, &n->price);
    n->count = b->count;
    n->cancel = b->cancel;
    for (int i = 0; i < b->count; i++) {
        const struct port_call *c = &b->calls[i];
        n->slots[i] = (struct batch_slot){.index = c->index, .attempt = c->attempt};
        n->uses[i] = (struct lane_use){llm_prompt_tokens(c), llm_reply_tokens(c->ask),
                                       c->ask->schema != NULL};
    }
    return set_mark(n, b);
}

enum err lane_new(struct llm *l, const struct port_batch *b, port_batch_fn fn,
                  void *arg, uint64_t ticket, struct lane **out)
{
    struct lane *n = calloc(1, sizeof *n);
    if (!n)
        return ERR_NOMEM;
    enum err e = fill(n, l, b);
    if (e) {
        free(n);
        return e;
    }
    batch_shard_init(&n->shard, n->target.provider->batch, BATCH_SHARD_MAX_BYTES);
    batch_reader_init(&n->reader);
    n->fn = fn;
    n->arg = arg;
    n->ticket = ticket;
    n->since_ms = b->since_ms;
    *out = n;
    return ERR_OK;
}

void lane_free(struct lane *n)
{
    batch_shard_fini(&n->shard);
    batch_reader_fini(&n->reader);
    free(n);
}

void lane_end(struct lane *n, enum port_batch_state state)
{
    struct port_batch_status s = {
        .state = state, .name = n->found.name, .taken = n->shard.lines};
    n->fn(n->arg, n->ticket, &s);
    lane_free(n);
}

enum err lane_send(struct lane *n, enum batch_step step, const char *name,
                   batch_wire_fn fn)
{
    struct batch_order order = {step, name, &n->shard, n->mark};
    return batch_wire_send(&n->target, &order, fn, n, 0);
}
