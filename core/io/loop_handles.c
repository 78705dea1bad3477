/* loop_handles.c: timers, signals and pool work of a loop. Each is one heap object that
 * dies in its handle's close callback. */
#include "core/io/loop.h"
#include "core/io/loop_uv.h"
#include <stdlib.h>
#include <uv.h>

struct loop_timer {
    uv_timer_t uv;
    struct loop_held held;
    struct loop *loop;
    loop_fn fn;
    void *arg;
};

struct loop_signal {
    uv_signal_t uv;
    struct loop_held held;
    loop_fn fn;
    void *arg;
};

struct loop_work {
    uv_work_t uv;
    loop_fn work, done;
    void *arg;
};

static void on_timer(uv_timer_t *uv)
{
    struct loop_timer *t = uv->data;
    t->fn(t->arg);
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void timer_close(struct loop_held *held)
{
    struct loop_timer *t = list_item(held, struct loop_timer, held);
    uv_close((uv_handle_t *)&t->uv, on_timer_closed);
}

enum err loop_timer_new(struct loop *l, loop_fn fn, void *arg, struct loop_timer **out)
{
    struct loop_timer *t = calloc(1, sizeof *t);
    if (!t) {
        return ERR_NOMEM;
    }
    (void)uv_timer_init(loop_uv(l), &t->uv); /* cannot fail */
    t->uv.data = t;
    t->held.close = timer_close;
    t->loop = l;
    t->fn = fn;
    t->arg = arg;
    loop_hold(l, &t->held);
    *out = t;
    return ERR_OK;
}

void loop_timer_start(struct loop_timer *t, int64_t delay_ms, int64_t repeat_ms)
{
    (void)loop_now_ms(t->loop); /* outside a run the cached time is old: refresh it */
    (void)uv_timer_start(&t->uv, on_timer, delay_ms > 0 ? (uint64_t)delay_ms : 0,
                         repeat_ms > 0 ? (uint64_t)repeat_ms : 0);
}

void loop_timer_stop(struct loop_timer *t)
{
    (void)uv_timer_stop(&t->uv);
}

void loop_timer_free(struct loop_timer *t)
{
    loop_unhold(&t->held);
    timer_close(&t->held);
}

static void on_signal(uv_signal_t *uv, int signum)
{
    struct loop_signal *s = uv->data;
    (void)signum;
    s->fn(s->arg);
}

static void on_signal_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void signal_close(struct loop_held *held)
{
    struct loop_signal *s = list_item(held, struct loop_signal, held);
    uv_close((uv_handle_t *)&s->uv, on_signal_closed);
}

enum err loop_signal_new(struct loop *l, int signum, loop_fn fn, void *arg,
                         struct loop_signal **out)
{
    struct loop_signal *s = calloc(1, sizeof *s);
    if (!s || uv_signal_init(loop_uv(l), &s->uv) != 0) {
        free(s);
        return ERR_NOMEM;
    }
    s->uv.data = s;
    s->held.close = signal_close;
    s->fn = fn;
    s->arg = arg;
    if (uv_signal_start(&s->uv, on_signal, signum) != 0) {
        signal_close(&s->held);
        return ERR_BAD_VALUE;
    }
    loop_hold(l, &s->held);
    *out = s;
    return ERR_OK;
}

void loop_signal_free(struct loop_signal *s)
{
    loop_unhold(&s->held);
    signal_close(&s->held);
}

static void on_work(uv_work_t *uv)
{
    struct loop_work *w = uv->data;
    w->work(w->arg);
}

static void on_work_done(uv_work_t *uv, int status)
{
    struct loop_work w = *(struct loop_work *)uv->data;
    (void)status; /* never cancelled */
    free(uv->data);
    w.done(w.arg);
}

enum err loop_work(struct loop *l, loop_fn work, loop_fn done, void *arg)
{
    struct loop_work *w = calloc(1, sizeof *w);
    if (!w) {
        return ERR_NOMEM;
    }
    w->uv.data = w;
    w->work = work;
    w->done = done;
    w->arg = arg;
    if (uv_queue_work(loop_uv(l), &w->uv, on_work, on_work_done) != 0) {
        free(w);
        return ERR_NOMEM;
    }
    return ERR_OK;
}
