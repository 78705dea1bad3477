/* thompson.c: Thompson sampling for a batch: each arm's share is the probability that
 * it is the best (Thompson 1933), which a draw per user would give on average. */
#include "campaigns/ranking/policy.h"

static void shares_fill(const struct policy_input *in, double *shares)
{
    for (int k = 0; k < in->count; k++)
        shares[k] = in->arms[k].p_best;
    policy_apply_floor(shares, in->count);
}

const struct policy policy_thompson = {
    .name = "thompson",
    .meaning = "share = P(best); explores more than the default",
    .shares = shares_fill,
};
