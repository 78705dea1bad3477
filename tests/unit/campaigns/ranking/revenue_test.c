/* revenue_test.c: which method is used, what it says, and whether the truth lies in its
 * intervals. */
#include "campaigns/ranking/revenue.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct posterior_prior orders = {0.002, 180, 1750};

static struct revenue_result rank(struct revenue_arm *arms, int count)
{
    struct revenue_result out;
    assert_int_equal(revenue_rank(arms, count, &posterior_prior_default, &orders, &out),
                     ERR_OK);
    return out;
}

static struct revenue_arm arm_of(int64_t trials, int64_t clicks, int64_t conversions,
                                 double value, double cv)
{
    struct revenue_arm arm = {.rate = {.trials = trials, .successes = conversions},
                              .clicks = clicks};
    arm.revenue = (double)conversions * value;
    arm.revenue_squares = (double)conversions * value * value * (1 + cv * cv);
    return arm;
}

static void the_method_follows_the_evidence(void **state)
{
    (void)state;
    struct revenue_arm arms[2] = {{.rate = {.trials = 100}}, {.rate = {.trials = 90}}};
    assert_int_equal(rank(arms, 2).method, REVENUE_NONE);
    arms[0].clicks = 1;
    assert_int_equal(rank(arms, 2).method, REVENUE_CLICKS);
    arms[0] = arm_of(20000, 300, 40, 50, 1);
    arms[1] = arm_of(20000, 300, 19, 50, 1); /* 59 of 60 */
    assert_int_equal(rank(arms, 2).method, REVENUE_CLICKS);
    arms[1] = arm_of(20000, 300, 20, 50, 1);
    assert_int_equal(rank(arms, 2).method, REVENUE_VALUE);
    arms[0].revenue = arms[1].revenue = 0;
    struct revenue_result out = rank(arms, 2);
    assert_int_equal(out.method, REVENUE_RATE);
    assert_true(out.value == 1);
    assert_true(near(arms[0].mean, arms[0].rate.mean, 1e-6));
    assert_string_equal(revenue_method_name(out.method), "rate");
    assert_true(strlen(revenue_method_meaning(REVENUE_CLICKS)) > 0);
}

/* The header's formulas, and draws from them. */
static void the_posterior_is_the_product(void **state)
{
    (void)state;
    enum { DRAWS = 200000, ARMS = 3 };
    struct revenue_arm arms[ARMS] = {arm_of(20000, 300, 60, 40, 1.2),
                                     arm_of(18000, 250, 45, 55, 1.2),
                                     arm_of(5000, 80, 12, 30, 1.2)};
    struct revenue_result out = rank(arms, ARMS);
    double a[ARMS], b[ARMS], mean[ARMS] = {0}, best[ARMS] = {0}, max = 0;
    assert_int_equal(out.method, REVENUE_VALUE);
    assert_true(near(out.cv * out.cv, (60 * 1.44 + 45 * 1.44 + 12 * 1.44) / 114, 1e-9));
    assert_true(near(out.value, (60 * 40 + 45 * 55 + 12 * 30) / 117.0, 1e-9));
    for (int k = 0; k < ARMS; k++) {
        double each = 1 / (out.cv * out.cv), c = (double)arms[k].rate.successes;
        a[k] = 27 + c * each;
        b[k] = 26 * out.value + arms[k].revenue * each;
        assert_true(near(arms[k].value, b[k] / (a[k] - 1), 1e-9));
    }
    struct rng r;
    rng_seed(&r, 5);
    for (int i = 0; i < DRAWS; i++) {
        double most = 0;
        int top = 0;
        for (int k = 0; k < ARMS; k++) {
            double x = oracle_beta(&r, arms[k].rate.a, arms[k].rate.b) * b[k] /
                       oracle_gamma(&r, a[k]);
            mean[k] += x / DRAWS;
            top = x > most ? k : top;
            most = fmax(most, x);
        }
        best[top] += 1.0 / DRAWS;
        max += most / DRAWS;
    }
    for (int k = 0; k < ARMS; k++) {
        assert_true(near(arms[k].mean, mean[k], 0.004 * mean[k]));
        assert_true(near(arms[k].p_best, best[k], 0.005));
        assert_true(near(arms[k].expected_loss, max - mean[k], 0.004 * mean[k]));
        assert_true(arms[k].lo < arms[k].mean && arms[k].mean < arms[k].hi);
    }
    assert_true(near(out.expected_max, max, 0.004 * max));
}

static void value_decides_between_equal_rates(void **state)
{
    (void)state;
    struct revenue_arm arms[2] = {arm_of(50000, 700, 200, 40, 0.8),
                                  arm_of(50000, 700, 195, 80, 0.8)};
    struct revenue_result out = rank(arms, 2);
    assert_int_equal(out.leader, 1);
    assert_true(arms[1].p_best > 0.99 && arms[0].rate.p_best > 0.5);
    assert_true(arms[1].value < 80 && arms[1].value > 70); /* a little shrunk */
    assert_false(arms[0].tied);
}

static void the_unit_does_not_matter(void **state)
{
    (void)state;
    struct revenue_arm one[2] = {arm_of(9000, 120, 35, 40, 1),
                                 arm_of(9000, 120, 45, 35, 1)};
    struct revenue_arm micro[2] = {arm_of(9000, 120, 35, 40e6, 1),
                                   arm_of(9000, 120, 45, 35e6, 1)};
    rank(one, 2);
    rank(micro, 2);
    assert_true(near(micro[0].mean, 1e6 * one[0].mean, 1e-3));
    assert_true(near(micro[1].p_best, one[1].p_best, 1e-6));
    assert_true(near(micro[1].hi, 1e6 * one[1].hi, 1e-3));
}

