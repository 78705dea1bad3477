/* offpolicy.h: what another policy would have earned, from logged decisions.
 *
 * A decision logs its propensity p: the share that the shown arm had in its epoch. The
 * target policy gives the same arm the share t. With w = min(t / p, 20), reward r and a
 * reward model q (guides RANKING §5.14):
 *   IPS    mean(w r)                    Horvitz & Thompson 1952
 *   SNIPS  sum(w r) / sum(w)            Swaminathan & Joachims 2015
 *   DR     mean(v + w (r - q))          Dudik, Langford & Li 2011
 * q: the model's reward of the shown arm; v: its mean over the target policy. A q that
 * was fitted to the same rows makes the interval of DR a little too narrow.
 *
 * Intervals are mean +- 1.96 standard errors. For SNIPS those of its influence function
 * w (r - V) n / sum(w): the sum of w stands there, not its mean (OBP issue 187).
 * Clipped weights bias all three towards the logging policy; `clipped` says how often.
 *
 * Rows come one by one or in groups of one propensity (an epoch and an arm). Only sums
 * are kept, so both give the same to rounding (1e-9 relative). Rewards in any unit; for
 * clicks 0 or 1. Pure. */
#ifndef BARKER_CAMPAIGNS_RANKING_OFFPOLICY_H
#define BARKER_CAMPAIGNS_RANKING_OFFPOLICY_H

#include "core/base/err.h"
#include <stdint.h>

#define OFFPOLICY_WEIGHT_MAX 20.0

/* Decisions that share propensity, target share and model. A row has trials 1, reward r
 * and reward_squares r * r. */
struct offpolicy_group {
    int64_t trials;           /* >= 0 */
    double reward;            /* sum of r; for clicks their number */
    double reward_squares;    /* sum of r * r; for clicks their number too */
    double logged;            /* p: (0, 1] */
    double target;            /* t: [0, 1] */
    double model, model_mean; /* q and v; 0 = no model, then DR is IPS */
};

/* Begins zeroed. */
struct offpolicy_log {
    int64_t trials, clipped; /* clipped: trials whose t / p was above the cap */
    double weight, weight_squares;
    double wr, wwr, wwrr; /* sums of w r, w w r, w w r r */
    double doubly, doubly_squares;
};

struct offpolicy_value {
    double value, lo, hi; /* reward per decision, 95 % interval */
};
struct offpolicy_result {
    struct offpolicy_value ips, snips, dr;
    double effective;   /* sample size (sum w)^2 / sum w^2 (Kish 1965) */
    double mean_weight; /* near 1 if the logged propensities are true */
    int64_t trials, clipped;
};

/* ERR_OUT_OF_RANGE: a number that is outside its range or not finite; nothing is added.
 */
enum err offpolicy_add(struct offpolicy_log *log,
                       const struct offpolicy_group *group) MUST_USE;
/* All 0 without a trial of positive weight, and then effective is 0. */
struct offpolicy_result offpolicy_result(const struct offpolicy_log *log);

#endif
