/* reach_test.c: gains against the closed form for two normals, and at the edges. */
#include "campaigns/ranking/reach.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct posterior_arm arm_of(double rate, double n)
{
    return (struct posterior_arm){.a = rate * n, .b = (1 - rate) * n, .mean = rate};
}

/* E[(X - Y)+] of two normals at distance d with joint deviation s. */
static double ahead_by(double d, double s)
{
    double z = d / s;
    return s * exp(-z * z / 2) * 0.3989422804014327 + d * 0.5 * erfc(-z / sqrt(2));
}

static double root_of(const struct posterior_arm *arm)
{
    return sqrt((arm->a - 0.25) / (arm->a + arm->b));
}

static double spread_of(const struct posterior_arm *arm, double trials)
{
    double n = arm->a + arm->b;
    return (1 - arm->mean) / (4 * n) * trials / (trials + n);
}

static void two_arms_are_as_the_closed_form(void **state)
{
    (void)state;
    static const double cases[][5] = {
        /* rate, n, rate, n, trials */
        {0.015, 4000, 0.015, 4000, 10000}, {0.02, 9000, 0.015, 3000, 500},
        {0.3, 400, 0.25, 700, 1e9},        {0.011, 2e6, 0.012, 2000, 30000},
        {0.9, 5000, 0.91, 5000, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i];
        struct posterior_arm arms[] = {arm_of(c[0], c[1]), arm_of(c[2], c[3])};
        double gains[2], d = root_of(&arms[0]) - root_of(&arms[1]);
        double s = sqrt(spread_of(&arms[0], c[4]) + spread_of(&arms[1], c[4]));
        reach_gains(arms, 2, c[4], gains);
        assert_true(near(gains[0] / s, ahead_by(d, s) / s, 0.02));
        assert_true(near(gains[1] / s, ahead_by(-d, s) / s, 0.02));
    }
}

/* Two well known arms beside one that may be anywhere: the nodes see all three. */
static void sharp_arms_beside_a_wide_one_are_told_apart(void **state)
{
    (void)state;
    struct posterior_arm arms[] = {arm_of(0.02, 1e9), arm_of(0.0201, 1e9),
                                   arm_of(0.012, 2000)};
    double gains[3];
    reach_gains(arms, 3, 1e6, gains);
    assert_true(gains[1] > 30 * gains[2] && gains[2] > 0);
    assert_true(gains[0] < gains[2]);
    assert_true(gains[1] < root_of(&arms[1]) - root_of(&arms[0]) + 1e-6);
}

static void a_leader_far_ahead_gains_the_whole_gap(void **state)
{
    (void)state;
    struct posterior_arm arms[] = {arm_of(0.04, 1e8), arm_of(0.01, 1e8)};
    double gains[2];
    reach_gains(arms, 2, 1e6, gains);
    assert_true(near(gains[0], 0.1, 1e-6) && gains[1] < 1e-12);
}

static void little_traffic_left_leaves_little_to_learn(void **state)
{
    (void)state;
    struct posterior_arm arms[] = {arm_of(0.02, 5000), arm_of(0.017, 3000)};
    double before = 1;
    for (int64_t trials = 10000000; trials >= 1000; trials /= 10) {
        double gains[2];
        reach_gains(arms, 2, (double)trials, gains);
        assert_true(gains[0] > 0 && gains[1] < gains[0] && gains[1] < before);
        before = gains[1];
    }
    double none[2];
    reach_gains(arms, 2, 1, none);
    assert_true(none[1] == 0 && none[0] > 0);
}

/* Also where a or b is next to nothing. */
static void gains_are_finite_and_not_negative(void **state)
{
    (void)state;
    static const double sizes[] = {1e-6, 1, 1e3, 1e9};
    for (int i = 0; i < 256; i++) {
        struct posterior_arm arms[2] = {{.a = sizes[i & 3], .b = sizes[i >> 2 & 3]},
                                        {.a = sizes[i >> 4 & 3], .b = sizes[i >> 6]}};
        double gains[2];
        reach_gains(arms, 2, 1, gains);
        for (int k = 0; k < 2; k++)
            assert_true(gains[k] >= 0 && isfinite(gains[k]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_arms_are_as_the_closed_form),
        cmocka_unit_test(sharp_arms_beside_a_wide_one_are_told_apart),
        cmocka_unit_test(a_leader_far_ahead_gains_the_whole_gap),
        cmocka_unit_test(little_traffic_left_leaves_little_to_learn),
        cmocka_unit_test(gains_are_finite_and_not_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
