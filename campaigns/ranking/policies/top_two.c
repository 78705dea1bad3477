/* top_two.c: top-two Thompson sampling (Russo 2016), for naming the best arm soonest.
 * A first arm is drawn by P(best), a second one the same way until it differs; the
 * first is served with probability beta = 1/2, else the second. Its expectation:
 *     share_k = P_k (beta + (1 - beta) * sum over j != k of P_j / (1 - P_j)) */
#include "campaigns/ranking/policy.h"

#include <math.h>

#define BETA 0.5
#define SURE 1e-12 /* least 1 - P: a sure leader's challenger is still defined */

static void shares_fill(const struct policy_input *in, double *shares)
{
    double odds = 0;
    for (int k = 0; k < in->count; k++)
        odds += in->arms[k].p_best / fmax(SURE, 1 - in->arms[k].p_best);
    for (int k = 0; k < in->count; k++) {
        double p = in->arms[k].p_best;
        double others = fmax(0, odds - p / fmax(SURE, 1 - p));
        shares[k] = p * (BETA + (1 - BETA) * others);
    }
    policy_apply_floor(shares, in->count);
}

const struct policy policy_top_two = {
    .name = "top_two",
    .meaning = "half to P(best), half to its challenger; names the winner soonest",
    .shares = shares_fill,
};
