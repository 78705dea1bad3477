/* trials.h: random trials for the statistics: normal, gamma, beta and binomial numbers
 * from one seeded rng. Exact methods, fast enough for 10^9 draws. */
#ifndef BARKER_TESTS_FAKES_TRIALS_H
#define BARKER_TESTS_FAKES_TRIALS_H

#include "core/base/rng.h"
#include <math.h>
#include <stdbool.h>

struct trials {
    struct rng rng;
    double spare; /* second normal of a pair, NAN if used up */
};

static inline void trials_seed(struct trials *t, uint64_t seed)
{
    rng_seed(&t->rng, seed);
    t->spare = NAN;
}

/* Standard normal, polar method, two at a time. */
static inline double trials_normal(struct trials *t)
{
    double u = t->spare;
    double s = 0;
    double v = 0;
    if (!isnan(u)) {
        t->spare = NAN;
        return u;
    }
    do {
        u = 2 * rng_unit(&t->rng) - 1;
        v = 2 * rng_unit(&t->rng) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    double scale = sqrt(-2 * log(s) / s);
    t->spare = v * scale;
    return u * scale;
}

/* Gamma(shape), Marsaglia & Tsang 2000 with their squeeze. */
static inline double trials_gamma(struct trials *t, double shape)
{
    double boost = 1;
    if (shape < 1) {
        boost = pow(rng_unit(&t->rng), 1 / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = trials_normal(t), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        double u = rng_unit(&t->rng), xx = x * x;
        if (u < 1 - 0.0331 * xx * xx || log(u) < 0.5 * xx + d * (1 - v + log(v)))
            return boost * d * v;
    }
}

static inline double trials_beta(struct trials *t, double a, double b)
{
    double x = trials_gamma(t, a);
    return x / (x + trials_gamma(t, b));
}

/* Successes among n trials at rate p: by the gaps between them if they are rare. */
static inline int64_t trials_binomial(struct trials *t, int64_t n, double p)
{
    if (p > 0.5)
        return n - trials_binomial(t, n, 1 - p);
    int64_t hits = 0;
    if (p > 0.1) {
        for (int64_t i = 0; i < n; i++)
            hits += rng_unit(&t->rng) < p;
        return hits;
    }
    if (p <= 0)
        return 0;
    double at = 0, scale = 1 / log1p(-p);
    for (;;) {
        at += floor(log(1 - rng_unit(&t->rng)) * scale) + 1;
        if (at > (double)n)
            return hits;
        hits++;
    }
}

/* Splits n over count arms by shares that sum to 1. */
static inline void trials_split(struct trials *t, int64_t n, const double *shares,
                                int count, int64_t *out)
{
    double left = 1;
    for (int k = 0; k < count; k++) {
        double part = left > 0 ? fmin(1, shares[k] / left) : 1;
        out[k] = k == count - 1 ? n : trials_binomial(t, n, part);
        n -= out[k];
        left -= shares[k];
    }
}

#endif
