/* replay_draw.c: beta by two gammas, binomial by the gaps between successes. */
#include "tests/bench/replay_draw.h"

#include <math.h>
#include <stdbool.h>

/* (0, 1): its logarithm is finite. */
static double draw_open(struct rng *r)
{
    double u;
    do
        u = rng_unit(r);
    while (u <= 0);
    return u;
}

static double draw_normal(struct rng *r)
{
    return sqrt(-2 * log(draw_open(r))) * cos(2 * 3.14159265358979323846 * rng_unit(r));
}

/* Marsaglia & Tsang 2000; below 1 by their boost. Its logarithm, since a gamma of a
 * tiny shape is smaller than any double. */
static double draw_log_gamma(struct rng *r, double shape)
{
    if (shape < 1)
        return draw_log_gamma(r, shape + 1) + log(draw_open(r)) / shape;
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = draw_normal(r), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(draw_open(r)) < x * x / 2 + d * (1 - v + log(v)))
            return log(d * v);
    }
}

double draw_beta(struct rng *r, double a, double b)
{
    double x = draw_log_gamma(r, a), y = draw_log_gamma(r, b);
    return 1 / (1 + exp(y - x));
}

int64_t draw_binomial(struct rng *r, int64_t n, double p)
{
    if (!(p > 0) || n <= 0)
        return 0;
    if (p >= 1)
        return n;
    if (p > 0.5)
        return n - draw_binomial(r, n, 1 - p);
    /* failures before a success: floor(ln u / ln(1 - p)) */
    double failure = log1p(-p), left = (double)n;
    int64_t successes = 0;
    for (;;) {
        left -= floor(log(draw_open(r)) / failure) + 1;
        if (left < 0)
            return successes;
        successes++;
    }
}

void draw_multinomial(struct rng *r, int64_t n, const double *shares, int count,
                      int64_t *out)
{
    double left = 1;
    for (int k = 0; k < count; k++) {
        bool last = k == count - 1 || shares[k] >= left;
        out[k] = last ? n : draw_binomial(r, n, shares[k] / left);
        n -= out[k];
        left -= shares[k];
    }
}
