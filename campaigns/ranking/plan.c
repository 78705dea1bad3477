/* plan.c: sizes by formula, earnings by playing. */
#include "campaigns/ranking/plan.h"
#include "campaigns/ranking/draw.h"

#include <math.h>

int64_t plan_trials_per_arm(double rate, double lift)
{
    double step = rate * lift;
    return (int64_t)fmin(ceil(16 * rate * (1 - rate) / (step * step)), 1e18);
}

/* Strength of a Beta of that mean that has the relative variance of another one. */
static double strength_at(double level, double mean, double strength)
{
    double relative = (1 - mean) / (mean * (strength + 1));
    return (1 - level) / (level * relative) - 1;
}

struct posterior_prior plan_prior(double level)
{
    const struct posterior_prior *d = &posterior_prior_default;
    return (struct posterior_prior){level, strength_at(level, d->mu, d->m_between),
                                    strength_at(level, d->mu, d->m_within)};
}

/* One placement being played. */
struct game {
    double rate[POSTERIOR_ARMS_MAX];
    double owed[POSTERIOR_ARMS_MAX]; /* parts of trials that a share left over */
    struct posterior_arm arms[POSTERIOR_ARMS_MAX];
    double shown; /* sum of the true rates of what was shown */
    int64_t used;
};

static int best_of(const struct game *g, int count)
{
    int best = 0;
    for (int k = 1; k < count; k++)
        best = g->rate[k] > g->rate[best] ? k : best;
    return best;
}

/* The arm with the most owed gets what rounding leaves. */
static void batch_show(struct game *g, int count, const double *shares, int64_t trials,
                       struct rng *r)
{
    int64_t left = trials;
    int most = 0;
    int64_t n[POSTERIOR_ARMS_MAX];
    for (int k = 0; k < count; k++) {
        double wanted = shares[k] * (double)trials + g->owed[k];
        n[k] = (int64_t)fmin(fmax(floor(wanted), 0), (double)left);
        g->owed[k] = wanted - (double)n[k];
        left -= n[k];
        most = g->owed[k] > g->owed[most] ? k : most;
    }
    n[most] += left;
    g->owed[most] -= (double)left;
    for (int k = 0; k < count; k++) {
        g->arms[k].trials += n[k];
        g->arms[k].successes += draw_binomial(r, n[k], g->rate[k]);
        g->shown += (double)n[k] * g->rate[k];
    }
    g->used += trials;
}

static int game_leader(struct game *g, const struct plan_world *w)
{
    struct posterior_result ranked;
    check(posterior_rank(g->arms, w->arms, &w->prior, &ranked) == ERR_OK);
    return ranked.leader;
}

static int play_policy(struct game *g, const struct plan_world *w, struct rng *r)
{
    double shares[POSTERIOR_ARMS_MAX];
    for (int i = 0; i < w->batches && g->used < w->trials; i++) {
        int64_t left = w->trials - g->used, batches = w->batches - i;
        struct policy_input in = {.arms = g->arms,
                                  .count = w->arms,
                                  .used = g->used,
                                  .horizon = w->horizon_known ? w->trials : 0};
        (void)game_leader(g, w);
        w->policy->shares(&in, shares);
        batch_show(g, w->arms, shares, (left + batches - 1) / batches, r);
    }
    return game_leader(g, w);
}

/* An equal split of all the traffic, in one batch. */
static int play_uniform(struct game *g, const struct plan_world *w, struct rng *r)
{
    double shares[POSTERIOR_ARMS_MAX];
    for (int k = 0; k < w->arms; k++)
        shares[k] = 1.0 / w->arms;
    batch_show(g, w->arms, shares, w->trials, r);
    return game_leader(g, w);
}

static bool world_is_sound(const struct plan_world *w)
{
    return w->level >= 1e-6 && w->level <= 0.9 && w->arms >= 1 &&
           w->arms <= POSTERIOR_ARMS_MAX && w->trials >= 1 && w->batches >= 1 &&
           w->batches <= PLAN_BATCHES_MAX && w->runs >= 1 && w->runs <= PLAN_RUNS_MAX;
}

/* Adds to the sums of out, and returns what the policy gained. Every run has a seed of
 * its own, so the worlds of a run are the same for every policy. */
static double run_play(const struct plan_world *w, int run, struct plan_outcome *out)
{
    struct posterior_prior spread = plan_prior(w->level);
    struct game adaptive = {.used = 0}, split;
    struct rng r;
    rng_seed(&r, w->seed + (uint64_t)run * 0x9e3779b97f4a7c15u);
    for (int k = 0; k < w->arms; k++)
        adaptive.rate[k] =
            draw_beta(&r, w->level * spread.m_within, (1 - w->level) * spread.m_within);
    split = adaptive;
    int best = best_of(&adaptive, w->arms), even = play_uniform(&split, w, &r);
    int pick = play_policy(&adaptive, w, &r);
    double all = (double)w->trials;
    double gain = (adaptive.shown - split.shown) / all;
    out->uniform += split.shown / all;
    out->policy += adaptive.shown / all;
    out->oracle += adaptive.rate[best];
    out->picked += pick == best;
    out->picked_uniform += even == best;
    out->pick_loss += 1 - adaptive.rate[pick] / adaptive.rate[best];
    return gain;
}

enum err plan_simulate(const struct plan_world *w, struct plan_outcome *out)
{
    double sum = 0, squares = 0;
    if (!world_is_sound(w))
        return ERR_OUT_OF_RANGE;
    *out = (struct plan_outcome){0};
    for (int i = 0; i < w->runs; i++) {
        double gain = run_play(w, i, out);
        sum += gain;
        squares += gain * gain;
    }
    double n = w->runs, variance = fmax(squares / n - sum / n * (sum / n), 0);
    out->policy_error = sqrt(variance / n);
    out->uniform /= n;
    out->policy /= n;
    out->oracle /= n;
    out->picked /= n;
    out->picked_uniform /= n;
    out->pick_loss /= n;
    return ERR_OK;
}
