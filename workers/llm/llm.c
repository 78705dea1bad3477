/* llm.c: calls in flight. Each is found by its id only, and settles once: from the HTTP
 * client, or, when there was nothing to send it to, from a deferred call. */
#include "workers/llm/llm.h"
#include "core/base/clock.h"
#include "workers/llm/llm_limits.h"
#include "workers/llm/llm_span.h"
#include "workers/llm/llm_state.h"
#include "workers/llm/llm_tokens.h"
#include <stdlib.h>
#include <string.h>

#define REPLY_MAX_BYTES ((size_t)2 * 1024 * 1024)
#define STREAM_MAX_BYTES                                                               \
    ((size_t)64 * 1024 * 1024) /* a token of four letters takes some 250 bytes */
#define CONNECTIONS_MIN 64
#define IDLE_CALLS_MAX 64

static void llm_release(struct llm *l)
{
    if (--l->holds == 0)
        free(l);
}

static enum err send_hedge(void *arg, struct llm_call *c);
static void cancel_transfer(void *arg, struct llm_call *c);

static enum err open_hedger(struct llm *l)
{
    struct hedger_options o = {
        .loop = l->loop, .send = send_hedge, .cancel = cancel_transfer, .arg = l};
    return hedger_new(&o, &l->hedger);
}

static void on_room(void *arg)
{
    struct llm *l = arg;
    if (l->options.on_room)
        l->options.on_room(l->options.room_arg);
    if (l->hedger)
        hedger_room(l->hedger);
}

static enum err open_gates(struct llm *l)
{
    struct admission_options o = {.loop = l->loop,
                                  .queue = l->options.queue,
                                  .endpoints = &l->endpoints,
                                  .config = l->options.config,
                                  .timeout_ms = l->options.timeout_ms,
                                  .on_room = on_room,
                                  .room_arg = l};
    enum err e = admission_new(&o, &l->admission);
    struct targets_options t = {.loop = l->loop,
                                .endpoints = &l->endpoints,
                                .admission = l->admission,
                                .on_room = on_room,
                                .room_arg = l};
    return e ? e : targets_new(&t, &l->targets);
}

enum err llm_new(struct loop *l, const struct llm_options *o, struct llm **out,
                 struct err_detail *d)
{
    struct llm *llm = calloc(1, sizeof *llm);
    if (!llm)
        return ERR_NOMEM;
    llm->loop = l;
    llm->options = *o;
    llm->holds = 1;
    llm_limits_read(&llm->limits, o->config);
    list_init(&llm->unsent);
    list_init(&llm->idle);
    list_init(&llm->looking);
    llm->cache.ttl_s = config_int(o->config, "llm", "cache_ttl_s");
    if (llm->cache.ttl_s > 0)
        llm->cache.queue = o->queue;
    idmap_init(&llm->calls);
    int64_t calls = config_int(o->config, "worker", "concurrency");
    struct http_options http = {.max_connections = calls < CONNECTIONS_MIN
                                                       ? CONNECTIONS_MIN
                                                   : calls > INT16_MAX ? INT16_MAX
                                                                       : (int)calls,
                                .ca_file = config_str(o->config, "llm", "ca_file")};
    enum err e = endpoints_init(&llm->endpoints, o->config, d);
    if (!e)
        e = http_new(l, &http, &llm->http);
    if (!e)
        e = open_gates(llm);
    if (!e)
        e = open_hedger(llm);
    if (e) {
        if (llm->http)
            http_free(llm->http);
        targets_free(llm->targets);
        admission_free(llm->admission);
        endpoints_fini(&llm->endpoints);
        free(llm);
        return e;
    }
    *out = llm;
    return ERR_OK;
}

static struct llm_call *take_call(struct llm *l)
{
    if (list_empty(&l->idle))
        return llm_call_new();
    struct llm_call *c = list_item(l->idle.prev, struct llm_call, node);
    list_remove(&c->node);
    l->idle_count--;
    return c;
}

static void give_call(struct llm *l, struct llm_call *c)
{
    if (l->closing || l->idle_count >= IDLE_CALLS_MAX || !llm_call_reset(c)) {
        llm_call_free(c);
        return;
    }
    list_push(&l->idle, &c->node);
    l->idle_count++;
}

