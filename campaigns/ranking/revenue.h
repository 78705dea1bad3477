/* revenue.h: what each arm earns per trial, and which earns most (guides RANKING
 * §5.12).
 *
 * Revenue per trial = rate of conversion x mean order value.
 *   rate   Beta(a, b) of posterior.h.
 *   value  order values are Gamma with a shape shared by all arms, 1 / CV^2, so the
 *          variance goes with the square of the mean, as it does for log-normal orders,
 *          and sums are enough: per arm conversions, revenue and revenue squared. The
 *          mean of an arm is inverse gamma around the mean of all orders, with a spread
 *          of 20 % between arms (as rates have within a test, RANKING §3; order values
 *          were not measured): V ~ b / Gamma(a), a = 2 + 1 / 0.2^2 + c / CV^2,
 *          b = (1 + 1 / 0.2^2) m + revenue / CV^2 (Gamma-Gamma; Fader & Hardie 2013).
 * CV^2 is pooled within the arms; it is 1 where no squares were kept.
 *
 * With fewer than 30 conversions an arm on the average, orders say little: then
 * trial -> click -> conversion -> value of all. Clicks lead; the conversions per click
 * of an arm are shrunk to those of all arms by as many clicks as bring 30 conversions;
 * the mean value of all orders stands for each. The method that was used is said.
 *
 * Largest orders: one order of 50 times the mean decides otherwise. Where single values
 * are known they are cut at their 99.5th percentile over all arms (revenue_cap); from
 * sums alone that is not possible.
 *
 * P(best), loss and interval by product.h, checked against random draws. Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_REVENUE_H
#define BARKER_CAMPAIGNS_RANKING_REVENUE_H

#include "campaigns/ranking/posterior.h"

#define REVENUE_CONVERSIONS_MIN 30 /* an arm, on the average */

struct revenue_arm {
    /* in: trials, successes = conversions, priors of children; out: of the rate of
     * conversion alone, as posterior_rank() leaves it */
    struct posterior_arm rate;
    int64_t clicks;         /* of the trials; >= 0 */
    double revenue;         /* sum of the order values, any unit; refunds are taken off:
                             * under 0 it counts as 0 */
    double revenue_squares; /* sum of their squares; 0 = not kept */
    double value;           /* out: mean order value, shrunk */
    double mean, lo, hi;    /* out: revenue per trial, central 95 % interval */
    double p_best;          /* out: sums to 1 over the arms */
    double expected_loss;   /* out: E[max] - mean, per trial, >= 0 */
    bool tied;              /* out: loss < 1 % of the leader's mean */
};

enum revenue_method {
    REVENUE_NONE,   /* no click and no conversion: no evidence */
    REVENUE_CLICKS, /* too few conversions: clicks lead */
    REVENUE_RATE,   /* conversions without values: each counts 1 */
    REVENUE_VALUE,  /* conversions and values */
};

struct revenue_result {
    enum revenue_method method;
    double level;        /* rate of conversion of this placement */
    double value;        /* mean order value of all arms; 1 = not known */
    double cv;           /* coefficient of variation of order values */
    double click_value;  /* conversions per click of all arms x value */
    double expected_max; /* per trial */
    int leader;          /* highest mean; lowest index on a tie */
};

/* Priors of the rate of clicks and of the rate of conversions per trial.
 * ERR_OUT_OF_RANGE as posterior_rank(), or a number that is not finite or negative
 * where it must not be.
 */
enum err revenue_rank(struct revenue_arm *arms, int count,
                      const struct posterior_prior *clicks,
                      const struct posterior_prior *conversions,
                      struct revenue_result *out) MUST_USE;
const char *revenue_method_name(enum revenue_method m); /* "none", "clicks" … */
const char *revenue_method_meaning(enum revenue_method m);

/* 99.5th percentile of the values (nearest rank), which are sorted by it; below 200 of
 * them the largest, 0 for none. */
double revenue_cap(double *values, size_t count);
/* Adds an order, cut at cap (0 = none), to revenue and squares; not to the counts. */
void revenue_add(struct revenue_arm *arm, double value, double cap);

#endif
