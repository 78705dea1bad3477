/* bench_lag.c: see bench_lag.h. */
#include "tests/bench/bench_lag.h"
#include "core/base/clock.h"
#include "tests/bench/bench_env.h"
#include <stdlib.h>

#define EVERY_MS 5
#define SAMPLES_MAX 200000

static void on_sample(void *arg)
{
    struct bench_lag *b = arg;
    int64_t now = clock_mono_us(), late = now - b->due_us;
    if (b->count < SAMPLES_MAX)
        b->late_us[b->count++] = late > 0 ? late : 0;
    b->due_us = now + EVERY_MS * 1000;
    loop_timer_start(b->timer, EVERY_MS, 0);
}

void bench_lag_start(struct bench_lag *b, struct loop *l)
{
    b->late_us = calloc(SAMPLES_MAX, sizeof *b->late_us);
    if (!b->late_us || loop_timer_new(l, on_sample, b, &b->timer))
        bench_die("timer", "out of memory");
    b->due_us = clock_mono_us() + EVERY_MS * 1000;
    loop_timer_start(b->timer, EVERY_MS, 0);
}

void bench_lag_stop(struct bench_lag *b)
{
    if (b->timer)
        loop_timer_free(b->timer);
    free(b->late_us);
    *b = (struct bench_lag){0};
}

double bench_lag_ms(struct bench_lag *b, double share)
{
    return b->count ? (double)bench_percentile(b->late_us, b->count, share) / 1000 : 0;
}
