/* srm.h: sample-ratio mismatch: were the arms shown as often as their shares said?
 *
 * Observed are first exposures: users (or impressions of one each) counted once, with
 * the arm that they saw first, in the epoch in which they came. Under a bandit the
 * shares change, so expected_k = sum over epochs of N_e * share_{e,k}, with N_e the
 * first exposures of all arms in epoch e (guides RANKING §5.10). Pearson's chi-square
 * on observed and expected (Pearson 1900); alarm at p < 0.001.
 *
 * Small cells: the chi-square is not trusted where an expected count is under 5
 * (Cochran 1954). Such arms are pooled into one cell, not left out: the totals stay
 * equal, and an arm that must not be shown but is still counts. A pool that stays under
 * 5 joins the smallest other cell. Fewer than two cells left: not tested.
 *
 * Shares that change between epochs make the counts vary a little less than Pearson
 * supposes, so p is then too large rather than too small.
 * p is for one look. Who looks after every batch sees a false alarm more often than one
 * time in 1,000: docs/RANKING.md has the measured rate. Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_SRM_H
#define BARKER_CAMPAIGNS_RANKING_SRM_H

#include "campaigns/ranking/posterior.h"

#define SRM_ALARM 0.001
#define SRM_EXPECTED_MIN 5.0

/* Begins zeroed. Retired arms keep their place. */
struct srm_arm {
    int64_t observed; /* first exposures, >= 0 */
    double expected;  /* of them by the shares; a sum of fractions */
};

struct srm_result {
    double chi_square;
    int freedom; /* cells - 1; 0 = not tested */
    double p;    /* 1 if not tested */
    bool tested, alarm;
    int worst; /* arm with the largest (observed - expected)^2 / expected; -1 if none */
};

/* Adds an epoch. observed: first exposures by arm; shares: in force in it, not
 * negative; they are scaled to a sum of 1. ERR_OUT_OF_RANGE for a wrong count (1 to
 * POSTERIOR_ARMS_MAX), a negative or not finite number, or no share above 0; then
 * nothing is added. */
enum err srm_add(struct srm_arm *arms, int count, const int64_t *observed,
                 const double *shares) MUST_USE;
/* count: 1 to POSTERIOR_ARMS_MAX. */
struct srm_result srm_judge(const struct srm_arm *arms, int count);

/* P(X > x) of a chi-square with that many degrees of freedom: the finite sums of
 * Abramowitz & Stegun 26.4.4 (odd) and 26.4.5 (even), to about 1e-13 relative down to
 * 1e-300. freedom >= 1; x <= 0 gives 1. */
double srm_tail(double x, int freedom);

#endif