/* The end of a call: what it leaves behind, and whoever waits for it. */
static void settle(struct llm *l, struct llm_call *c)
{
    (void)idmap_take(&l->calls, c->id);
    if (c->twin)
        (void)idmap_take(&l->calls, c->twin->id);
    if (c->span && !c->cached)
        llm_span_end(c->span, c);
    if (!c->cached)
        llm_cache_keep(&l->cache, &c->cache_key, &llm_call_winner(c)->reply);
    c->fn(c->arg, c->ticket, &c->result);
    give_call(l, c);
}

static void settle_unsent(struct llm *l, struct llm_call *c)
{
    list_remove(&c->node);
    llm_call_end(c, NULL);
    settle(l, c);
}

static void settle_all_unsent(struct llm *l)
{
    while (!list_empty(&l->unsent))
        settle_unsent(l, list_item(l->unsent.next, struct llm_call, node));
}

/* Those that are looked up: what the cache says comes too late for them. */
static void cancel_looking(struct llm *l)
{
    while (!list_empty(&l->looking)) {
        struct llm_call *c = list_item(l->looking.next, struct llm_call, node);
        provider_fail(&c->reply, ERR_CANCELLED, false, "cancelled");
        settle_unsent(l, c);
    }
}

static void on_deferred(void *arg)
{
    struct llm *l = arg;
    l->deferred = false;
    settle_all_unsent(l); /* a callback may free l: then the list is empty */
    llm_release(l);
}

void llm_free(struct llm *l)
{
    if (!l)
        return;
    check(!l->closing);
    l->closing = true;
    http_free(l->http);
    cancel_looking(l);
    settle_all_unsent(l);
    while (!list_empty(&l->idle))
        llm_call_free(take_call(l));
    idmap_fini(&l->calls);
    hedger_free(l->hedger);
    targets_free(l->targets);
    admission_free(l->admission);
    endpoints_fini(&l->endpoints);
    llm_release(l);
}

bool llm_admit(struct llm *l, const struct port_call *call, int waiting,
               struct port_grant *out)
{
    return targets_admit(l->targets, call, waiting, out);
}

void llm_forgo(struct llm *l, const struct port_grant *grant)
{
    targets_forgo(l->targets, grant);
}

void llm_leave(struct llm *l)
{
    admission_leave(l->admission);
}

static void on_http(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct llm *l = arg;
    struct llm_call *c = idmap_get(&l->calls, ticket);
    check(c);
    llm_call_end(c, r);
    c = hedger_end(l->hedger, c);
    if (!c)
        return;
    l->holds++; /* the callback may free l */
    settle(l, c);
    llm_release(l);
}

static enum http_take on_body(void *arg, uint64_t ticket,
                              const struct http_reply *so_far, const char *bytes,
                              size_t n)
{
    struct llm *l = arg;
    struct llm_call *c = idmap_get(&l->calls, ticket);
    bool begun = c->stream.begun;
    enum http_take take = llm_call_feed(c, so_far, bytes, n);
    if (c->stream.begun && !begun) {
        http_first_token(l->http, c->http_id);
        hedger_began(l->hedger, c);
    }
    return take;
}

static enum err defer(struct llm *l, struct llm_call *c)
{
    if (!l->deferred) {
        enum err e = loop_defer(l->loop, on_deferred, l);
        if (e)
            return e;
        l->deferred = true;
        l->holds++;
    }
    list_push(&l->unsent, &c->node);
    return ERR_OK;
}

/* The second request is the first one under another id, with what is left of the time.
 */
static enum err send(struct llm *l, struct llm_call *c)
{
    const struct llm_call *first = c->is_hedge ? c->twin : c;
    const struct provider_request *q = &first->request;
    struct http_header headers[PROVIDER_HEADERS_MAX];
    for (size_t i = 0; c->is_hedge && i < q->header_count; i++) {
        headers[i] = q->headers[i];
        if (headers[i].value == q->call_id)
            headers[i].value = c->request.call_id;
    }
    c->sent_us = c->may_hedge ? clock_mono_us() : 0;
    int64_t passed_ms = (c->sent_us - first->sent_us) / 1000;
    struct http_request request = {
        .method = "POST",
        .url = buf_str(&q->url),
        .headers = c->is_hedge ? headers : q->headers,
        .header_count = q->header_count,
        .body = buf_str(&q->body),
        .body_len = q->body.len,
        .connect_timeout_ms = l->options.connect_timeout_ms,
        .deadline_ms = l->options.timeout_ms - passed_ms,
        .limits = llm_limits_of(&l->limits, q->stream),
        .max_reply_bytes = q->stream ? STREAM_MAX_BYTES : REPLY_MAX_BYTES,
        .on_body = q->stream ? on_body : NULL,
    };
    return http_send(l->http, &request, on_http, l, c->id, &c->http_id);
}

