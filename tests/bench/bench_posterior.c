/* bench_posterior.c: P(best) against draws and against the incomplete beta, and how
 * long a placement takes to rank. */
#include "campaigns/ranking/posterior.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "tests/fakes/trials.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ARMS 16

/* Errors of many values against one reference. */
struct errors {
    double *value;
    size_t count;
};

static void errors_add(struct errors *e, double error)
{
    e->value[e->count++] = fabs(error);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double errors_at(const struct errors *e, double share)
{
    size_t at = (size_t)(share * (double)e->count);
    return e->value[at < e->count ? at : e->count - 1];
}

static double errors_within(const struct errors *e, double bound)
{
    size_t good = 0;
    for (size_t i = 0; i < e->count; i++)
        good += e->value[i] <= bound;
    return (double)good / (double)e->count;
}

/* Half of the sets are alike, about one level: there P(best) is no 0 or 1. */
static void arms_draw(struct trials *t, struct posterior_arm *arms, int count,
                      bool alike)
{
    double level = 0.0005 * pow(600, rng_unit(&t->rng));
    for (int k = 0; k < count; k++) {
        double n = floor(exp(12 * rng_unit(&t->rng)));
        double rate = alike ? level * exp(0.2 * trials_normal(t))
                            : 0.0005 * pow(600, rng_unit(&t->rng));
        rate = fmin(fmax(rate, 0.0005), 0.3);
        arms[k] = (struct posterior_arm){
            .trials = (int64_t)n, .successes = trials_binomial(t, (int64_t)n, rate)};
    }
}

static void monte_carlo(struct trials *t, const struct posterior_arm *arms, int count,
                        int64_t draws, double *p)
{
    int64_t wins[ARMS] = {0};
    for (int64_t i = 0; i < draws; i++) {
        int best = 0;
        double most = -1;
        for (int k = 0; k < count; k++) {
            double x = trials_beta(t, arms[k].a, arms[k].b);
            if (x > most) {
                most = x;
                best = k;
            }
        }
        wins[best]++;
    }
    for (int k = 0; k < count; k++)
        p[k] = (double)wins[k] / (double)draws;
}

struct accuracy {
    struct errors draws, beta;
    double sum_off;
    size_t open; /* values between 1 % and 99 % */
};

static void accuracy_set(struct accuracy *a, struct trials *t, int set, int64_t draws)
{
    struct posterior_arm arms[ARMS];
    struct posterior_result out;
    double p[ARMS], q[ARMS], sum = 0;
    int count = 2 + (int)rng_below(&t->rng, ARMS - 1);
    arms_draw(t, arms, count, set % 2);
    if (posterior_rank(arms, count, &posterior_prior_default, &out))
        bench_die("posterior_rank", "failed");
    oracle_p_all(arms, count, 400, q);
    if (draws)
        monte_carlo(t, arms, count, draws, p);
    for (int k = 0; k < count; k++) {
        sum += arms[k].p_best;
        a->open += arms[k].p_best > 0.01 && arms[k].p_best < 0.99;
        errors_add(&a->beta, arms[k].p_best - q[k]);
        errors_add(&a->draws, draws ? arms[k].p_best - p[k] : 0);
    }
    a->sum_off = fmax(a->sum_off, fabs(sum - 1));
}

static void accuracy_run(int64_t sets, int64_t draws, uint64_t seed)
{
    struct accuracy a = {.sum_off = 0};
    struct trials t;
    trials_seed(&t, seed);
    a.draws.value = calloc((size_t)sets * ARMS, sizeof(double));
    a.beta.value = calloc((size_t)sets * ARMS, sizeof(double));
    if (!a.draws.value || !a.beta.value)
        bench_die("posterior", "out of memory");
    for (int64_t set = 0; set < sets; set++)
        accuracy_set(&a, &t, (int)set, draws);
    qsort(a.draws.value, a.draws.count, sizeof(double), by_size);
    qsort(a.beta.value, a.beta.count, sizeof(double), by_size);
    printf("{\"bench\":\"posterior\",\"part\":\"accuracy\",\"sets\":%" PRId64
           ",\"draws\":%" PRId64 ",\"seed\":%" PRIu64 ",\"values\":%zu,\"open\":%zu,"
           "\"within_0.002\":%.6f,\"draws_p999\":%.6f,\"draws_max\":%.6f,"
           "\"beta_p999\":%.2e,\"beta_max\":%.2e,\"sum_off_max\":%.2e}\n",
           sets, draws, seed, a.draws.count, a.open, errors_within(&a.draws, 0.002),
           errors_at(&a.draws, 0.999), errors_at(&a.draws, 1),
           errors_at(&a.beta, 0.999), errors_at(&a.beta, 1), a.sum_off);
    free(a.draws.value);
    free(a.beta.value);
}

/* The fastest of ten runs of one set: what it costs when nobody else has the core. */
static int64_t speed_of(const struct posterior_arm *arms, int count)
{
    struct posterior_arm copy[ARMS];
    struct posterior_result out;
    int64_t best = INT64_MAX;
    memcpy(copy, arms, sizeof copy);
    for (int i = 0; i < 10; i++) {
        struct timespec from, to;
        clock_gettime(CLOCK_MONOTONIC, &from);
        if (posterior_rank(copy, count, &posterior_prior_default, &out))
            bench_die("posterior_rank", "failed");
        clock_gettime(CLOCK_MONOTONIC, &to);
        int64_t ns = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
        best = ns < best ? ns : best;
    }
    return best;
}

static void speed_run(int count, uint64_t seed)
{
    enum { SETS = 500 };
    int64_t ns[SETS];
    struct trials t;
    struct posterior_arm arms[ARMS] = {{0}};
    trials_seed(&t, seed);
    for (int set = 0; set < SETS; set++) {
        arms_draw(&t, arms, count, set % 2);
        ns[set] = speed_of(arms, count);
    }
    double median = (double)bench_percentile(ns, SETS, 0.5) / 1000;
    printf("{\"bench\":\"posterior\",\"part\":\"speed\",\"arms\":%d,\"p50_us\":%.1f,"
           "\"p99_us\":%.1f}\n",
           count, median, (double)bench_percentile(ns, SETS, 0.99) / 1000);
}

int bench_posterior(int argc, char **argv)
{
    int64_t sets = bench_number(argc, argv, "--sets", 1000);
    int64_t draws = bench_number(argc, argv, "--draws", 1000000);
    uint64_t seed = (uint64_t)bench_number(argc, argv, "--seed", 1);
    if (sets > 1000000)
        bench_die("--sets", "is at most 1000000");
    static const int sizes[] = {2, 4, 8, 16};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        speed_run(sizes[i], seed);
    fflush(stdout);
    if (sets)
        accuracy_run(sets, draws, seed);
    return 0;
}
