/* beta_oracle.h: slow, independent ways to what campaigns/ranking computes fast: the
 * incomplete beta by Lentz's continued fraction, P(best) by brute force, random draws.
 */
#ifndef BARKER_TESTS_UNIT_CAMPAIGNS_RANKING_BETA_ORACLE_H
#define BARKER_TESTS_UNIT_CAMPAIGNS_RANKING_BETA_ORACLE_H

#include "campaigns/ranking/posterior.h"
#include "core/base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* For assert_true; cmocka's own works in float. */
static inline bool near(double x, double expected, double within)
{
    bool ok = fabs(x - expected) <= within;
    if (!ok)
        fprintf(stderr, "%.17g is not within %g of %.17g\n", x, within, expected);
    return ok;
}

static inline double oracle_log_beta(double a, double b)
{
    return lgamma(a) + lgamma(b) - lgamma(a + b);
}

static inline double oracle_away_from_0(double x)
{
    return fabs(x) < 1e-300 ? 1e-300 : x;
}

/* Continued fraction of I_x(a, b), modified Lentz (Thompson & Barnett 1986). */
static inline double oracle_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / oracle_away_from_0(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m < 20000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / oracle_away_from_0(1 + even * d);
        c = oracle_away_from_0(1 + even / c);
        h *= d * c;
        d = 1 / oracle_away_from_0(1 + odd * d);
        c = oracle_away_from_0(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-15)
            break;
    }
    return h;
}

/* P(theta < x) for theta ~ Beta(a, b). */
static inline double oracle_cdf(double a, double b, double x)
{
    if (x <= 0 || x >= 1)
        return x > 0;
    double front = exp(a * log(x) + b * log1p(-x) - oracle_log_beta(a, b));
    if (x < (a + 1) / (a + b + 2))
        return front * oracle_fraction(a, b, x) / a;
    return 1 - front * oracle_fraction(b, a, 1 - x) / b;
}

/* The largest rate's distribution in x, from the product of the cdfs. */
static inline double oracle_max_cdf(const double *a, const double *b, int count,
                                    double x)
{
    double product = 1;
    for (int k = 0; k < count && product > 0; k++)
        product *= oracle_cdf(a[k], b[k], x);
    return product;
}

/* P(arm k is the best) by the midpoint rule on the quantile axis of arm k, found by
 * stepping through x in `steps` equal parts of [lo, hi]. */
static inline double oracle_p_best(const double *a, const double *b, int count, int k,
                                   double lo, double hi, int steps)
{
    double before = oracle_cdf(a[k], b[k], lo), sum = 0;
    for (int i = 0; i < steps; i++) {
        double x0 = lo + (hi - lo) * i / steps, x1 = lo + (hi - lo) * (i + 1) / steps;
        double after = oracle_cdf(a[k], b[k], x1), mid = (x0 + x1) / 2, others = 1;
        if (after > before)
            for (int j = 0; j < count && others > 0; j++)
                others *= j == k ? 1 : oracle_cdf(a[j], b[j], mid);
        sum += (after - before) * others;
        before = after;
    }
    return sum;
}

/* The shape of the logit of a Beta rate: where it lies and how wide it is. */
static inline void oracle_logit(double a, double b, double *middle, double *sd)
{
    *middle = log(a / b);
    *sd = sqrt(1 / a + 1 / b);
}

static inline int oracle_by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* P(best) of every arm (at most 16): the sum over a grid of (F_k(x1) - F_k(x0)) times
 * the product of the other F at the middle. Each arm brings `points` (at most 1,000)
 * places of its own to the grid, evenly over 9 standard deviations of its logit on each
 * side, so every arm is resolved however sharp it is. The error falls with 1 /
 * points^2: about 2e-5 at 400. Nothing but the incomplete beta is shared with the
 * product. */
static inline void oracle_p_all(const struct posterior_arm *arms, int count, int points,
                                double *p)
{
    static double grid[16 * 1000];
    int n = 0;
    double before[16], after[16], mid[16];
    for (int k = 0; k < count; k++) {
        double middle = 0;
        double sd = 0;
        oracle_logit(arms[k].a, arms[k].b, &middle, &sd);
        for (int i = 0; i < points; i++)
            grid[n++] = 1 / (1 + exp(-middle - sd * (18.0 * i / (points - 1) - 9)));
        before[k] = p[k] = 0;
    }
    qsort(grid, (size_t)n, sizeof *grid, oracle_by_size);
    for (int i = 0; i <= n; i++) {
        double x0 = i ? grid[i - 1] : 0, x1 = i < n ? grid[i] : 1;
        for (int k = 0; k < count; k++) {
            after[k] = oracle_cdf(arms[k].a, arms[k].b, x1);
            mid[k] = oracle_cdf(arms[k].a, arms[k].b, (x0 + x1) / 2);
        }
        for (int k = 0; k < count; k++) {
            double others = after[k] - before[k];
            for (int j = 0; j < count && others > 0; j++)
                others *= j == k ? 1 : mid[j];
            p[k] += others;
        }
        for (int k = 0; k < count; k++)
            before[k] = after[k];
    }
}

/* P(theta_1 > theta_0), Miller's sum; a1 must be a whole number. */
static inline double oracle_miller(double a0, double b0, double a1, double b1)
{
    double sum = 0;
    for (int i = 0; i < (int)a1; i++)
        sum += exp(oracle_log_beta(a0 + i, b0 + b1) - log(b1 + i) -
                   oracle_log_beta(1 + i, b1) - oracle_log_beta(a0, b0));
    return sum;
}

/* Standard normal, polar method. */
static inline double oracle_normal(struct rng *r)
{
    double u;
    double s;
    do {
        double v = 2 * rng_unit(r) - 1;
        u = 2 * rng_unit(r) - 1;
        s = u * u + v * v;
    } while (s >= 1 || s == 0);
    return u * sqrt(-2 * log(s) / s);
}

/* Gamma(shape), Marsaglia & Tsang 2000. */
static inline double oracle_gamma(struct rng *r, double shape)
{
    double boost = 1;
    if (shape < 1) {
        boost = pow(rng_unit(r), 1 / shape);
        shape += 1;
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = oracle_normal(r), v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (log(rng_unit(r)) < 0.5 * x * x + d * (1 - v + log(v)))
            return boost * d * v;
    }
}

static inline double oracle_beta(struct rng *r, double a, double b)
{
    double x = oracle_gamma(r, a), y = oracle_gamma(r, b);
    return x / (x + y);
}

#endif
