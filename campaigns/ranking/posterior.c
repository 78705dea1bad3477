/* posterior.c: the two-level prior, and what the quadrature says of it. */
#include "campaigns/ranking/posterior.h"
#include "campaigns/ranking/beta.h"
#include "campaigns/ranking/quadrature.h"

#include <math.h>

/* Beyond this an arm counts as this many trials at the same rate: its error is 1e-4 of
 * the rate at most by then, and a double could not tell the panels apart much later. */
#define TRIALS_MAX 1e9
#define LIFT_MAX 1e6

const struct posterior_prior posterior_prior_default = {0.014, 180, 1750};

/* Also turns NaN into lo: comparisons with it are false. */
static double between(double x, double lo, double hi)
{
    return x > lo ? (x < hi ? x : hi) : lo;
}

static struct posterior_prior prior_guard(const struct posterior_prior *prior)
{
    return (struct posterior_prior){
        .mu = between(prior->mu, 1e-6, 1 - 1e-6),
        .m_between = between(prior->m_between, 1, 1e9),
        .m_within = between(prior->m_within, 50, 20000),
    };
}

static double successes_of(const struct posterior_arm *arm)
{
    return (double)(arm->successes < arm->trials ? arm->successes : arm->trials);
}

/* What is known of the placement's own rate: a Beta of that mean and strength. */
struct level {
    double mean, strength;
};

/* Mean of the arms' rates, each weighted by how far its data outweigh the prior M, and
 * shrunk to mu. Arms without trials have no weight. An arm tells as much of the level
 * as n M / (n + M) trials of one rate would. */
static struct level level_of(const struct posterior_arm *arms, int count,
                             const struct posterior_prior *prior)
{
    double weight = prior->m_between / prior->m_within, sum = weight * prior->mu;
    for (int k = 0; k < count; k++) {
        double n = (double)arms[k].trials;
        if (n <= 0)
            continue;
        double w = n / (n + prior->m_within);
        sum += w * successes_of(&arms[k]) / n;
        weight += w;
    }
    return (struct level){sum / weight, weight * prior->m_within};
}

/* Beta(a, b) of one arm and its mean. */
static void arm_update(struct posterior_arm *arm, double level, double m_within)
{
    double mean = arm->prior_mean > 0 ? arm->prior_mean : level;
    double strength = arm->prior_weight > 0 ? arm->prior_weight : m_within;
    mean = between(mean, 1e-6, 1 - 1e-6);
    strength = between(strength, 1, 20000);
    double n = (double)arm->trials, scale = n > TRIALS_MAX ? TRIALS_MAX / n : 1;
    double c = successes_of(arm);
    arm->a = mean * strength + c * scale;
    arm->b = (1 - mean) * strength + (n - c) * scale;
    arm->mean = arm->a / (arm->a + arm->b);
}

/* The interval of one arm when the level is not taken for known: the Beta of the same
 * mean, whose variance has that of the prior's mean added, times the square of the
 * prior's part in the arm's mean (Morris 1983). */
static void arm_interval(struct posterior_arm *arm, const struct level *level)
{
    double strength = arm->a + arm->b, n = (double)arm->trials;
    double prior = fmax(0, strength - fmin(n, TRIALS_MAX));
    double mean = arm->prior_mean > 0 ? arm->prior_mean : level->mean;
    mean = between(mean, 1e-6, 1 - 1e-6);
    double part = prior / strength, own = arm->mean * (1 - arm->mean);
    double added = part * part * mean * (1 - mean) / (level->strength + 1);
    double wide = between(own / (own / (strength + 1) + added) - 1, 1, strength);
    beta_interval(fmax(arm->mean * wide, 1e-6), fmax((1 - arm->mean) * wide, 1e-6),
                  1.959963984540054, &arm->lo, &arm->hi);
}

static void arms_compare(struct posterior_arm *arms, int count,
                         struct posterior_result *out)
{
    struct quadrature_arm q[POSTERIOR_ARMS_MAX];
    for (int k = 0; k < count; k++)
        q[k] = (struct quadrature_arm){.a = arms[k].a, .b = arms[k].b};
    double best = arms[out->leader].mean;
    out->expected_max = fmax(best, quadrature_run(q, count).expected_max);
    for (int k = 0; k < count; k++) {
        arms[k].p_best = q[k].p_best;
        arms[k].expected_loss = out->expected_max - arms[k].mean;
        arms[k].tied = arms[k].expected_loss < 0.01 * best;
    }
}

enum err posterior_rank(struct posterior_arm *arms, int count,
                        const struct posterior_prior *prior,
                        struct posterior_result *out)
{
    if (count < 1 || count > POSTERIOR_ARMS_MAX)
        return ERR_OUT_OF_RANGE;
    for (int k = 0; k < count; k++)
        if (arms[k].trials < 0 || arms[k].successes < 0)
            return ERR_OUT_OF_RANGE;
    struct posterior_prior guarded = prior_guard(prior);
    struct level level = level_of(arms, count, &guarded);
    *out = (struct posterior_result){.level = level.mean};
    for (int k = 0; k < count; k++) {
        arm_update(&arms[k], level.mean, guarded.m_within);
        arm_interval(&arms[k], &level);
        out->evidence = out->evidence || successes_of(&arms[k]) > 0;
        if (arms[k].mean > arms[out->leader].mean)
            out->leader = k;
    }
    arms_compare(arms, count, out);
    return ERR_OK;
}

static double lift_from(double log_ratio)
{
    return fmin(expm1(log_ratio), LIFT_MAX);
}

struct posterior_lift posterior_lift(const struct posterior_arm *arm,
                                     const struct posterior_arm *control)
{
    if (arm == control)
        return (struct posterior_lift){0, 0, 0};
    double ratio = log(arm->mean / control->mean);
    /* var(theta) / mean^2 = b / (a (a + b + 1)) */
    double variance = arm->b / (arm->a * (arm->a + arm->b + 1)) +
                      control->b / (control->a * (control->a + control->b + 1));
    double reach = 1.959963984540054 * sqrt(variance);
    return (struct posterior_lift){lift_from(ratio), lift_from(ratio - reach),
                                   lift_from(ratio + reach)};
}