static enum err send_hedge(void *arg, struct llm_call *c)
{
    struct llm *l = arg;
    c->id = l->closing ? 0 : idmap_put(&l->calls, c);
    enum err e = c->id ? send(l, c) : ERR_NOMEM;
    if (e)
        (void)idmap_take(&l->calls, c->id);
    return e;
}

static void cancel_transfer(void *arg, struct llm_call *c)
{
    struct llm *l = arg;
    http_cancel(l->http, c->http_id);
}

/* Not in the cache, or not to be had in time: it is sent, unless its leave ran out. */
static enum err send_after_all(struct llm *l, struct llm_call *c, enum err why)
{
    provider_reply_reset(&c->reply); /* of what was read and not believed */
    bool late = why == ERR_CANCELLED || !admission_is_fresh(&c->grant);
    enum err e = late ? ERR_CANCELLED : send(l, c);
    if (e)
        provider_fail(&c->reply, e, e == ERR_NOMEM, "%s", err_meaning(e));
    else
        hedger_watch(l->hedger, c);
    return e;
}

static void on_looked_up(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct llm *l = arg;
    struct llm_call *c = l->closing ? NULL : idmap_get(&l->calls, ticket);
    if (c && c->looking) {
        list_remove(&c->node);
        c->looking = false;
        c->cached = !e && llm_cache_read(r, &c->reply);
        if (c->cached || send_after_all(l, c, e))
            settle_unsent(l, c);
    }
    llm_release(l);
}

static bool look_up(struct llm *l, struct llm_call *c, const struct port_call *call)
{
    if (!l->cache.queue || call->ask->type != ASK_CHAT)
        return false;
    llm_cache_name(&c->cache_key, c->endpoint->config, c->model, &c->request, call);
    if (llm_cache_find(&l->cache, &c->cache_key, on_looked_up, l, c->id))
        return false; /* it cannot be asked */
    l->holds++;
    c->looking = true;
    list_push(&l->looking, &c->node);
    return true;
}

enum err llm_call(struct llm *l, const struct port_call *call, port_call_fn fn,
                  void *arg, uint64_t ticket, uint64_t *call_id)
{
    if (l->closing || !admission_is_fresh(&call->grant))
        return ERR_CANCELLED;
    struct llm_call *c = take_call(l);
    if (!c)
        return ERR_NOMEM;
    c->fn = fn;
    c->arg = arg;
    c->ticket = ticket;
    if (l->options.otlp)
        c->span = llm_span_new(l->options.otlp, call);
    c->id = idmap_put(&l->calls, c);
    enum err e = c->id ? llm_call_prepare(c, &l->endpoints, call) : ERR_NOMEM;
    if (!e)
        e = !c->endpoint ? defer(l, c) : look_up(l, c, call) ? ERR_OK : send(l, c);
    if (e) {
        (void)idmap_take(&l->calls, c->id);
        give_call(l, c);
        return e;
    }
    c->admission = l->admission;
    c->targets = l->targets;
    c->has_fallback = targets_count(l->targets, call) > 1;
    c->grant = call->grant;
    if (c->endpoint && !c->looking)
        hedger_watch(l->hedger, c);
    *call_id = c->id;
    return ERR_OK;
}

/* Without memory it settles when the cache has answered. */
static void cancel_lookup(struct llm *l, struct llm_call *c)
{
    list_remove(&c->node);
    if (defer(l, c)) {
        list_push(&l->looking, &c->node);
        return;
    }
    c->looking = false;
    provider_fail(&c->reply, ERR_CANCELLED, false, "cancelled");
}

void llm_cancel(struct llm *l, uint64_t call_id)
{
    struct llm_call *c = idmap_get(&l->calls, call_id);
    if (!c || !c->endpoint)
        return;
    if (c->looking) {
        cancel_lookup(l, c);
        return;
    }
    if (!c->http_id)
        return; /* never sent: it is about to settle */
    hedger_forget(l->hedger, c);
    http_cancel(l->http, c->http_id); /* over: no-op */
    if (c->twin)
        http_cancel(l->http, c->twin->http_id);
}

struct llm_wire llm_wire(struct llm *l)
{
    return (struct llm_wire){.http = l->http, .endpoints = &l->endpoints};
}
