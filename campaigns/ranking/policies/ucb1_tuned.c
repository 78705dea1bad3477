/* ucb1_tuned.c: UCB1-tuned (Auer, Cesa-Bianchi, Fischer 2002, section 4). The rule
 * picks one arm for one user; for shares it is played on with the rates held as they
 * are: the next 2 % of the traffic, 200 at least, in steps of equal size. Counts, not
 * posteriors: this is the published rule, to compare with. */
#include "campaigns/ranking/policy.h"

#include <math.h>

#define STEPS 100
#define AHEAD 0.02
#define AHEAD_MIN 200.0 /* trials */

/* rate + sqrt(ln t / n * min(1/4, variance + sqrt(2 ln t / n))). An arm that nobody saw
 * comes first. */
static double index_of(double rate, double n, double total)
{
    if (n <= 0)
        return INFINITY;
    double per = log(fmax(total, 1)) / n;
    return rate + sqrt(per * fmin(0.25, rate * (1 - rate) + sqrt(2 * per)));
}

/* Gives one step to the arms of the highest index; equals share it. */
static void play(const double *rate, double *n, int count, double step, double *shares)
{
    double index[POSTERIOR_ARMS_MAX], highest = 0, total = 0;
    int leaders = 0;
    for (int k = 0; k < count; k++)
        total += n[k];
    for (int k = 0; k < count; k++) {
        index[k] = index_of(rate[k], n[k], total);
        highest = fmax(highest, index[k]);
    }
    for (int k = 0; k < count; k++)
        leaders += index[k] >= highest;
    for (int k = 0; k < count; k++) {
        if (index[k] < highest)
            continue;
        shares[k] += 1.0 / leaders;
        n[k] += step / leaders;
    }
}

static void shares_fill(const struct policy_input *in, double *shares)
{
    double n[POSTERIOR_ARMS_MAX], rate[POSTERIOR_ARMS_MAX], total = 0;
    for (int k = 0; k < in->count; k++) {
        const struct posterior_arm *arm = &in->arms[k];
        n[k] = (double)arm->trials;
        rate[k] = n[k] > 0 ? fmin(1, (double)arm->successes / n[k]) : arm->mean;
        total += n[k];
        shares[k] = 0;
    }
    double step = fmax(AHEAD_MIN, AHEAD * total) / STEPS;
    for (int i = 0; i < STEPS; i++)
        play(rate, n, in->count, step, shares);
    policy_apply_floor(shares, in->count);
}

const struct policy policy_ucb1_tuned = {
    .name = "ucb1_tuned",
    .meaning = "highest upper confidence bound; poor at low rates, for comparison",
    .shares = shares_fill,
};
