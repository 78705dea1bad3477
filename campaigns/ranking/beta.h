/* beta.h: the shape of a Beta(a, b) density on the logit axis t = ln(x / (1 - x)).
 *
 * There it is log-concave with one peak at ln(a / b), for any a, b > 0, also where the
 * density over x has poles. Its knots lie where the log density has dropped by z^2 / 2
 * for z = 0, 1, 2 …: between two knots it bends as much as a normal one does within
 * one standard deviation, however skewed it is. Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_BETA_H
#define BARKER_CAMPAIGNS_RANKING_BETA_H

#define BETA_REACH 7 /* knots on each side; less than 1e-10 lies beyond the last */
#define BETA_KNOTS (2 * BETA_REACH + 1)

struct beta_shape {
    double a, b;
    double log_peak;         /* ln of the density at the peak, per unit of t */
    double log_x, log_not_x; /* ln x and ln(1 - x) at the peak */
    double knot[BETA_KNOTS]; /* rising values of t; the middle one is the peak */
};

/* A place on the axis with what every density needs there. */
struct beta_point {
    double t, x, log_x, log_not_x;
};

/* a, b in [1e-6, 2e9], a + b >= 1: outside, the knots may run together. */
void beta_shape_init(struct beta_shape *shape, double a, double b);
struct beta_point beta_point(double t);
/* Density per unit of t, exact to about 1e-7 relative for the largest a, b. */
double beta_density(const struct beta_shape *shape, const struct beta_point *at);
/* Where the distribution is Phi(-sigmas) and Phi(sigmas), by the tail formula of
 * Barndorff-Nielsen (1986, r*), without an integral. sigmas > 0, at most 5. At 1.96
 * each tail is 2.5 % within 0.02 points for a, b >= 2.5, 0.14 for >= 1, 0.8 for >= 0.1.
 */
void beta_interval(double a, double b, double sigmas, double *lo, double *hi);

#endif
