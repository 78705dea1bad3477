/* replay_world.c: one test, replayed. */
#include "tests/bench/replay_world.h"
#include "campaigns/ranking/draw.h"
#include "campaigns/ranking/retire.h"
#include "core/base/hash.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/replay_draw.h"
#include <string.h>

#define STRENGTH 1750.0

/* Arms that serve stand first; those that retired are taken out. */
struct world {
    double rate[REPLAY_ARMS_MAX];
    int id[REPLAY_ARMS_MAX]; /* as in the test */
    int losing[REPLAY_ARMS_MAX];
    int count;
    int best;
    int64_t impressions;
    struct posterior_arm arms[REPLAY_ARMS_MAX];
    struct posterior_result ranked;
    struct rng traffic;
};

static void world_init(struct world *w, const struct replay_test *t, uint64_t seed)
{
    struct rng rates;
    int64_t clicks = 0;
    memset(w, 0, sizeof *w);
    rng_seed(&rates, hash_fast_str(t->id, seed));
    rng_seed(&w->traffic, rng_next(&rates));
    for (int k = 0; k < t->count; k++) {
        w->impressions += t->impressions[k];
        clicks += t->clicks[k];
    }
    double m = (double)clicks / (double)w->impressions;
    for (int k = 0; k < t->count; k++) {
        double c = (double)t->clicks[k], n = (double)t->impressions[k];
        w->rate[k] = draw_beta(&rates, c + m * STRENGTH, n - c + (1 - m) * STRENGTH);
        w->id[k] = k;
        if (w->rate[k] > w->rate[w->best])
            w->best = k;
    }
    w->count = t->count;
}

static void world_rank(struct world *w)
{
    if (posterior_rank(w->arms, w->count, &posterior_prior_default, &w->ranked))
        bench_die("rank", "the counts are refused");
}

/* As a campaign does after each batch. True if one left. */
static bool world_retire(struct world *w)
{
    struct retire_arm arms[REPLAY_ARMS_MAX];
    int kept = 0, count = w->count;
    for (int k = 0; k < count; k++)
        arms[k] = (struct retire_arm){.posterior = &w->arms[k],
                                      .losing_batches = w->losing[k]};
    retire_judge(arms, count, &w->ranked, 0);
    for (int k = 0; k < count; k++) {
        if (arms[k].retire)
            continue;
        w->arms[kept] = w->arms[k];
        w->rate[kept] = w->rate[k];
        w->id[kept] = w->id[k];
        w->losing[kept++] = arms[k].losing_batches;
    }
    w->count = kept;
    return kept < count;
}

/* One batch: who comes is drawn by the shares, who clicks by the true rates. */
static double world_serve(struct world *w, int64_t size, const double *shares)
{
    int64_t shown[REPLAY_ARMS_MAX];
    double clicks = 0;
    draw_multinomial(&w->traffic, size, shares, w->count, shown);
    for (int k = 0; k < w->count; k++) {
        w->arms[k].trials += shown[k];
        w->arms[k].successes += draw_binomial(&w->traffic, shown[k], w->rate[k]);
        clicks += (double)shown[k] * w->rate[k];
    }
    return clicks;
}

struct replay_outcome replay_run(const struct replay_test *test,
                                 const struct replay_plan *plan)
{
    struct world w;
    struct replay_outcome out = {0};
    double shares[REPLAY_ARMS_MAX];
    world_init(&w, test, plan->seed);
    double best_rate = w.rate[w.best];
    struct policy_input in = {.arms = w.arms};
    if (plan->horizon_known)
        in.horizon = w.impressions;
    world_rank(&w);
    for (int b = 1; b <= plan->batches; b++) {
        int64_t size = w.impressions * b / plan->batches - in.used;
        in.count = w.count;
        plan->policy->shares(&in, shares);
        out.clicks += world_serve(&w, size, shares);
        in.used += size;
        world_rank(&w);
        if (plan->retires && world_retire(&w))
            world_rank(&w);
    }
    out.impressions = (double)w.impressions;
    out.oracle = out.impressions * best_rate;
    out.picked_best = w.id[w.ranked.leader] == w.best;
    return out;
}
