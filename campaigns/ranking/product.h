/* product.h: products of rates and of mean values, compared on the axis of their
 * logarithm.
 *
 * A quantity X > 0 is known by the first three cumulants of ln X: those of factors add
 * up. They are met by ln X = shift + ln(G_a / G_b), G of gamma distributions: exact
 * for a Gamma times an inverse Gamma (a small rate times a mean order value), and close
 * for what is near it (rates of 0.3 after 90 trials: P(best) within 0.005, the
 * ends of the interval within 1.2 %).
 * ln(G_a / G_b) is a Beta(a, b) on its logit axis, so beta.h gives
 * density and knots. P(best) as in quadrature.h, here by Simpson's rule between the
 * knots of all arms, which adds less than 1e-5. Deterministic, pure; about 30 KiB of
 * stack. */
#ifndef BARKER_CAMPAIGNS_RANKING_PRODUCT_H
#define BARKER_CAMPAIGNS_RANKING_PRODUCT_H

#include "campaigns/ranking/beta.h"
#include "campaigns/ranking/posterior.h"

struct product {
    double mean, variance, third; /* cumulants of ln X; variance > 0 */
};

/* X ~ Beta(a, b): a, b > 0. */
struct product product_rate(double a, double b);
/* X = b / G, G ~ Gamma(a, 1): the inverse gamma of mean b / (a - 1). a, b > 0. */
struct product product_value(double a, double b);
struct product product_times(struct product x, struct product y);
struct product product_over(struct product x, struct product y);
/* P(X > limit); limit > 0. */
double product_above(const struct product *x, double limit);

struct product_arm {
    struct product x;     /* in */
    double mean, lo, hi;  /* out: of X; central 95 % interval */
    double p_best;        /* out: sums to 1 over the arms */
    double expected_loss; /* out: E[max] - mean, >= 0 */
};
/* arms: 1..POSTERIOR_ARMS_MAX. Returns E[max]. */
double product_rank(struct product_arm *arms, int count);

#endif
