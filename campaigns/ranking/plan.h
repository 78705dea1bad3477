/* plan.h: beforehand: how much traffic tells texts apart, and what a policy will earn.
 *
 * The rates of the texts are drawn around a level, with the spread between texts that
 * was found in past tests of headlines (posterior_prior_default: 20 % of the level; so
 * an honest forecast only where texts differ as much). The policy is played on them in
 * batches as content does: rank, share, count. What is not played: texts that retire,
 * new ones of later rounds, a level that moves. Pure, deterministic by seed. */
#ifndef BARKER_CAMPAIGNS_RANKING_PLAN_H
#define BARKER_CAMPAIGNS_RANKING_PLAN_H

#include "campaigns/ranking/policy.h"

#define PLAN_LEVEL_CLICK 0.014      /* RANKING §5.1 */
#define PLAN_LEVEL_CONVERSION 0.002 /* RANKING §5.12 */
#define PLAN_BATCHES_MAX 1000
#define PLAN_RUNS_MAX 100000

/* Trials of each of two arms that find a relative lift with 80 % power, two-sided 5 %:
 * 16 p (1 - p) / (p d)^2 (Lehr 1992; RANKING §5.12). Rate p in (0, 1), d > 0; at most
 * 1e18. */
int64_t plan_trials_per_arm(double rate, double lift);

/* The prior for rates of another level: as wide, in parts of the level, as the default
 * one is. level in [1e-6, 0.9]. */
struct posterior_prior plan_prior(double level);

struct plan_world {
    double level;                 /* [1e-6, 0.9]: mean rate of the texts */
    struct posterior_prior prior; /* that the ranking is given */
    int arms;                     /* 1..POSTERIOR_ARMS_MAX */
    int64_t trials;               /* traffic of the placement, >= 1 */
    bool horizon_known;           /* whether the policy is told that number */
    const struct policy *policy;
    int batches, runs; /* 1.. */
    uint64_t seed;
};

/* Means over the runs; rates by the true rates of what was shown. */
struct plan_outcome {
    double uniform, policy, oracle; /* expected rate of success */
    double policy_error;            /* standard error of policy - uniform */
    double picked, picked_uniform;  /* share of runs whose leader is truly the best,
                                     * after the policy and after an equal split */
    double pick_loss;               /* 1 - rate of the policy's leader / best rate */
};
/* ERR_OUT_OF_RANGE: a number outside its range. */
enum err plan_simulate(const struct plan_world *world,
                       struct plan_outcome *out) MUST_USE;

#endif
