/* sharpened.c: the default: shares in proportion to gain^G, where gain is what an arm
 * may still turn out to be ahead by, with the traffic to come (reach.h), and G = 0.8
 * (10 + successes)^0.1 (arms)^0.1 (1 + used / planned / 5) Explore while there is
 * something to learn and traffic to use it on, then serve. The constants are fitted by
 * replay (docs/RANKING.md); near them the outcome is flat. */
#include "campaigns/ranking/policy.h"
#include "campaigns/ranking/reach.h"

#include <math.h>

#define NO_GAIN 1e-30 /* relative: far under the floor at any G */

/* Planned traffic that is used up, 0..1; 0 while nothing is planned. */
static double used_part(const struct policy_input *in)
{
    if (in->horizon <= 0)
        return 0;
    return fmin(fmax((double)in->used / (double)in->horizon, 0), 1);
}

/* Trials to come. Beyond the plan there is a fifth more: who wins is of use afterwards.
 * Without a plan as many as have been, and a thousand. */
static double reach_of(const struct policy_input *in)
{
    if (in->horizon <= 0)
        return fmax((double)in->used, 0) + 1000;
    return (double)in->horizon * (1.2 - used_part(in));
}

static double exponent_of(const struct policy_input *in)
{
    double successes = 10;
    for (int k = 0; k < in->count; k++)
        successes += (double)in->arms[k].successes;
    return 0.8 * pow(successes * in->count, 0.1) * (1 + used_part(in) / 5);
}

static void shares_fill(const struct policy_input *in, double *shares)
{
    double most = 0, exponent = exponent_of(in);
    reach_gains(in->arms, in->count, reach_of(in), shares);
    for (int k = 0; k < in->count; k++)
        most = fmax(most, shares[k]);
    for (int k = 0; k < in->count; k++)
        shares[k] = pow(fmax(shares[k] / most, NO_GAIN), exponent);
    policy_apply_floor(shares, in->count);
}

const struct policy policy_sharpened = {
    .name = "sharpened",
    .meaning =
        "what an arm may still be ahead by, to a power that grows with successes",
    .shares = shares_fill,
};
