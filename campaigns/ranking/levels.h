/* levels.h: counts of arms that may be compared although the level moved meanwhile.
 *
 * The rate of everything rises and falls with hours, weekdays and seasons, some 25
 * times as much as the difference between arms (arXiv 2003.01905), and the shares move
 * too. Then the pooled rate of an arm says above all when it was shown (Simpson's
 * paradox).
 *
 * Model (guides RANKING §5.9). Adjacent epochs are put together to runs of at least 20
 * expected successes. In run e arm k has Poisson successes with mean n_ek lambda_e r_k:
 * a level lambda_e ~ Gamma of mean lambda and variance (spread lambda)^2, and contrasts
 * r_k for all time. EM, with s = 1 / spread^2:
 *     lambda_e = (c_e + s) / (sum_k n_ek r_k + s / lambda)
 *     r_k = c_k / sum_e n_ek lambda_e           lambda = mean of the lambda_e
 * First with free levels (s = 0), where it is the conditional likelihood (Andersen
 * 1970) by iterative proportional fitting (Deming & Stephan 1940), and a test whether
 * the level moved at all: Pearson's chi-square of c_e. At p >= 0.01 the counts stay as
 * they are. Otherwise spread is estimated from the chi-square (DerSimonian & Laird
 * 1986), and trials_k = f_k sum_e n_ek lambda_e / mean level       successes_k = f_k
 * c_k so that their ratio is the arm's rate at the mean level, over all trials. f_k,
 * from 0 to 1, is the part of the information that is left: with p_ek the chance that a
 * success of run e is k's, and v_e = c_e s / (c_e + s), (sum c_e p (1 - p) + sum v_e
 * p^2 - (sum v_e p)^2 / sum v_e) / (c p_k (1 - p_k)). It is 1 while the shares stay,
 * and small for an arm that was never shown beside others.
 *
 * Contrasts that change themselves (an arm wears out) are not modelled: leave old
 * epochs out of the table for that. docs/RANKING.md has what it gains. Cost: about 1 us
 * an epoch. Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_LEVELS_H
#define BARKER_CAMPAIGNS_RANKING_LEVELS_H

#include "campaigns/ranking/epoch.h"
#include "campaigns/ranking/posterior.h"

struct levels_result {
    bool found;    /* the level moved: the counts were adjusted */
    double p;      /* of the test; 1 if there is too little for it */
    double spread; /* sd of the level between runs, relative to its mean */
};

/* out: one per arm, for posterior_arm's trials and successes (0 <= successes <= trials;
 * rounded). ERR_OUT_OF_RANGE: arms not in 1..POSTERIOR_ARMS_MAX, or epochs negative. */
enum err levels_adjust(const struct epoch_table *table, struct epoch_count *out,
                       struct levels_result *result) MUST_USE;

#endif
