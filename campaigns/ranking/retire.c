/* retire.c: the rules of losing and of being replaced. */
#include "campaigns/ranking/retire.h"
#include "campaigns/ranking/quadrature.h"

#include <math.h>

#define LOSING_BATCHES 2
#define ARMS_KEPT 2

static bool arm_loses(const struct posterior_arm *arm, double leader_mean,
                      double trials_needed)
{
    return arm->p_best < 0.05 && arm->expected_loss > 0.01 * leader_mean &&
           (double)arm->trials >= trials_needed;
}

/* The worst arm that may go and is not marked yet, or -1. */
static int worst_loser(const struct retire_arm *arms, int count, int leader)
{
    int worst = -1;
    for (int k = 0; k < count; k++) {
        if (arms[k].retire || arms[k].is_control || k == leader ||
            arms[k].losing_batches < LOSING_BATCHES)
            continue;
        if (worst < 0 || arms[k].posterior->mean < arms[worst].posterior->mean)
            worst = k;
    }
    return worst;
}

void retire_judge(struct retire_arm *arms, int count,
                  const struct posterior_result *ranked, int64_t min_trials)
{
    check(ranked->leader >= 0 && ranked->leader < count);
    double leader_mean = arms[ranked->leader].posterior->mean;
    double least = min_trials > 0 ? (double)min_trials : 200;
    double trials_needed = fmax(least, 20 / ranked->level);
    for (int k = 0; k < count; k++) {
        struct retire_arm *arm = &arms[k];
        bool loses = arm_loses(arm->posterior, leader_mean, trials_needed);
        arm->losing_batches = loses ? arm->losing_batches + 1 : 0;
        arm->retire = false;
    }
    for (int left = count; left > ARMS_KEPT; left--) {
        int worst = worst_loser(arms, count, ranked->leader);
        if (worst < 0)
            return;
        arms[worst].retire = true;
    }
}

/* How much the best rate is expected to rise by one child of the leader. */
static double fresh_gain(const struct retire_plan_input *in)
{
    struct quadrature_arm q[POSTERIOR_ARMS_MAX];
    const struct posterior_arm *leader = &in->live[0];
    double mean, weight;
    for (int k = 0; k < in->live_count; k++) {
        q[k] = (struct quadrature_arm){.a = in->live[k].a, .b = in->live[k].b};
        if (in->live[k].mean > leader->mean)
            leader = &in->live[k];
    }
    double before = quadrature_run(q, in->live_count).expected_max;
    retire_child_prior(leader, in->level, &posterior_prior_default, &mean, &weight);
    q[in->live_count] =
        (struct quadrature_arm){.a = mean * weight, .b = (1 - mean) * weight};
    return quadrature_run(q, in->live_count + 1).expected_max - before;
}

int retire_children(const struct retire_plan_input *in)
{
    int room = POSTERIOR_ARMS_MAX - in->live_count, free = in->wanted - in->live_count;
    int children = free < room ? free : room;
    if (in->retired < 1 || in->round >= in->max_rounds || children < 1)
        return 0;
    if (in->horizon <= 0 || in->live_count < 1)
        return children;
    double left = (double)in->horizon - (double)in->used;
    return fresh_gain(in) * left > 1 ? children : 0;
}

void retire_child_prior(const struct posterior_arm *parent, double level,
                        const struct posterior_prior *prior, double *mean,
                        double *weight)
{
    double shrunk = (level + parent->mean) / 2; /* level * (1 + lift / 2) */
    double m = fmin(fmax(prior->m_within, 50), 20000);
    *mean = fmin(fmax(shrunk, 1e-6), 1 - 1e-6);
    *weight = m / 2;
}
