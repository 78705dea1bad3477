/* draw.h: random numbers of the distributions that forecasts need, from a seeded rng.
 * Pure; the same on machines whose libm agrees in the last bit. */
#ifndef BARKER_CAMPAIGNS_RANKING_DRAW_H
#define BARKER_CAMPAIGNS_RANKING_DRAW_H

#include "core/base/rng.h"

double draw_normal(struct rng *r);                   /* polar method (Marsaglia 1962) */
double draw_gamma(struct rng *r, double shape);      /* > 0; Marsaglia & Tsang 2000 */
double draw_beta(struct rng *r, double a, double b); /* a, b > 0 */
/* Successes among n >= 0 trials. Exact, by the gaps between them, where fewer than 100
 * are expected (of the rarer outcome); else the normal distribution, rounded. */
int64_t draw_binomial(struct rng *r, int64_t n, double p);

#endif
