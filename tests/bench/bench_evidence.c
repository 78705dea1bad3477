/* bench_evidence.c: how often statements are true, on simulated tests under a policy
 * that adapts: false winners, power, and what the intervals cover. */
#include "campaigns/ranking/certificate.h"
#include "campaigns/ranking/levels.h"
#include "tests/bench/bench_env.h"
#include "tests/bench/bench_runs.h"
#include "tests/fakes/ab_test.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct plan {
    const struct policy *policy;
    int64_t tests, size;
    int arms, looks, control;
    double rate, lift, drift;
    uint64_t seed;
};

/* Tests in which something was ever true, and the trials until a proof. */
struct tally {
    int proven, wrong, likely, naive, inverse, covered;
    double trials;
};

/* The t-like test that is not made for looking: |z| > 1.96 on pooled counts. */
static bool naive_differs(const struct ab_test *ab, int a, int b)
{
    double na = (double)ab->posterior[a].trials, nb = (double)ab->posterior[b].trials;
    double ca = (double)ab->posterior[a].successes,
           cb = (double)ab->posterior[b].successes;
    if (na < 1 || nb < 1 || ca + cb < 1)
        return false;
    double p = (ca + cb) / (na + nb), error = sqrt(p * (1 - p) * (1 / na + 1 / nb));
    return fabs(ca / na - cb / nb) > 1.959964 * error;
}

/* Inverse propensities with the asymptotic confidence sequence of Waudby-Smith et al.
 * 2021 (guides RANKING §5.7), Bonferroni as the certificate; the half-width is the
 * smallest at a quarter of the planned trials. */
static bool inverse_differs(const struct ab_test *ab, int a, int b)
{
    double alpha = 0.05 / (ab->arms - 1), n = (double)ab->used, sum = 0, squares = 0;
    for (int e = 0; e < ab->epochs; e++) {
        double ca = (double)ab->counts[e * ab->arms + a].successes;
        double cb = (double)ab->counts[e * ab->arms + b].successes;
        double pa = ab->shares_of[e * ab->arms + a],
               pb = ab->shares_of[e * ab->arms + b];
        sum += ca / pa - cb / pb;
        squares += ca / (pa * pa) + cb / (pb * pb);
    }
    double mean = sum / n, sd = sqrt(fmax(0, squares / n - mean * mean));
    double rho2 =
        (-2 * log(alpha) + log(1 - 2 * log(alpha))) / fmax(1, (double)ab->horizon / 4);
    double m = n * rho2 + 1;
    return fabs(mean) > sd * sqrt(2 * m / (n * n * rho2) * log(sqrt(m) / alpha));
}

/* One test; what was true at any look. */
static void test_run(struct ab_test *ab, struct trials *t, const struct plan *plan,
                     struct tally *sum)
{
    bool proven = false, wrong = false, likely = false, naive = false, inverse = false,
         missed = false;
    ab_begin(ab, plan->arms, plan->size, plan->policy);
    for (int look = 0; look < plan->looks; look++) {
        struct certificate c;
        ab_look(ab, t, plan->size / plan->looks, 1);
        struct epoch_table table = ab_table(ab);
        int leader = ab->ranked.leader;
        if (certificate_winner(&table, leader, plan->control, 0, &c))
            bench_die("certificate_winner", "failed");
        double truth = ab->rate[leader] / ab->rate[c.reference] - 1;
        if (c.word == CERTIFICATE_PROVEN && !proven)
            sum->trials += (double)ab->used;
        proven = proven || c.word == CERTIFICATE_PROVEN;
        wrong = wrong || (c.word == CERTIFICATE_PROVEN && truth <= 0);
        missed = missed || truth < c.lo || truth > c.hi;
        likely = c.word != CERTIFICATE_NONE; /* at the last look */
        naive = naive || naive_differs(ab, leader, c.reference);
        inverse = inverse || inverse_differs(ab, leader, c.reference);
    }
    sum->proven += proven;
    sum->wrong += wrong;
    sum->likely += likely;
    sum->naive += naive;
    sum->inverse += inverse;
    sum->covered += !missed;
}

