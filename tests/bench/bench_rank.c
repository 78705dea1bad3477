/* bench_rank.c: what a policy earns on replayed A/B tests. */
#include "core/base/clock.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "tests/bench/replay_world.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sums over tests; ratios are per impression, so long tests weigh more. */
struct sums {
    double tests, impressions, clicks, oracle, picked;
    double regret_squares, regret_impressions, impression_squares;
};

static void sums_add(struct sums *s, const struct replay_outcome *o)
{
    double regret = o->oracle - o->clicks;
    s->tests++;
    s->impressions += o->impressions;
    s->clicks += o->clicks;
    s->oracle += o->oracle;
    s->picked += o->picked_best;
    s->regret_squares += regret * regret;
    s->regret_impressions += regret * o->impressions;
    s->impression_squares += o->impressions * o->impressions;
}

/* Standard error of a ratio of sums, by the delta method, the test as unit. */
static double regret_error(const struct sums *s)
{
    double r = (s->oracle - s->clicks) / s->impressions;
    double squares = s->regret_squares - 2 * r * s->regret_impressions +
                     r * r * s->impression_squares;
    return sqrt(fmax(0, squares)) / s->impressions;
}

static void sums_print(const struct sums *s, const struct replay_plan *plan)
{
    double per_k = 1000 / s->impressions, p = s->picked / s->tests;
    printf("{\"bench\":\"rank\",\"policy\":\"%s\",\"tests\":%.0f,\"batches\":%d,"
           "\"seed\":%" PRIu64 ",\"horizon\":\"%s\",\"clicks_per_1000\":%.4f,"
           "\"regret_per_1000\":%.4f,\"regret_se\":%.4f,\"p_pick_best\":%.4f,"
           "\"p_pick_se\":%.4f,\"oracle\":%.4f}\n",
           plan->policy->name, s->tests, plan->batches, plan->seed,
           plan->horizon_known ? "known" : "unknown", s->clicks * per_k,
           (s->oracle - s->clicks) * per_k, 1000 * regret_error(s), p,
           sqrt(p * (1 - p) / s->tests), s->oracle * per_k);
}

static struct replay_plan plan_of(int argc, char **argv)
{
    const char *horizon = bench_option(argc, argv, "--horizon", "known");
    const char *name = bench_option(argc, argv, "--policy", "sharpened");
    int64_t batches = bench_number(argc, argv, "--batches", 50);
    struct replay_plan plan = {
        .policy = policy_find(name),
        .batches = (int)batches,
        .seed = (uint64_t)bench_number(argc, argv, "--seed", 1),
        .retires = bench_number(argc, argv, "--retire", 0) != 0,
        .horizon_known = strcmp(horizon, "known") == 0,
    };
    if (!plan.policy)
        bench_die(name, "is no policy");
    if (batches < 1 || batches > 1000000)
        bench_die("--batches", "is from 1 to 1000000");
    if (!plan.horizon_known && strcmp(horizon, "unknown") != 0)
        bench_die("--horizon", "is known or unknown");
    return plan;
}

/* How long one re-rank takes, with counts as in the middle of a campaign. */
static int bench_cost(const struct policy *policy, int count)
{
    enum { RUNS = 1001 };
    int64_t ns[RUNS];
    struct posterior_arm arms[POSTERIOR_ARMS_MAX] = {{0}};
    struct posterior_result ranked;
    double shares[POSTERIOR_ARMS_MAX];
    struct policy_input in = {arms, count, 0, 20000 * (int64_t)count};
    for (int i = 0; i < RUNS; i++) {
        in.used = 0;
        for (int k = 0; k < count; k++) {
            arms[k].trials = 2000 + 37 * i + 400 * (k % 5);
            arms[k].successes = arms[k].trials * (12 + k % 7) / 1000;
            in.used += arms[k].trials;
        }
        int64_t t0 = clock_mono_us();
        for (int n = 0; n < 10; n++) {
            if (posterior_rank(arms, count, &posterior_prior_default, &ranked))
                return 1;
            policy->shares(&in, shares);
        }
        ns[i] = (clock_mono_us() - t0) * 100;
    }
    printf("{\"bench\":\"rank\",\"policy\":\"%s\",\"arms\":%d,\"p50_us\":%.1f,"
           "\"p99_us\":%.1f}\n",
           policy->name, count, (double)bench_percentile(ns, RUNS, 0.5) / 1000,
           (double)bench_percentile(ns, RUNS, 0.99) / 1000);
    return 0;
}

int bench_rank(int argc, char **argv)
{
    const char *path = bench_option(argc, argv, "--csv", NULL);
    const char *half = bench_option(argc, argv, "--half", "both");
    int64_t most = bench_number(argc, argv, "--tests", 1500);
    struct replay_plan plan = plan_of(argc, argv);
    int64_t arms = bench_number(argc, argv, "--cost", 0);
    struct replay_tests tests;
    struct sums sums = {0};
    if (arms >= 1 && arms <= POSTERIOR_ARMS_MAX)
        return bench_cost(plan.policy, (int)arms);
    if (!path || most < 1)
        bench_die("rank", "wants --csv FILE and --tests >= 1, or --cost 1..64");
    replay_load(&tests, path);
    int part = strcmp(half, "even") == 0 ? 0 : strcmp(half, "odd") == 0 ? 1 : -1;
    for (size_t i = 0; i < tests.count && sums.tests < (double)most; i++) {
        if (part >= 0 && (int)(i % 2) != part)
            continue;
        struct replay_outcome o = replay_run(&tests.test[i], &plan);
        sums_add(&sums, &o);
    }
    sums_print(&sums, &plan);
    replay_free(&tests);
    return 0;
}
