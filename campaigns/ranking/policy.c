/* policy.c: the list of policies, and the floor under every share. */
#include "campaigns/ranking/policy.h"

#include <math.h>
#include <string.h>

const double policy_floor = 0.01;

#define POLICY(name) extern const struct policy policy_##name;
#include "campaigns/policies.def"
#undef POLICY

enum {
#define POLICY(name) INDEX_##name,
#include "campaigns/policies.def"
#undef POLICY
    POLICY_COUNT
};

static const struct policy *const policies[POLICY_COUNT] = {
#define POLICY(name) &policy_##name,
#include "campaigns/policies.def"
#undef POLICY
};

const struct policy *policy_at(size_t i)
{
    return i < POLICY_COUNT ? policies[i] : NULL;
}

const struct policy *policy_find(const char *name)
{
    for (size_t i = 0; policy_at(i); i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return NULL;
}

/* Scales to a sum of 1; what is no positive number becomes 0. False if all is 0. */
static bool shares_normalise(double *shares, int count)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        if (!(shares[k] > 0 && isfinite(shares[k])))
            shares[k] = 0;
        sum += shares[k];
    }
    for (int k = 0; k < count && sum > 0; k++)
        shares[k] /= sum;
    return sum > 0 && isfinite(sum);
}

/* Arms on the floor keep it, the others share what is left in their old proportions.
 * That pulls some of them under the floor in turn, so at most count passes. */
static void shares_raise(double *shares, int count)
{
    for (int pass = 0; pass < count; pass++) {
        double free_sum = 0;
        int floored = 0;
        for (int k = 0; k < count; k++) {
            if (shares[k] <= policy_floor)
                floored++;
            else
                free_sum += shares[k];
        }
        double scale = (1 - floored * policy_floor) / free_sum;
        bool again = false;
        for (int k = 0; k < count; k++) {
            double scaled = shares[k] * scale;
            again = again || (shares[k] > policy_floor && scaled < policy_floor);
            shares[k] = shares[k] <= policy_floor ? policy_floor : scaled;
        }
        if (!again)
            return;
    }
}

void policy_apply_floor(double *shares, int count)
{
    bool room = count * policy_floor < 1;
    if (room && shares_normalise(shares, count)) {
        shares_raise(shares, count);
        return;
    }
    for (int k = 0; k < count; k++)
        shares[k] = 1.0 / count;
}
