/* fixed.c: the equal split of a classical A/B test. */
#include "campaigns/ranking/policy.h"

static void shares_fill(const struct policy_input *in, double *shares)
{
    for (int k = 0; k < in->count; k++)
        shares[k] = 1;
    policy_apply_floor(shares, in->count);
}

const struct policy policy_fixed = {
    .name = "fixed",
    .meaning = "equal shares for all live arms, whatever they earn",
    .shares = shares_fill,
};
