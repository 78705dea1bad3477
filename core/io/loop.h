/* loop.h: the event loop (libuv) with ordered close. One thread owns a loop and all
 * that hangs on it. Handles die in their last close callback; loop_free() runs the loop
 * until every handle is closed. Nothing outside core/io sees uv.h. */
#ifndef BARKER_CORE_IO_LOOP_H
#define BARKER_CORE_IO_LOOP_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;
struct loop_signal;

typedef void (*loop_fn)(void *arg);

enum err loop_new(struct loop **out) MUST_USE;
/* Runs until loop_stop(), or until nothing is left that could wake it. */
void loop_run(struct loop *l);
/* Runs until *done is true, loop_stop() (ERR_CANCELLED) or the deadline (ERR_DEADLINE);
 * for command line tools and tests. */
enum err loop_run_until(struct loop *l, const bool *done, int64_t timeout_ms) MUST_USE;
void loop_stop(struct loop *l);
/* Runs what is deferred, closes what is left, then frees. */
void loop_free(struct loop *l);

int64_t loop_now_ms(const struct loop *l); /* monotonic, cached per turn */
/* Worst delay of a 100 ms ticker over the last 10 s: how long the loop was blocked. */
int64_t loop_lag_ms(const struct loop *l);

/* fn runs at the end of this loop turn (after I/O callbacks, before blocking again),
 * in order of calls; a deferred call made meanwhile runs in the next turn. The loop
 * **borrows** arg; the memory of one entry is the loop's. */
enum err loop_defer(struct loop *l, loop_fn fn, void *arg) MUST_USE;

/* A timer; starts stopped. After loop_timer_free() it never fires. */
enum err loop_timer_new(struct loop *l, loop_fn fn, void *arg,
                        struct loop_timer **out) MUST_USE;
void loop_timer_start(struct loop_timer *t, int64_t delay_ms, int64_t repeat_ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t);

enum err loop_signal_new(struct loop *l, int signum, loop_fn fn, void *arg,
                         struct loop_signal **out) MUST_USE;
void loop_signal_free(struct loop_signal *s);

/* CPU work of over 1 ms: `work` on the uv thread pool, then `done` on the loop. */
enum err loop_work(struct loop *l, loop_fn work, loop_fn done, void *arg) MUST_USE;

#endif