/* Equal rates but for the last arm, which is better by lift. */
static void winners(const struct plan *plan)
{
    static struct ab_test ab;
    struct trials t;
    struct tally sum = {0};
    double tests = (double)plan->tests;
    trials_seed(&t, plan->seed);
    for (int64_t i = 0; i < plan->tests; i++) {
        for (int k = 0; k < plan->arms; k++)
            ab.rate[k] = plan->rate * (k == plan->arms - 1 ? 1 + plan->lift : 1);
        test_run(&ab, &t, plan, &sum);
    }
    printf("{\"bench\":\"evidence\",\"part\":\"winners\",\"policy\":\"%s\",\"tests\":"
           "%" PRId64 ",\"arms\":%d,\"control\":%s,\"rate\":%g,\"lift\":%g,\"size\":"
           "%" PRId64
           ",\"looks\":%d,\"proven\":%.4f,\"false\":%.4f,\"interval_always\":"
           "%.4f,\"likely\":%.4f,\"z_test\":%.4f,\"inverse\":%.4f,\"trials\":%.0f}\n",
           plan->policy->name, plan->tests, plan->arms,
           plan->control < 0 ? "false" : "true", plan->rate, plan->lift, plan->size,
           plan->looks, sum.proven / tests, sum.wrong / tests, sum.covered / tests,
           sum.likely / tests, sum.naive / tests, sum.inverse / tests,
           sum.proven ? sum.trials / sum.proven : 0);
}

/* Rates as the prior says: a level m ~ Beta(mu M_between), arms ~ Beta(m M). */
static void rates_draw(struct ab_test *ab, struct trials *t, int arms)
{
    const struct posterior_prior *p = &posterior_prior_default;
    double m =
        fmax(1e-5, trials_beta(t, p->mu * p->m_between, (1 - p->mu) * p->m_between));
    for (int k = 0; k < arms; k++)
        ab->rate[k] = trials_beta(t, m * p->m_within, (1 - m) * p->m_within);
}

/* Of all arms at the end, and of the leaders, how many are inside their 95 %. */
static void coverage(const struct plan *plan)
{
    static struct ab_test ab;
    struct trials t;
    double arms = 0, inside = 0, leaders = 0, lifts = 0, pairs = 0;
    trials_seed(&t, plan->seed);
    for (int64_t i = 0; i < plan->tests; i++) {
        int count = plan->arms ? plan->arms : 2 + (int)rng_below(&t.rng, 7);
        rates_draw(&ab, &t, count);
        ab_begin(&ab, count, plan->size, plan->policy);
        for (int look = 0; look < plan->looks; look++)
            ab_look(&ab, &t, plan->size / plan->looks, 1);
        for (int k = 0; k < count; k++) {
            const struct posterior_arm *arm = &ab.posterior[k];
            bool in = arm->lo <= ab.rate[k] && ab.rate[k] <= arm->hi;
            struct posterior_lift lift = posterior_lift(arm, &ab.posterior[0]);
            double truth = ab.rate[k] / ab.rate[0] - 1;
            inside += in;
            leaders += in && k == ab.ranked.leader;
            lifts += k && lift.lo <= truth && truth <= lift.hi;
            pairs += k > 0;
        }
        arms += count;
    }
    printf("{\"bench\":\"evidence\",\"part\":\"coverage\",\"policy\":\"%s\",\"tests\":"
           "%" PRId64 ",\"arms\":%d,\"size\":%" PRId64 ",\"looks\":%d,\"covered\":%.4f,"
           "\"leaders\":%.4f,\"lifts\":%.4f}\n",
           plan->policy->name, plan->tests, plan->arms, plan->size, plan->looks,
           inside / arms, leaders / (double)plan->tests, lifts / pairs);
}

/* Relative loss of taking that arm for the best. */
static double loss_of(const struct ab_test *ab, const struct epoch_count *counts)
{
    struct posterior_arm arms[AB_ARMS] = {{0}};
    struct posterior_result ranked;
    double best = 0;
    for (int k = 0; k < ab->arms; k++) {
        arms[k].trials = counts[k].trials;
        arms[k].successes = counts[k].successes;
        best = fmax(best, ab->rate[k]);
    }
    if (posterior_rank(arms, ab->arms, &posterior_prior_default, &ranked))
        bench_die("posterior_rank", "failed");
    return 1 - ab->rate[ranked.leader] / best;
}

