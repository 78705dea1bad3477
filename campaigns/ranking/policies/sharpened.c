/* sharpened.c: sharpened Thompson, shares in proportion to P(best)^G (guides RANKING
 * §5.4). G grows from 1 to 5 as the planned traffic is used up: explore, then serve. */
#include "campaigns/ranking/policy.h"

#include <math.h>

static double exponent_of(const struct policy_input *in)
{
    if (in->horizon <= 0)
        return 2;
    double done = (double)in->used / (double)in->horizon;
    return 1 + 4 * fmin(fmax(done, 0), 1);
}

static void shares_fill(const struct policy_input *in, double *shares)
{
    double g = exponent_of(in);
    for (int k = 0; k < in->count; k++)
        shares[k] = pow(in->arms[k].p_best, g);
    policy_apply_floor(shares, in->count);
}

const struct policy policy_sharpened = {
    .name = "sharpened",
    .meaning = "P(best) to a power that grows from 1 to 5 as planned traffic is used",
    .shares = shares_fill,
};
