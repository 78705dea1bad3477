/* beta_test.c: peak, knots and density of a Beta on the logit axis. */
#include "campaigns/ranking/beta.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const double shapes[][2] = {
    {1, 1},       {0.5, 0.5},  {14, 986},   {2, 3},     {0.875, 1749},
    {25e-6, 25},  {25, 25e-6}, {1e-6, 1},   {1, 1e-6},  {1.4e7, 1e9},
    {1e9, 1.4e7}, {1e-6, 2e9}, {2e9, 1e-6}, {2e9, 2e9}, {100, 1e9},
};
#define SHAPES (sizeof shapes / sizeof *shapes)

/* ln density at t from the definition; only for shapes where lgamma keeps its digits */
static double log_density(double a, double b, double t)
{
    return -a * log1p(exp(-t)) - b * log1p(exp(t)) - oracle_log_beta(a, b);
}

static void density_is_that_of_the_definition(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        double a = shapes[i][0], b = shapes[i][1];
        struct beta_shape shape;
        beta_shape_init(&shape, a, b);
        double from = shape.knot[0], to = shape.knot[BETA_KNOTS - 1];
        for (int step = 0; step <= 200; step++) {
            double t = from + (to - from) * step / 200;
            struct beta_point at = beta_point(t);
            double expected = exp(log_density(a, b, t));
            assert_true(near(beta_density(&shape, &at), expected, 1e-9 * expected));
        }
    }
}

static void knots_rise_and_drop_by_half_squares(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHAPES; i++) {
        double a = shapes[i][0], b = shapes[i][1];
        struct beta_shape shape;
        beta_shape_init(&shape, a, b);
        struct beta_point peak = beta_point(shape.knot[BETA_REACH]);
        double top = beta_density(&shape, &peak);
        assert_true(top > 0 && isfinite(top));
        for (int k = 0; k < BETA_KNOTS; k++) {
            struct beta_point at = beta_point(shape.knot[k]);
            double z = k - BETA_REACH, drop = log(top / beta_density(&shape, &at));
            assert_true(near(drop, z * z / 2, 0.01 * z * z + 1e-6));
            assert_true(k == 0 || shape.knot[k] > shape.knot[k - 1]);
        }
    }
}

static void points_agree_on_both_sides_of_zero(void **state)
{
    (void)state;
    for (int step = -80; step <= 80; step++) {
        double t = step / 2.0;
        struct beta_point at = beta_point(t), mirror = beta_point(-t);
        assert_true(near(at.x + mirror.x, 1, 1e-15));
        assert_true(near(at.log_x, mirror.log_not_x, 1e-15));
        assert_true(near(at.log_x - at.log_not_x, t, 1e-13));
        assert_true(near(exp(at.log_x), at.x, 1e-15));
    }
    struct beta_point far = beta_point(-1e6);
    assert_true(far.x == 0 && far.log_x == -1e6 && far.log_not_x == 0);
}

static void interval_leaves_its_tails(void **state)
{
    (void)state;
    static const double wide[][3] = {
        {1, 1, 1.4e-3}, {2.5, 177, 2e-4}, {24.5, 1725, 2e-5}, {1, 1e5, 6e-4},
        {3, 3, 2e-4},   {300, 2e4, 2e-5}, {9e4, 2e3, 2e-5},   {0.5, 50, 2e-3},
        {0.1, 7, 8e-3}, {1, 1750, 6e-4},  {60, 1, 6e-4},      {5, 0.4, 3e-3},
    };
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        double a = wide[i][0], b = wide[i][1], lo = 0, hi = 1;
        beta_interval(a, b, 1.959963984540054, &lo, &hi);
        assert_true(near(oracle_cdf(a, b, lo), 0.025, wide[i][2]));
        assert_true(near(oracle_cdf(a, b, hi), 0.975, wide[i][2]));
        beta_interval(a, b, 1, &lo, &hi);
        assert_true(near(oracle_cdf(a, b, lo), 0.158655, 6 * wide[i][2]));
    }
    for (size_t i = 0; i < SHAPES; i++) {
        double lo = 0, hi = 0;
        beta_interval(shapes[i][0], shapes[i][1], 1.959963984540054, &lo, &hi);
        assert_true(lo >= 0 && lo <= hi && hi <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(density_is_that_of_the_definition),
        cmocka_unit_test(knots_rise_and_drop_by_half_squares),
        cmocka_unit_test(points_agree_on_both_sides_of_zero),
        cmocka_unit_test(interval_leaves_its_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
