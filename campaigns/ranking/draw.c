/* draw.c: see draw.h. */
#include "campaigns/ranking/draw.h"

#include <math.h>

#define EXACT_MAX 100.0

double draw_normal(struct rng *r)
{
    double u;
    double square;
    do {
        double v = 2 * rng_unit(r) - 1;
        u = 2 * rng_unit(r) - 1;
        square = u * u + v * v;
    } while (square >= 1 || square == 0);
    return u * sqrt(-2 * log(square) / square);
}

/* Of shape >= 1. */
static double large_gamma(struct rng *r, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = draw_normal(r), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log1p(-rng_unit(r)) < 0.5 * x * x + d * (1 - v + log(v)))
            return d * v;
    }
}

double draw_gamma(struct rng *r, double shape)
{
    if (shape >= 1)
        return large_gamma(r, shape);
    double boost = exp(log1p(-rng_unit(r)) / shape);
    return boost * large_gamma(r, shape + 1);
}

double draw_beta(struct rng *r, double a, double b)
{
    double x = draw_gamma(r, a), y = draw_gamma(r, b);
    return x + y > 0 ? x / (x + y) : a / (a + b);
}

static int64_t by_gaps(struct rng *r, int64_t n, double p)
{
    int64_t successes = 0;
    double at = 0, scale = log1p(-p);
    for (;; successes++) {
        at += 1 + floor(log1p(-rng_unit(r)) / scale);
        if (at > (double)n)
            return successes;
    }
}

int64_t draw_binomial(struct rng *r, int64_t n, double p)
{
    if (n <= 0 || !(p > 0))
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - draw_binomial(r, n, 1 - p);
    double mean = (double)n * p;
    if (mean < EXACT_MAX)
        return by_gaps(r, n, p);
    double x = round(mean + sqrt(mean * (1 - p)) * draw_normal(r));
    return (int64_t)fmin(fmax(x, 0), (double)n);
}