/* What the pick costs with counts as they are and with adjusted ones, when ln of the
 * level swings as a sine of that height, three times. */
static void levels(const struct plan *plan)
{
    static struct ab_test ab;
    struct trials t;
    int found = 0, raw_best = 0, best = 0;
    double raw_loss = 0, loss = 0, tests = (double)plan->tests;
    trials_seed(&t, plan->seed);
    for (int64_t i = 0; i < plan->tests; i++) {
        struct epoch_count raw[AB_ARMS] = {{0, 0}}, adjusted[AB_ARMS] = {{0, 0}};
        struct levels_result r;
        rates_draw(&ab, &t, plan->arms);
        ab_begin(&ab, plan->arms, plan->size, plan->policy);
        for (int look = 0; look < plan->looks; look++)
            ab_look(&ab, &t, plan->size / plan->looks,
                    exp(plan->drift * sin(6 * M_PI * look / plan->looks)));
        for (int k = 0; k < plan->arms; k++)
            raw[k] =
                (struct epoch_count){ab.posterior[k].trials, ab.posterior[k].successes};
        struct epoch_table table = ab_table(&ab);
        if (levels_adjust(&table, adjusted, &r))
            bench_die("levels_adjust", "failed");
        double x = loss_of(&ab, raw), y = loss_of(&ab, adjusted);
        found += r.found;
        raw_best += x <= 0;
        best += y <= 0;
        raw_loss += x;
        loss += y;
    }
    printf("{\"bench\":\"evidence\",\"part\":\"levels\",\"policy\":\"%s\",\"tests\":"
           "%" PRId64 ",\"arms\":%d,\"size\":%" PRId64 ",\"looks\":%d,\"drift\":%g,"
           "\"found\":%.4f,\"raw_best\":%.4f,\"best\":%.4f,\"raw_loss\":%.4f,"
           "\"loss\":%.4f}\n",
           plan->policy->name, plan->tests, plan->arms, plan->size, plan->looks,
           plan->drift, found / tests, raw_best / tests, best / tests, raw_loss / tests,
           loss / tests);
}

static double fraction(int argc, char **argv, const char *name, double fallback)
{
    const char *text = bench_option(argc, argv, name, NULL);
    char *end = NULL;
    double x = text ? strtod(text, &end) : fallback;
    if (text && (*end || !(x >= 0) || x > 1))
        bench_die(name, "takes a number from 0 to 1");
    return x;
}

int bench_evidence(int argc, char **argv)
{
    const char *part = bench_option(argc, argv, "--part", "winners");
    const char *policy = bench_option(argc, argv, "--policy", "sharpened");
    struct plan plan = {
        .policy = strcmp(policy, "equal") ? policy_find(policy) : &ab_equal,
        .tests = bench_number(argc, argv, "--tests", 2000),
        .size = bench_number(argc, argv, "--size", 20000),
        .arms = (int)bench_number(argc, argv, "--arms", 0),
        .looks = (int)bench_number(argc, argv, "--looks", 30),
        .control = bench_flag(argc, argv, "--no-control") ? -1 : 0,
        .rate = fraction(argc, argv, "--rate", 0.015),
        .lift = fraction(argc, argv, "--lift", 0),
        .drift = fraction(argc, argv, "--drift", 0.5),
        .seed = (uint64_t)bench_number(argc, argv, "--seed", 1),
    };
    if (!plan.policy)
        bench_die(policy, "is no policy");
    if (plan.arms == 1 || plan.arms > AB_ARMS || plan.looks < 1 ||
        plan.looks > AB_LOOKS || plan.size < plan.looks || !plan.tests)
        bench_die("evidence", "--arms is 2 to 16, --looks 1 to 200");
    if (strcmp(part, "coverage") == 0) {
        coverage(&plan);
        return 0;
    }
    plan.arms = plan.arms ? plan.arms : 4;
    if (strcmp(part, "levels") == 0)
        levels(&plan);
    else if (strcmp(part, "winners") == 0)
        winners(&plan);
    else
        bench_die(part, "is no part");
    return 0;
}
