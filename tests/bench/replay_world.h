/* replay_world.h: a past test as a world with hidden true rates, served batch by batch
 * by the product's own ranking: posterior_rank, then the policy's shares. Each arm's
 * rate is drawn once from Beta(c + mM, n - c + (1 - m)M), m = the test's pooled rate
 * and M = 1,750 (guides RANKING §3, world "draw"): what the test tells of its arms, not
 * its noise. Clicks are counted by the true rates. */
#ifndef BARKER_TESTS_BENCH_REPLAY_WORLD_H
#define BARKER_TESTS_BENCH_REPLAY_WORLD_H

#include "campaigns/ranking/policy.h"
#include "tests/bench/replay_csv.h"
#include <stdbool.h>

struct replay_plan {
    const struct policy *policy;
    int batches;
    uint64_t seed;
    bool retires;       /* as campaigns do: losers are out for good (retire.h) */
    bool horizon_known; /* does the policy know the test's impressions beforehand? */
};
struct replay_outcome {
    double impressions, clicks; /* clicks: the impressions' true rates, summed */
    double oracle;              /* clicks if all had seen the best arm */
    bool picked_best;           /* the leader after the last batch is the best arm */
};

/* The same rates for the same seed, whatever the policy. */
struct replay_outcome replay_run(const struct replay_test *test,
                                 const struct replay_plan *plan);

#endif
