/* epsilon.c: epsilon-greedy, 10 % split equally and the rest to the highest posterior
 * mean. Arms of the same mean share the rest: with no data that is the equal split. */
#include "campaigns/ranking/policy.h"

#include <math.h>

#define EPSILON 0.1

static void shares_fill(const struct policy_input *in, double *shares)
{
    double best = 0;
    int leaders = 0;
    for (int k = 0; k < in->count; k++)
        best = fmax(best, in->arms[k].mean);
    for (int k = 0; k < in->count; k++)
        leaders += in->arms[k].mean >= best;
    for (int k = 0; k < in->count; k++) {
        shares[k] = EPSILON / in->count;
        if (in->arms[k].mean >= best)
            shares[k] += (1 - EPSILON) / leaders;
    }
    policy_apply_floor(shares, in->count);
}

const struct policy policy_epsilon = {
    .name = "epsilon",
    .meaning = "10 % split equally, the rest to the highest posterior mean",
    .shares = shares_fill,
};
