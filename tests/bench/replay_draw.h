/* replay_draw.h: random numbers of the distributions that a replay needs, from a seeded
 * rng: exact, not fast. */
#ifndef BARKER_TESTS_BENCH_REPLAY_DRAW_H
#define BARKER_TESTS_BENCH_REPLAY_DRAW_H

#include "core/base/rng.h"

double draw_beta(struct rng *r, double a, double b); /* a, b > 0 */
int64_t draw_binomial(struct rng *r, int64_t n, double p);
/* out: count numbers that sum to n, by shares that sum to 1. */
void draw_multinomial(struct rng *r, int64_t n, const double *shares, int count,
                      int64_t *out);

#endif
