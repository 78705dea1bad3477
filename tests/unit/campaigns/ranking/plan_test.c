/* plan_test.c: sizes, priors of other levels, and what the game must and cannot earn.
 */
#include "campaigns/ranking/plan.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct plan_world world_of(int64_t trials)
{
    return (struct plan_world){.level = PLAN_LEVEL_CLICK,
                               .prior = posterior_prior_default,
                               .arms = 5,
                               .trials = trials,
                               .horizon_known = true,
                               .policy = policy_find("sharpened"),
                               .batches = 30,
                               .runs = 150,
                               .seed = 1};
}

static struct plan_outcome play(const struct plan_world *w)
{
    struct plan_outcome out;
    assert_int_equal(plan_simulate(w, &out), ERR_OK);
    return out;
}

/* The figures of RANKING §5.12: CTR 1.5 %, lift 20 %: 26,000; 0.2 %: 200,000. */
static void sizes_of_the_guide(void **state)
{
    (void)state;
    assert_int_equal(plan_trials_per_arm(0.015, 0.2), 26267);
    assert_int_equal(plan_trials_per_arm(0.002, 0.2), 199600);
    assert_int_equal(plan_trials_per_arm(0.5, 0.1), 1600);
    assert_true(plan_trials_per_arm(1e-6, 1e-9) == (int64_t)1e18);
}

/* That many trials do find the lift in 80 of 100 tests. */
static void the_size_has_the_power(void **state)
{
    (void)state;
    struct rng r;
    double p = 0.02, q = 0.024;
    int64_t n = plan_trials_per_arm(p, 0.2);
    int found = 0;
    rng_seed(&r, 4);
    for (int i = 0; i < 4000; i++) {
        double a = p + sqrt(p * (1 - p) / (double)n) * oracle_normal(&r);
        double b = q + sqrt(q * (1 - q) / (double)n) * oracle_normal(&r);
        double mean = (a + b) / 2;
        found += fabs(b - a) > 1.96 * sqrt(2 * mean * (1 - mean) / (double)n);
    }
    assert_in_range(found, 4000 * 70 / 100, 4000 * 86 / 100);
}

static void priors_of_other_levels_are_as_wide(void **state)
{
    (void)state;
    struct posterior_prior same = plan_prior(PLAN_LEVEL_CLICK);
    assert_true(near(same.m_within, 1750, 1e-6) && near(same.m_between, 180, 1e-6));
    for (int i = 0; i < 8; i++) {
        double level = 1e-4 * pow(3, i);
        struct posterior_prior p = plan_prior(level);
        double cv = sqrt((1 - level) / (level * (p.m_within + 1)));
        assert_true(near(cv, sqrt(0.986 / (0.014 * 1751)), 1e-9));
        assert_true(p.mu == level && p.m_between < p.m_within);
    }
}

static void more_traffic_earns_more(void **state)
{
    (void)state;
    struct plan_world few = world_of(2000), many = world_of(500000);
    struct plan_outcome a = play(&few), b = play(&many);
    assert_true(near(a.uniform, 0.014, 0.0005) && near(a.uniform, b.uniform, 1e-9));
    assert_true(a.oracle == b.oracle);
    /* expected best of five: 1.16 standard deviations above the mean */
    assert_true(near(a.oracle, 0.014 * (1 + 1.16 * 0.2), 0.0004));
    assert_true(a.uniform < a.policy + 2 * a.policy_error && a.policy < b.policy);
    assert_true(b.policy > b.uniform + 5 * b.policy_error && b.policy < b.oracle);
    assert_true(a.picked < b.picked && b.picked > 0.8 && b.picked_uniform > 0.8);
    assert_true(b.pick_loss < 0.01 && a.pick_loss > b.pick_loss);
}

static void the_seed_decides(void **state)
{
    (void)state;
    struct plan_world w = world_of(20000);
    w.runs = 20;
    struct plan_outcome a = play(&w), b = play(&w);
    assert_memory_equal(&a, &b, sizeof a);
    w.seed = 2;
    b = play(&w);
    assert_true(a.policy != b.policy);
}

static void odd_worlds(void **state)
{
    (void)state;
    struct plan_world w = world_of(1);
    struct plan_outcome out;
    w.runs = 5;
    out = play(&w); /* one trial in thirty batches: it is shown */
    assert_true(near(out.uniform, 0.014, 0.004) && near(out.policy, 0.014, 0.004));
    w = world_of(7);
    w.arms = POSTERIOR_ARMS_MAX;
    w.runs = 2;
    play(&w);
    w = world_of(1000000000000);
    w.arms = 1;
    w.runs = 2;
    out = play(&w);
    assert_true(out.picked == 1 && near(out.policy, out.oracle, 1e-12));
    w.trials = 0;
    assert_int_equal(plan_simulate(&w, &out), ERR_OUT_OF_RANGE);
    w = world_of(10);
    w.level = 0.95;
    assert_int_equal(plan_simulate(&w, &out), ERR_OUT_OF_RANGE);
    w = world_of(10);
    w.arms = POSTERIOR_ARMS_MAX + 1;
    assert_int_equal(plan_simulate(&w, &out), ERR_OUT_OF_RANGE);
    w = world_of(10);
    w.runs = 0;
    assert_int_equal(plan_simulate(&w, &out), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_of_the_guide),
        cmocka_unit_test(the_size_has_the_power),
        cmocka_unit_test(priors_of_other_levels_are_as_wide),
        cmocka_unit_test(more_traffic_earns_more),
        cmocka_unit_test(the_seed_decides),
        cmocka_unit_test(odd_worlds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
