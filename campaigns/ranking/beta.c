/* beta.c: peak, knots and density of a Beta on the logit axis. */
#include "campaigns/ranking/beta.h"

#include <math.h>

/* ln Gamma(z) less the leading terms of Stirling's series, without their cancellation:
 * ln B(a, b) from three lgamma would be off by 1e-5 at 1e9 trials. */
static double stirling_rest(double z)
{
    if (z >= 10) {
        double r = 1 / (z * z);
        return (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r / 1680))) / z;
    }
    int sign;
    double half_log_2pi = 0.91893853320467274178;
    return lgamma_r(z, &sign) - ((z - 0.5) * log(z) - z + half_log_2pi);
}

/* How far the log density has dropped at distance u > 0 on the side where x grows, and
 * how fast it drops there. Two forms of one expression: each is free of cancellation
 * where it is used, and expm1(u) is finite since u < 200 if a <= b and a + b >= 1. */
static double drop_at(double a, double b, double u, double *slope)
{
    double n = a + b;
    if (a > b) {
        double fall = expm1(-u);
        *slope = -a * b * fall / (n + b * fall);
        return b * u + n * log1p(b / n * fall);
    }
    double rise = expm1(u);
    *slope = a * b * rise / (n + a * rise);
    return n * log1p(a / n * rise) - a * u;
}

/* The distance at which the drop is z^2 / 2. The drop is convex in u, so Newton's steps
 * come down from above without passing the root, after at most one from below. The last
 * step squares an error of 1 % at most. */
static double distance_of(double a, double b, double z)
{
    double target = z * z / 2;
    double normal = z / sqrt(a * (b / (a + b))),
           steep = log1p(target / a + z / sqrt(a));
    double u = normal < steep ? normal : steep;
    for (int i = 0; i < 80; i++) {
        double slope, drop = drop_at(a, b, u, &slope);
        double step = (drop - target) / slope;
        u -= step;
        if (fabs(step) < 1e-2 * u)
            break;
    }
    return u;
}

void beta_shape_init(struct beta_shape *shape, double a, double b)
{
    double n = a + b, peak = log(a / b);
    shape->a = a;
    shape->b = b;
    shape->log_x = -log1p(b / a);
    shape->log_not_x = -log1p(a / b);
    shape->log_peak = 0.5 * log(a * (b / n)) - 0.91893853320467274178 -
                      stirling_rest(a) - stirling_rest(b) + stirling_rest(n);
    shape->knot[BETA_REACH] = peak;
    for (int z = 1; z <= BETA_REACH; z++) {
        shape->knot[BETA_REACH + z] = peak + distance_of(a, b, z);
        shape->knot[BETA_REACH - z] = peak - distance_of(b, a, z);
    }
}

struct beta_point beta_point(double t)
{
    double e = exp(-fabs(t)), rest = -log1p(e);
    struct beta_point at = {.t = t, .x = 1 / (1 + e), .log_x = rest};
    at.log_not_x = rest - t;
    if (t < 0) {
        at.x = e / (1 + e);
        at.log_x = t + rest;
        at.log_not_x = rest;
    }
    return at;
}

double beta_density(const struct beta_shape *shape, const struct beta_point *at)
{
    return exp(shape->log_peak + shape->a * (at->log_x - shape->log_x) +
               shape->b * (at->log_not_x - shape->log_not_x));
}

/* Distance from the peak to the quantile on the side where x grows. The signed root r
 * of twice the drop is nearly normal, and r + ln(q / r) / r more so, with q the slope
 * over the root of the curvature at the peak. */
static double tail_distance(double a, double b, double sigmas)
{
    double z = sigmas, u = 0, curvature = sqrt(a * (b / (a + b)));
    for (int i = 0; i < 8; i++) {
        double slope;
        u = distance_of(a, b, z);
        double drop = drop_at(a, b, u, &slope), r = sqrt(2 * drop);
        double next = sigmas - log(slope / curvature / r) / r;
        next = next > 0.05 ? next : 0.05;
        if (fabs(next - z) < 1e-6)
            break;
        z = next;
    }
    return u;
}

void beta_interval(double a, double b, double sigmas, double *lo, double *hi)
{
    double peak = log(a / b);
    *lo = beta_point(peak - tail_distance(b, a, sigmas)).x;
    *hi = beta_point(peak + tail_distance(a, b, sigmas)).x;
}
