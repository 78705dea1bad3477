/* http_limits.c: see http_limits.h. */
#include "core/io/http_limits.h"
#include "core/base/clock.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define US 1000 /* in a millisecond */

struct http_limiter {
    struct loop *loop;
    struct loop_timer *timer;
    struct wheel wheel;
    http_limiter_fn fn;
    void *arg;
    bool ticking, deferred, closing;
};

struct due {
    enum http_limit which; /* HTTP_LIMIT_NONE: nothing runs */
    int64_t at_ms;
};

static void take_first(struct due *d, int64_t from_us, int64_t ms,
                       enum http_limit which)
{
    int64_t at_ms = (from_us + US - 1) / US + ms;
    if (ms > 0 && (!d->which || at_ms < d->at_ms))
        *d = (struct due){which, at_ms};
}

static bool is_sent_whole(const struct http_call *c)
{
    curl_off_t n = 0;
    (void)curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &n);
    return (int64_t)n >= c->upload_bytes;
}

/* curl does not tell when TCP stood, only that it stands: looked at in each step. */
static struct due tls_due(struct http_call *c)
{
    long port = 0;
    int64_t now_us = clock_mono_us();
    struct due d = {HTTP_LIMIT_NONE, 0};
    if (!c->tcp_us && !curl_easy_getinfo(c->easy, CURLINFO_LOCAL_PORT, &port) && port)
        c->tcp_us = now_us;
    if (c->tcp_us)
        take_first(&d, c->tcp_us, c->limits.tls_ms, HTTP_LIMIT_TLS);
    else if (c->limits.tls_ms > 0)
        take_first(&d, now_us, WHEEL_STEP_MS, HTTP_LIMIT_TLS);
    return d;
}

/* The first of the limits that run. */
static struct due first_due(struct http_call *c)
{
    struct due d = {HTTP_LIMIT_NONE, 0};
    const struct http_limits *l = &c->limits;
    if (!c->ready_us)
        return tls_due(c);
    if (c->headers.status < 200) { /* 1xx is no answer */
        take_first(&d, c->ready_us, l->send_ms, HTTP_LIMIT_SEND);
        take_first(&d, c->ready_us, l->first_byte_ms, HTTP_LIMIT_FIRST_BYTE);
    }
    if (c->token_us)
        take_first(&d, c->last_us, l->idle_ms, HTTP_LIMIT_IDLE);
    else
        take_first(&d, c->ready_us, l->first_token_ms, HTTP_LIMIT_FIRST_TOKEN);
    return d;
}

/* What is due later than was thought is left where it is. */
void http_limiter_watch(struct http_limiter *t, struct http_call *c)
{
    struct due d = first_due(c);
    if (!d.which || (c->due.due_ms && c->due.due_ms <= d.at_ms))
        return;
    wheel_set(&t->wheel, &c->due, d.at_ms);
    if (!t->ticking)
        loop_timer_start(t->timer, WHEEL_STEP_MS, WHEEL_STEP_MS);
    t->ticking = true;
}

int64_t http_limiter_now_us(const struct http_limiter *t)
{
    return loop_now_ms(t->loop) * US;
}

void http_limiter_forget(struct http_limiter *t, struct http_call *c)
{
    wheel_remove(&t->wheel, &c->due);
}

/* As first_due(), for one that may be broken: whether a request has gone out whole is
 * asked only then. */
static struct due look(struct http_call *c, int64_t now_ms)
{
    struct due d = first_due(c);
    if (d.which != HTTP_LIMIT_SEND || d.at_ms > now_ms || !is_sent_whole(c))
        return d;
    c->limits.send_ms = 0; /* it was kept */
    return first_due(c);
}

static void sweep(struct http_limiter *t)
{
    struct list due;
    int64_t now_ms = clock_mono_ms();
    list_init(&due);
    wheel_turn(&t->wheel, now_ms, &due);
    while (!list_empty(&due)) {
        struct http_call *c = list_item(due.next, struct http_call, due.node);
        list_remove(&c->due.node);
        struct due d = look(c, now_ms);
        if (d.which && d.at_ms <= now_ms)
            t->fn(t->arg, c, d.which);
        else if (d.which)
            wheel_set(&t->wheel, &c->due, d.at_ms);
    }
}

static void on_deferred(void *arg)
{
    struct http_limiter *t = arg;
    t->deferred = false;
    if (t->closing)
        free(t);
    else
        sweep(t);
}

static void on_timer(void *arg)
{
    struct http_limiter *t = arg;
    t->ticking = t->wheel.count > 0;
    if (!t->ticking)
        loop_timer_stop(t->timer);
    else if (!t->deferred) /* short of memory: with the next tick */
        t->deferred = loop_defer(t->loop, on_deferred, t) == ERR_OK;
}

enum err http_limiter_new(struct loop *l, http_limiter_fn fn, void *arg,
                          struct http_limiter **out)
{
    struct http_limiter *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    t->loop = l;
    t->fn = fn;
    t->arg = arg;
    wheel_init(&t->wheel, clock_mono_ms());
    enum err e = loop_timer_new(l, on_timer, t, &t->timer);
    if (e) {
        free(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

void http_limiter_free(struct http_limiter *t)
{
    if (!t)
        return;
    check(t->wheel.count == 0);
    t->closing = true;
    loop_timer_free(t->timer);
    if (!t->deferred)
        free(t);
}

void http_limit_print(enum http_limit which, int64_t ms, char *out, size_t size)
{
    static const char *const words[] = {
        [HTTP_LIMIT_NONE] = "",
        [HTTP_LIMIT_CONNECT] = "no connection",
        [HTTP_LIMIT_TLS] = "no TLS",
        [HTTP_LIMIT_SEND] = "the request was not taken",
        [HTTP_LIMIT_FIRST_BYTE] = "no reply",
        [HTTP_LIMIT_FIRST_TOKEN] = "no token",
        [HTTP_LIMIT_IDLE] = "nothing more",
        [HTTP_LIMIT_TOTAL] = "not complete",
    };
    (void)snprintf(out, size, "%s for %" PRId64 " ms", words[which], ms);
}
