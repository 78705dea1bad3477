/* quadrature_test.c: P(best) and E[max] against closed forms, the incomplete
 * beta and brute force; and everything that could make it fail. */
#include "campaigns/ranking/quadrature.h"
#include "campaigns/ranking/beta.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define MAX POSTERIOR_ARMS_MAX

static void assert_sound(const struct quadrature_arm *arms, int count,
                         struct quadrature_result r)
{
    double sum = 0;
    for (int k = 0; k < count; k++) {
        assert_true(arms[k].p_best >= 0 && arms[k].p_best <= 1 + 1e-12);
        sum += arms[k].p_best;
    }
    assert_true(near(sum, 1, 1e-12));
    assert_true(near(r.mass, 1, 1e-6));
    assert_true(r.expected_max > 0 && r.expected_max <= 1);
}

static void two_arms_match_the_closed_form(void **state)
{
    (void)state;
    static const double cases[][4] = {
        {1, 1, 1, 1},       {1, 1, 2, 1},          {3, 5, 4, 4},
        {15, 985, 20, 980}, {140, 9860, 150, 9e3}, {0.5, 50, 3, 60.25},
        {2, 3e5, 9, 1e3},   {900, 100, 90, 10},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double *c = cases[i];
        struct quadrature_arm arms[2] = {{.a = c[0], .b = c[1]},
                                         {.a = c[2], .b = c[3]}};
        assert_sound(arms, 2, quadrature_run(arms, 2));
        double expected = oracle_miller(c[0], c[1], c[2], c[3]);
        assert_true(near(arms[1].p_best, expected, 1e-8));
    }
}

static void equal_arms_have_equal_chances(void **state)
{
    (void)state;
    static const double shapes[][2] = {{1, 1},      {24.5, 1725}, {0.01, 25},
                                       {25, 25e-6}, {1e7, 1e9},   {0.5, 0.5}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int count = 1; count <= MAX; count = count * 2 + 1) {
            struct quadrature_arm arms[MAX];
            for (int k = 0; k < count; k++)
                arms[k] = (struct quadrature_arm){.a = shapes[i][0], .b = shapes[i][1]};
            assert_sound(arms, count, quadrature_run(arms, count));
            for (int k = 0; k < count; k++)
                assert_true(near(arms[k].p_best, 1.0 / count, 1e-9));
        }
}

/* The largest of n uniform rates has the mean n / (n + 1). */
static void expected_max_of_uniform_rates(void **state)
{
    (void)state;
    for (int count = 1; count <= MAX; count++) {
        struct quadrature_arm arms[MAX];
        for (int k = 0; k < count; k++)
            arms[k] = (struct quadrature_arm){.a = 1, .b = 1};
        double expected = (double)count / (count + 1);
        assert_true(near(quadrature_run(arms, count).expected_max, expected, 1e-8));
    }
}

/* Rates of 0.0005 to 0.3 with 0 to 160,000 trials, and the prior's a and b. */
static int arms_random(struct rng *r, struct quadrature_arm *arms)
{
    int count = 2 + (int)rng_below(r, 15);
    for (int k = 0; k < count; k++) {
        double p = 0.0005 * pow(600, rng_unit(r)), n = exp(12 * rng_unit(r)) - 1;
        arms[k] = (struct quadrature_arm){.a = 1.4 + n * p, .b = 98.6 + n * (1 - p)};
    }
    return count;
}

static void random_sets_match_brute_force(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 4);
    for (int set = 0; set < 20; set++) {
        struct quadrature_arm arms[16];
        double a[16], b[16];
        int count = arms_random(&r, arms);
        struct quadrature_result result = quadrature_run(arms, count);
        double lo = 1, hi = 0;
        for (int k = 0; k < count; k++) {
            a[k] = arms[k].a;
            b[k] = arms[k].b;
            double from = 0, to = 1;
            beta_interval(a[k], b[k], 5, &from, &to);
            lo = fmin(lo, from);
            hi = fmax(hi, to);
        }
        int k = (int)rng_below(&r, (uint64_t)count), steps = 2000;
        double expected = oracle_p_best(a, b, count, k, lo, hi, steps);
        assert_true(near(arms[k].p_best, expected, 1e-4));
        double max = lo, dx = (hi - lo) / steps;
        for (int i = 0; i < steps; i++)
            max += dx * (1 - oracle_max_cdf(a, b, count, lo + (i + 0.5) * dx));
        assert_true(near(result.expected_max, max, 1e-5 * max + 1e-7));
    }
}

/* All that posterior_rank can ask for: any strength and mean of the prior, 0 to 1e9
 * trials at any rate. */
static void extreme_sets_stay_sound(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    for (int set = 0; set < 2000; set++) {
        struct quadrature_arm arms[MAX];
        int count = 1 + (int)rng_below(&r, set % 50 ? 12 : MAX);
        for (int k = 0; k < count; k++) {
            double strength = exp(9.9 * rng_unit(&r));
            double mean = 1 / (1 + exp(27.6 * rng_unit(&r) - 13.8));
            double rate = 1 / (1 + exp(60 * rng_unit(&r) - 30));
            double n = rng_below(&r, 3) ? exp(20.7 * rng_unit(&r)) : 0;
            double c = floor(n * rate);
            arms[k].a = fmax(1e-6, mean * strength) + c;
            arms[k].b = fmax(1e-6, (1 - mean) * strength) + n - c;
        }
        assert_sound(arms, count, quadrature_run(arms, count));
    }
}

static void a_sharp_arm_beside_a_wide_one(void **state)
{
    (void)state;
    struct quadrature_arm arms[2] = {{.a = 1e5, .b = 9.9e6}, {.a = 2, .b = 9}};
    assert_sound(arms, 2, quadrature_run(arms, 2));
    double rate = 1e5 / (1e5 + 9.9e6); /* known to 1e-5: all but a constant */
    assert_true(near(arms[1].p_best, 1 - oracle_cdf(2, 9, rate), 1e-6));
    struct quadrature_arm apart[2] = {{.a = 10, .b = 1e9}, {.a = 1e9, .b = 10}};
    assert_sound(apart, 2, quadrature_run(apart, 2));
    assert_true(apart[1].p_best == 1);
}

static void the_same_call_gives_the_same_bits(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6);
    struct quadrature_arm arms[16] = {{0}}, again[16];
    int count = arms_random(&r, arms);
    memcpy(again, arms, sizeof arms);
    struct quadrature_result x = quadrature_run(arms, count);
    struct quadrature_result y = quadrature_run(again, count);
    assert_memory_equal(arms, again, sizeof arms);
    assert_memory_equal(&x, &y, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_arms_match_the_closed_form),
        cmocka_unit_test(equal_arms_have_equal_chances),
        cmocka_unit_test(expected_max_of_uniform_rates),
        cmocka_unit_test(random_sets_match_brute_force),
        cmocka_unit_test(extreme_sets_stay_sound),
        cmocka_unit_test(a_sharp_arm_beside_a_wide_one),
        cmocka_unit_test(the_same_call_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
