/* loop.c: the loop's life, deferred calls and the lag ticker. Timers, signals and work
 * are in loop_handles.c. */
#include "core/io/loop.h"
#include "core/io/loop_uv.h"
#include <signal.h>
#include <stdlib.h>
#include <uv.h>

#define TICK_MS 100
#define LAG_WINDOW_S 10

struct deferral {
    loop_fn fn;
    void *arg;
};

struct deferral_queue {
    struct deferral *at;
    size_t len, cap;
};

struct loop {
    uv_loop_t uv;
    uv_loop_t *uv_self; /* &uv: lets a const loop refresh its cached time */
    uv_idle_t idle;     /* active while calls are deferred: uv then does not block */
    uv_check_t check;   /* runs them, after the I/O callbacks */
    uv_timer_t ticker;
    struct deferral_queue next, running;
    struct list held;
    bool stopping, closing, in_run;
    int64_t tick_due_ms;
    int64_t lag_ms[LAG_WINDOW_S], lag_second[LAG_WINDOW_S];
};

struct uv_loop_s *loop_uv(struct loop *l)
{
    return &l->uv;
}

void loop_hold(struct loop *l, struct loop_held *held)
{
    list_push(&l->held, &held->node);
}

void loop_unhold(struct loop_held *held)
{
    list_remove(&held->node);
}

static void deferred_run(struct loop *l)
{
    struct deferral_queue batch = l->next;
    l->next = l->running; /* empty: keeps the memory of the turn before */
    for (size_t i = 0; i < batch.len; i++) {
        batch.at[i].fn(batch.at[i].arg);
    }
    batch.len = 0;
    l->running = batch;
}

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void on_check(uv_check_t *check)
{
    struct loop *l = check->data;
    deferred_run(l);
    if (l->next.len == 0) {
        (void)uv_idle_stop(&l->idle);
    }
}

static void on_tick(uv_timer_t *ticker)
{
    struct loop *l = ticker->data;
    int64_t now_ms = (int64_t)uv_now(&l->uv);
    int64_t second = now_ms / 1000;
    size_t slot = (size_t)(second % LAG_WINDOW_S);
    int64_t late_ms = now_ms > l->tick_due_ms ? now_ms - l->tick_due_ms : 0;
    if (l->lag_second[slot] != second || l->lag_ms[slot] < late_ms) {
        l->lag_second[slot] = second;
        l->lag_ms[slot] = late_ms;
    }
    l->tick_due_ms = now_ms + TICK_MS;
}

int64_t loop_lag_ms(const struct loop *l)
{
    int64_t second = loop_now_ms(l) / 1000, worst_ms = 0;
    for (size_t i = 0; i < LAG_WINDOW_S; i++) {
        bool recent = l->lag_second[i] > second - LAG_WINDOW_S;
        worst_ms = recent && l->lag_ms[i] > worst_ms ? l->lag_ms[i] : worst_ms;
    }
    return worst_ms;
}

enum err loop_new(struct loop **out)
{
    struct loop *l = calloc(1, sizeof *l);
    if (!l || uv_loop_init(&l->uv) != 0) {
        free(l);
        return ERR_NOMEM;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    l->uv_self = &l->uv;
    list_init(&l->held);
    for (size_t i = 0; i < LAG_WINDOW_S; i++) {
        l->lag_second[i] = -LAG_WINDOW_S;
    }
    l->check.data = l->ticker.data = l;
    /* These six cannot fail: they only link the handles into the loop. */
    (void)uv_idle_init(&l->uv, &l->idle);
    (void)uv_check_init(&l->uv, &l->check);
    (void)uv_timer_init(&l->uv, &l->ticker);
    (void)uv_check_start(&l->check, on_check);
    uv_unref((uv_handle_t *)&l->check);
    uv_unref((uv_handle_t *)&l->ticker);
    *out = l;
    return ERR_OK;
}

/* Time outside loop_run() is not the loop's lag, so the ticker starts anew. */
static void enter_run(struct loop *l)
{
    check(!l->in_run);
    uv_update_time(&l->uv);
    l->in_run = true;
    l->tick_due_ms = (int64_t)uv_now(&l->uv) + TICK_MS;
    (void)uv_timer_start(&l->ticker, on_tick, TICK_MS, TICK_MS);
}

static void leave_run(struct loop *l)
{
    (void)uv_timer_stop(&l->ticker);
    l->in_run = l->stopping = false;
}

void loop_run(struct loop *l)
{
    enter_run(l);
    (void)uv_run(&l->uv, UV_RUN_DEFAULT);
    leave_run(l);
}

static void on_deadline(uv_timer_t *timer)
{
    (void)timer; /* only wakes the loop */
}

static void on_deadline_closed(uv_handle_t *handle)
{
    free(handle);
}

enum err loop_run_until(struct loop *l, const bool *done, int64_t timeout_ms)
{
    uv_timer_t *deadline = malloc(sizeof *deadline);
    if (!deadline) {
        return ERR_NOMEM;
    }
    enter_run(l);
    int64_t end_ms = (int64_t)uv_now(&l->uv) + (timeout_ms > 0 ? timeout_ms : 0);
    (void)uv_timer_init(&l->uv, deadline);
    (void)uv_timer_start(deadline, on_deadline,
                         timeout_ms > 0 ? (uint64_t)timeout_ms : 0, 0);
    enum err e = ERR_OK;
    while (!*done && !e) {
        (void)uv_run(&l->uv, UV_RUN_ONCE);
        if (*done) {
            break;
        }
        bool late = (int64_t)uv_now(&l->uv) >= end_ms;
        e = l->stopping ? ERR_CANCELLED : late ? ERR_DEADLINE : ERR_OK;
    }
    uv_close((uv_handle_t *)deadline, on_deadline_closed);
    leave_run(l);
    return e;
}

void loop_stop(struct loop *l)
{
    l->stopping = true;
    uv_stop(&l->uv);
}

int64_t loop_now_ms(const struct loop *l)
{
    if (!l->in_run) {
        uv_update_time(l->uv_self);
    }
    return (int64_t)uv_now(l->uv_self);
}

enum err loop_defer(struct loop *l, loop_fn fn, void *arg)
{
    struct deferral_queue *q = &l->next;
    if (q->len == q->cap) {
        size_t cap = q->cap ? q->cap * 2 : 16;
        struct deferral *at = realloc(q->at, cap * sizeof *at);
        if (!at) {
            return ERR_NOMEM;
        }
        q->at = at;
        q->cap = cap;
    }
    q->at[q->len++] = (struct deferral){fn, arg};
    if (!l->closing) {
        (void)uv_idle_start(&l->idle, on_idle);
    }
    return ERR_OK;
}

static void on_leftover(uv_handle_t *handle, void *arg)
{
    (void)arg;
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* Deferred calls run first, while the timers they may free still live; those that close
 * callbacks add run once those are through. */
void loop_free(struct loop *l)
{
    check(!l->in_run);
    while (l->next.len > 0) {
        deferred_run(l);
    }
    while (!list_empty(&l->held)) {
        struct loop_held *held = list_item(l->held.next, struct loop_held, node);
        list_remove(&held->node);
        held->close(held);
    }
    l->closing = true;
    do {
        uv_walk(&l->uv, on_leftover, NULL);
        (void)uv_run(&l->uv, UV_RUN_DEFAULT);
        while (l->next.len > 0) {
            deferred_run(l);
        }
    } while (uv_loop_close(&l->uv) != 0);
    free(l->next.at);
    free(l->running.at);
    free(l);
}
