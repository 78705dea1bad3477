/* replay_draw.h: who comes in a batch of a replay. */
#ifndef BARKER_TESTS_BENCH_REPLAY_DRAW_H
#define BARKER_TESTS_BENCH_REPLAY_DRAW_H

#include "core/base/rng.h"

/* out: count numbers that sum to n, by shares that sum to 1. */
void draw_multinomial(struct rng *r, int64_t n, const double *shares, int count,
                      int64_t *out);

#endif
