/* bench_lag.h: how late the loop is: a timer every few milliseconds that measures by
 * how much it was missed. */
#ifndef BARKER_TESTS_BENCH_LAG_H
#define BARKER_TESTS_BENCH_LAG_H

#include "core/io/loop.h"
#include <stdint.h>

struct bench_lag {
    struct loop_timer *timer;
    int64_t *late_us; /* **owns** */
    int64_t count, due_us;
};

void bench_lag_start(struct bench_lag *b, struct loop *l);
void bench_lag_stop(struct bench_lag *b);
double bench_lag_ms(struct bench_lag *b, double share); /* of the samples; 0 = none */

#endif
