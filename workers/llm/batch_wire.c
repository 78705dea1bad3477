/* batch_wire.c: see batch_wire.h. */
#include "workers/llm/batch_wire.h"
#include "core/base/clock.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_MAX_BYTES ((size_t)2 << 20) /* a page of 100 batches; an error */
#define RESULTS_MAX 64 /* as many calls as a batch has, see ports.h */
#define RESULTS_MAX_BYTES (RESULTS_MAX * BATCH_LINE_MAX_BYTES)

struct exchange {
    const struct batch_target *target;
    struct batch_request request;
    char name[BATCH_NAME_SIZE], mark[BATCH_ID_SIZE];
    struct batch_order order;
    struct batch_reader *reader; /* of RESULTS */
    size_t kept_bytes;           /* of an error instead of them */
    batch_wire_fn fn;
    void *arg;
    uint64_t ticket;
};

static void exchange_free(struct exchange *x)
{
    batch_request_fini(&x->request);
    free(x);
}

/* An error body is kept, to be read. */
static enum http_take on_body(void *arg, uint64_t ticket,
                              const struct http_reply *so_far, const char *bytes,
                              size_t n)
{
    struct exchange *x = arg;
    (void)ticket;
    if (so_far->status < 200 || so_far->status >= 300) {
        x->kept_bytes += n;
        return x->kept_bytes > STATUS_MAX_BYTES ? HTTP_STOP : HTTP_KEEP;
    }
    return batch_reader_feed(x->reader, bytes, n) ? HTTP_STOP : HTTP_TAKE;
}

static bool is_good(const struct http_reply *http)
{
    return !http->err && http->status >= 200 && http->status < 300;
}

/* What was read stays read: each call of it was given out. */
static void read_fetched(struct exchange *x, const struct http_reply *http,
                         struct batch_status *out)
{
    *out = (struct batch_status){
        .retry_after_ms = -1, .total = -1, .completed = -1, .failed = -1};
    enum err e = is_good(http) ? batch_reader_end(x->reader) : x->reader->failed;
    if (e) {
        out->code = e;
        (void)snprintf(out->message, sizeof out->message, "%s", err_meaning(e));
    } else if (is_good(http) && x->reader->broken) {
        /* also an error inside a 200: none of its calls is known to be undone */
        out->code = ERR_SERVER;
        out->retryable = true;
        (void)snprintf(out->message, sizeof out->message,
                       "%d lines of the results are damaged", x->reader->broken);
    } else if (!is_good(http)) {
        batch_read(x->target->provider, x->target->key, &x->order, http,
                   clock_wall_ms(), out);
    }
}

static void on_settled(void *arg, uint64_t ticket, const struct http_reply *http)
{
    struct exchange *x = arg;
    struct batch_status status;
    (void)ticket;
    if (x->reader)
        read_fetched(x, http, &status);
    else
        batch_read(x->target->provider, x->target->key, &x->order, http,
                   clock_wall_ms(), &status);
    x->fn(x->arg, x->ticket, &status);
    exchange_free(x);
}

static enum err exchange_send(struct exchange *x)
{
    const struct provider_request *p = &x->request.http;
    uint64_t id;
    struct http_request q = {
        .method = x->request.method,
        .url = buf_str(&p->url),
        .headers = p->headers,
        .header_count = p->header_count,
        .body = p->body.data,
        .body_len = p->body.len,
        .deadline_ms = x->target->deadline_ms,
        .max_reply_bytes = x->reader ? RESULTS_MAX_BYTES : STATUS_MAX_BYTES,
        .on_body = x->reader ? on_body : NULL,
    };
    return http_send(x->target->http, &q, on_settled, x, 0, &id);
}

static enum err start(const struct batch_target *t, const struct batch_order *order,
                      struct batch_reader *reader, batch_wire_fn fn, void *arg,
                      uint64_t ticket)
{
    if (strlen(order->name) >= BATCH_NAME_SIZE || strlen(order->mark) >= BATCH_ID_SIZE)
        return ERR_BAD_VALUE;
    struct exchange *x = calloc(1, sizeof *x);
    if (!x)
        return ERR_NOMEM;
    *x = (struct exchange){.target = t,
                           .order = *order,
                           .reader = reader,
                           .fn = fn,
                           .arg = arg,
                           .ticket = ticket};
    memcpy(x->name, order->name, strlen(order->name) + 1);
    memcpy(x->mark, order->mark, strlen(order->mark) + 1);
    x->order.name = x->name;
    x->order.mark = x->mark;
    batch_request_init(&x->request);
    enum err e = batch_build(t->provider, t->config, t->key, &x->order, &x->request);
    x->order.shard = NULL; /* it is in the request now */
    e = e ? e : exchange_send(x);
    if (e)
        exchange_free(x);
    return e;
}

enum err batch_wire_send(const struct batch_target *t, const struct batch_order *order,
                         batch_wire_fn fn, void *arg, uint64_t ticket)
{
    check(order->step != BATCH_RESULTS);
    return start(t, order, NULL, fn, arg, ticket);
}

enum err batch_wire_fetch(const struct batch_target *t, const char *name,
                          const char *mark, struct batch_reader *reader,
                          batch_wire_fn fn, void *arg, uint64_t ticket)
{
    struct batch_order order = {.step = BATCH_RESULTS, .name = name, .mark = mark};
    return start(t, &order, reader, fn, arg, ticket);
}
