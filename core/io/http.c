/* http.c: requests of the HTTP client, from http_send() to their one settlement. */
#include "core/io/http.h"
#include "core/base/idmap.h"
#include "core/io/http_limits.h"
#include "core/io/http_multi.h"
#include <stdlib.h>
#include <string.h>

#define DEFAULT_CONNECTIONS 256
#define MULTIS_MIN 4
#define MULTIS_MAX 128
#define CALLS_PER_MULTI 96 /* all of them fit on one connection of HTTP/2 */

struct http {
    struct loop *loop;
    struct http_multi **multis; /* **owns** */
    int multi_count;
    struct http_pool pool;
    char *ca_file;      /* **owns**, or NULL */
    struct idmap calls; /* not yet settled */
    size_t in_flight;
    /* a call is on one of these: running, ended, about to be settled in this turn */
    struct list running, ended, settling;
    struct http_limiter *limiter; /* **owns** */
    struct loop_timer *late; /* stands in for a deferred call when memory is short */
    bool deferred, closing;
    int holds; /* owner, deferred call, settling: the last one frees */
};

static void http_release(struct http *h)
{
    if (--h->holds == 0) {
        idmap_fini(&h->calls);
        free(h->multis);
        free(h->ca_file);
        free(h);
        curl_global_cleanup();
    }
}

static void settle_call(struct http *h, struct http_call *c)
{
    struct http_reply r;
    list_remove(&c->node);
    (void)idmap_take(&h->calls, c->id);
    h->in_flight--;
    http_call_reply(c, &r);
    c->fn(c->arg, c->ticket, &r);
    if (h->closing) {
        http_call_free(c); /* the pool is gone, or about to go */
    } else {
        http_pool_give(&h->pool, c);
    }
}

static void settle_list(struct http *h, struct list *calls)
{
    while (!list_empty(calls)) {
        settle_call(h, list_item(calls->next, struct http_call, node));
    }
}

static void http_settle(struct http *h)
{
    h->holds++;
    while (!list_empty(&h->ended)) {
        struct list *node = h->ended.next;
        list_remove(node);
        list_push(&h->settling, node);
    }
    settle_list(h,
                &h->settling); /* a callback may free h's insides; then it is empty */
    for (int i = 0; !h->closing && i < h->multi_count; i++) {
        http_multi_kick(h->multis[i]); /* starts what the callbacks sent */
    }
    http_release(h);
}

static void on_deferred(void *arg)
{
    struct http *h = arg;
    h->deferred = false;
    if (!h->closing) {
        http_settle(h);
    }
    http_release(h);
}

static void on_late(void *arg)
{
    http_settle(arg);
}

static void call_ended(struct http *h, struct http_call *c)
{
    c->multi = NULL;
    http_limiter_forget(h->limiter, c);
    list_remove(&c->node);
    list_push(&h->ended, &c->node);
    if (h->deferred) {
        return;
    }
    h->deferred = loop_defer(h->loop, on_deferred, h) == ERR_OK;
    if (h->deferred) {
        h->holds++;
    } else {
        loop_timer_start(h->late, 0, 0);
    }
}

static void on_transfer_done(void *arg, CURL *easy, CURLcode result)
{
    char *private = NULL;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
    struct http_call *c = (struct http_call *)(void *)private;
    http_call_end(c, result);
    call_ended(arg, c);
}

static void on_limit(void *arg, struct http_call *c, enum http_limit broken)
{
    http_multi_remove(c->multi, c->easy);
    http_call_break(c, broken);
    call_ended(arg, c);
}

static void http_close(struct http *h)
{
    for (int i = 0; i < h->multi_count; i++) {
        http_multi_free(h->multis[i]);
    }
    h->multi_count = 0;
    http_pool_fini(&h->pool);
    http_limiter_free(h->limiter);
    if (h->late) {
        loop_timer_free(h->late);
    }
    http_release(h);
}

/* Servers take 100 streams on a connection and more. A transfer that finds it full
 * opens one of its own, with its own TLS state, while others would have room: so each
 * multi is given no more than fit. */
static int multis_for(int connections)
{
    int multis = (connections + CALLS_PER_MULTI - 1) / CALLS_PER_MULTI;
    return multis < MULTIS_MIN ? MULTIS_MIN : multis > MULTIS_MAX ? MULTIS_MAX : multis;
}

