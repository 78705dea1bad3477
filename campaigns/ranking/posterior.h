/* posterior.h: what the counts say about each arm of one placement.
 *
 * Two-level empirical-Bayes Beta prior (guides RANKING §5.1): arm k has rate
 * theta_k ~ Beta(m M, (1 - m) M); m is the placement's own level, shrunk to mu.
 * The level moves all arms together, so it is taken at its mean for P(best), loss and
 * lifts; the interval of a rate has its uncertainty added (Morris 1983): without that,
 * 95 % would cover 78 % of the rates after 1,000 trials. P(best) and expected loss by
 * numerical quadrature, deterministic, never Monte Carlo (RANKING §5.2-3). Pure; no
 * allocation: fixed arrays of at most 24 KiB of stack. */
#ifndef BARKER_CAMPAIGNS_RANKING_POSTERIOR_H
#define BARKER_CAMPAIGNS_RANKING_POSTERIOR_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

#define POSTERIOR_ARMS_MAX 64

/* Each value is guarded: outside its range it is moved to the end of it.
 * mu: mean rate over campaigns; m_between: how sure we are of it, in pseudo-trials;
 * m_within: strength M of the arm prior, guarded to [50, 20000]. */
struct posterior_prior {
    double mu, m_between, m_within;
};
extern const struct posterior_prior posterior_prior_default; /* 0.014, 180, 1750 */

struct posterior_arm {
    int64_t trials, successes; /* in: 0 <= successes; successes > trials is clipped */
    double prior_mean;         /* in: > 0 overrides the level (children); else 0 */
    double prior_weight;       /* in: > 0 overrides M */
    double a, b;               /* out: posterior Beta(a, b) at the level's mean */
    double mean, lo, hi;       /* out: posterior mean, central 95 % interval: wider than
                                  that of Beta(a, b), as the level is not known */
    double p_best;             /* out: sums to 1 within 1e-6 over the arms */
    double expected_loss;      /* out: E[max] - mean, absolute rate, >= 0 */
    bool tied;                 /* out: loss < 1 % of the leader's mean */
};

struct posterior_result {
    double level; /* m of this placement */
    double expected_max;
    int leader;    /* index of the highest posterior mean; lowest index on a tie */
    bool evidence; /* false while no arm has a success: "no evidence yet" */
};

/* arms: 1..POSTERIOR_ARMS_MAX. ERR_OUT_OF_RANGE otherwise, or for negative counts. */
enum err posterior_rank(struct posterior_arm *arms, int count,
                        const struct posterior_prior *prior,
                        struct posterior_result *out) MUST_USE;

/* Shrunk relative lift of arm over control, theta_arm / theta_control - 1, from the
 * posteriors: mean and central 95 % interval (delta method on the log ratio). At most
 * 1e6; all 0 if both are the same arm. */
struct posterior_lift {
    double lift, lo, hi;
};
struct posterior_lift posterior_lift(const struct posterior_arm *arm,
                                     const struct posterior_arm *control);

#endif