static void few_orders_leave_it_to_the_clicks(void **state)
{
    (void)state;
    /* the second brought two of three orders, and half the clicks */
    struct revenue_arm arms[2] = {arm_of(10000, 200, 1, 50, 0),
                                  arm_of(10000, 100, 2, 50, 0)};
    struct revenue_result out = rank(arms, 2);
    assert_int_equal(out.method, REVENUE_CLICKS);
    assert_int_equal(out.leader, 0);
    assert_true(arms[0].p_best > 0.9 && arms[1].rate.mean > arms[0].rate.mean);
    assert_true(near(out.click_value, 4 / (300 + 1 / 0.13) * 50, 1e-9));
    /* rate of clicks x shrunk ratio x value */
    double ratio = out.click_value / 50, strength = 30 / ratio;
    double clicks = (0.0144 * 1750 + 200) / 11750; /* about: the level is near 1.44 % */
    double expected = clicks * (30 + 1) / (strength + 200) * 50;
    assert_true(near(arms[0].mean, expected, 0.02 * expected));
}

static void refunds_and_odd_sums(void **state)
{
    (void)state;
    struct revenue_arm arms[2] = {arm_of(9000, 120, 50, 40, 1),
                                  arm_of(9000, 120, 50, 40, 1)};
    arms[1].revenue = -500; /* more was given back than taken */
    struct revenue_result out = rank(arms, 2);
    assert_true(out.method == REVENUE_VALUE && out.leader == 0);
    assert_true(arms[1].mean > 0 && arms[1].value > 0);
    arms[1] = arms[0];
    arms[0].revenue_squares = arms[1].revenue_squares = 0;
    assert_true(rank(arms, 2).cv == 1); /* not kept */
    arms[1].revenue = NAN;
    assert_int_equal(revenue_rank(arms, 2, &orders, &orders, &out), ERR_OUT_OF_RANGE);
    arms[1].revenue = 1;
    arms[1].clicks = -1;
    assert_int_equal(revenue_rank(arms, 2, &orders, &orders, &out), ERR_OUT_OF_RANGE);
    assert_int_equal(revenue_rank(arms, 0, &orders, &orders, &out), ERR_OUT_OF_RANGE);
    assert_int_equal(revenue_rank(arms, 65, &orders, &orders, &out), ERR_OUT_OF_RANGE);
}

static void large_orders_are_cut(void **state)
{
    (void)state;
    static double values[1000];
    for (int i = 0; i < 1000; i++)
        values[i] = 1000 - i;
    assert_true(revenue_cap(values, 1000) == 995);
    assert_true(revenue_cap(values, 199) == 199); /* sorted now: nothing to cut */
    assert_true(revenue_cap(values, 200) == 199);
    assert_true(revenue_cap(values, 0) == 0);
    struct revenue_arm arm = {0};
    revenue_add(&arm, 40, 100);
    revenue_add(&arm, 4000, 100);
    assert_true(arm.revenue == 140 && arm.revenue_squares == 1600 + 10000);
    revenue_add(&arm, 4000, 0);
    assert_true(arm.revenue == 4140);
}

/* Log-normal orders of mean 40 and CV 1, rates and values drawn as assumed. */
static void intervals_hold_the_truth(void **state)
{
    (void)state;
    enum { WORLDS = 300, ARMS = 4, TRIALS = 40000 };
    struct rng r;
    int held = 0;
    double best = 0, said = 0, sigma = sqrt(log(2));
    rng_seed(&r, 9);
    for (int w = 0; w < WORLDS; w++) {
        struct revenue_arm arms[ARMS];
        double truth[ARMS];
        int top = 0;
        for (int k = 0; k < ARMS; k++) {
            double rate = oracle_beta(&r, 0.002 * 1750, 0.998 * 1750);
            double value = 40 * 26 / oracle_gamma(&r, 27);
            int64_t c =
                (int64_t)round(TRIALS * rate + sqrt(TRIALS * rate) * oracle_normal(&r));
            arms[k] = arm_of(TRIALS, 600, c > 0 ? c : 0, 0, 0);
            for (int64_t i = 0; i < c; i++)
                revenue_add(&arms[k],
                            value * exp(sigma * oracle_normal(&r) - sigma * sigma / 2),
                            0);
            truth[k] = rate * value;
            top = truth[k] > truth[top] ? k : top;
        }
        struct revenue_result out = rank(arms, ARMS);
        best += out.leader == top;
        said += arms[out.leader].p_best;
        for (int k = 0; k < ARMS; k++)
            held += arms[k].lo <= truth[k] && truth[k] <= arms[k].hi;
    }
    assert_in_range(held, WORLDS * ARMS * 92 / 100, WORLDS * ARMS * 98 / 100);
    assert_true(near(best / WORLDS, said / WORLDS, 0.06)); /* P(best) means it */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_method_follows_the_evidence),
        cmocka_unit_test(the_posterior_is_the_product),
        cmocka_unit_test(value_decides_between_equal_rates),
        cmocka_unit_test(the_unit_does_not_matter),
        cmocka_unit_test(few_orders_leave_it_to_the_clicks),
        cmocka_unit_test(refunds_and_odd_sums),
        cmocka_unit_test(large_orders_are_cut),
        cmocka_unit_test(intervals_hold_the_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