enum err http_new(struct loop *l, const struct http_options *o, struct http **out)
{
    int connections =
        o && o->max_connections > 0 ? o->max_connections : DEFAULT_CONNECTIONS;
    int multis = o && o->multis > 0 ? o->multis : multis_for(connections);
    struct http *h = calloc(1, sizeof *h);
    if (!h || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return ERR_NOMEM;
    }
    h->loop = l;
    h->holds = 1;
    idmap_init(&h->calls);
    list_init(&h->running);
    list_init(&h->ended);
    list_init(&h->settling);
    http_pool_init(&h->pool, (size_t)connections);
    h->multis = calloc((size_t)multis, sizeof(struct http_multi *));
    enum err e = h->multis ? loop_timer_new(l, on_late, h, &h->late) : ERR_NOMEM;
    if (!e && o && o->ca_file && *o->ca_file) {
        h->ca_file = strdup(o->ca_file);
        e = h->ca_file ? ERR_OK : ERR_NOMEM;
    }
    e = e ? e : http_limiter_new(l, on_limit, h, &h->limiter);
    long idle = (connections + multis - 1) / multis;
    while (!e && h->multi_count < multis) {
        struct http_multi **m = &h->multis[h->multi_count];
        e = http_multi_new(l, idle, on_transfer_done, h, m);
        h->multi_count += !e;
    }
    if (e) {
        http_close(h);
        return e;
    }
    *out = h;
    return ERR_OK;
}

/* The least loaded; with little to do that is always the first one, so that its
 * connections stay warm. */
static struct http_multi *multi_pick(const struct http *h)
{
    struct http_multi *best = h->multis[0];
    for (int i = 1; i < h->multi_count; i++) {
        if (http_multi_load(h->multis[i]) < http_multi_load(best)) {
            best = h->multis[i];
        }
    }
    return best;
}

static enum err call_start(struct http *h, struct http_call *c)
{
    if (c->deadline_ms <= 0) {
        http_call_break(c, HTTP_LIMIT_TOTAL);
        call_ended(h, c);
        return ERR_OK;
    }
    struct http_multi *m = multi_pick(h);
    enum err e = http_multi_add(m, c->easy);
    if (!e) {
        c->multi = m;
        list_push(&h->running, &c->node);
        if (c->limits.tls_ms > 0) {
            http_limiter_watch(h->limiter, c);
        }
    }
    return e;
}

enum err http_send(struct http *h, const struct http_request *q, http_fn fn, void *arg,
                   uint64_t ticket, uint64_t *id)
{
    if (h->closing) {
        return ERR_CANCELLED;
    }
    struct http_call *c = http_pool_take(&h->pool);
    if (!c) {
        return ERR_NOMEM;
    }
    c->limiter = h->limiter;
    c->fn = fn;
    c->arg = arg;
    c->ticket = ticket;
    enum err e = http_call_prepare(c, q, h->ca_file);
    c->id = e ? 0 : idmap_put(&h->calls, c);
    e = e || c->id ? e : ERR_NOMEM;
    e = e ? e : call_start(h, c);
    if (e) {
        (void)idmap_take(&h->calls, c->id);
        http_pool_give(&h->pool, c);
        return e;
    }
    h->in_flight++;
    *id = c->id;
    return ERR_OK;
}

void http_cancel(struct http *h, uint64_t id)
{
    struct http_call *c = idmap_get(&h->calls, id);
    if (!c || !c->multi) {
        return; /* settled, or ended and about to be: what came back is kept */
    }
    http_multi_remove(c->multi, c->easy);
    http_call_abort(c);
    call_ended(h, c);
}

void http_first_token(struct http *h, uint64_t id)
{
    struct http_call *c = idmap_get(&h->calls, id);
    if (c && c->multi && !c->token_us) {
        http_call_token(c);
    }
}

void http_free(struct http *h)
{
    check(!h->closing);
    h->closing = true;
    list_each_safe (node, after, &h->running) {
        struct http_call *c = list_item(node, struct http_call, node);
        http_cancel(h, c->id);
    }
    settle_list(h, &h->settling);
    settle_list(h, &h->ended);
    http_close(h);
}

size_t http_in_flight(const struct http *h)
{
    return h->in_flight;
}

const char *http_reply_header(const struct http_reply *r, const char *name)
{
    return http_headers_get(r->headers, name);
}

bool http_reply_may_have(const struct http_reply *r, const char *start)
{
    return http_headers_may_have(r->headers, start);
}

const char *http_reply_next(const struct http_reply *r, const char *before,
                            const char **value)
{
    return http_headers_next(r->headers, before, value);
}
