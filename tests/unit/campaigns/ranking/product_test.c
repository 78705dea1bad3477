/* product_test.c: products of rates and values against random draws and against
 * quadrature.h. */
#include "campaigns/ranking/product.h"
#include "campaigns/ranking/beta.h"
#include "campaigns/ranking/quadrature.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { DRAWS = 200000, ARMS = 3 };

struct arm {
    double a, b, shape, scale; /* Beta(a, b) times scale / Gamma(shape) */
};

static struct product product_of(const struct arm *arm)
{
    return product_times(product_rate(arm->a, arm->b),
                         product_value(arm->shape, arm->scale));
}

static int order(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

static double *draws[ARMS];

static void draw(const struct arm *arms, struct product_arm *seen)
{
    struct rng r;
    rng_seed(&r, 11);
    double sum_max = 0;
    for (int i = 0; i < DRAWS; i++) {
        int best = 0;
        for (int k = 0; k < ARMS; k++) {
            draws[k][i] = oracle_beta(&r, arms[k].a, arms[k].b) * arms[k].scale /
                          oracle_gamma(&r, arms[k].shape);
            seen[k].mean += draws[k][i] / DRAWS;
            best = draws[k][i] > draws[best][i] ? k : best;
        }
        seen[best].p_best += 1.0 / DRAWS;
        sum_max += draws[best][i];
    }
    for (int k = 0; k < ARMS; k++) {
        seen[k].expected_loss = sum_max / DRAWS - seen[k].mean;
        qsort(draws[k], DRAWS, sizeof *draws[k], order);
        seen[k].lo = draws[k][DRAWS / 40];
        seen[k].hi = draws[k][DRAWS - DRAWS / 40];
    }
}

static void against_random_draws(void **state)
{
    (void)state;
    static const struct arm worlds[][ARMS] = {
        {{30, 15000, 40, 2000}, {40, 15000, 30, 1500}, {35, 14000, 60, 2600}},
        {{30, 300, 31, 3e9}, {3000, 30000, 3100, 3e11}, {32, 320, 200, 2e10}},
        {{31, 60, 1000, 1000}, {30, 62, 1000, 1040}, {29, 61, 1000, 900}},
    };
    for (int k = 0; k < ARMS; k++)
        draws[k] = calloc(DRAWS, sizeof *draws[k]);
    for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++) {
        struct product_arm arms[ARMS] = {0}, seen[ARMS] = {0};
        for (int k = 0; k < ARMS; k++)
            arms[k].x = product_of(&worlds[w][k]);
        product_rank(arms, ARMS);
        draw(worlds[w], seen);
        double sum = 0, within = w == 2 ? 0.012 : 0.006; /* rates of 0.3 */
        for (int k = 0; k < ARMS; k++) {
            sum += arms[k].p_best;
            assert_true(near(arms[k].p_best, seen[k].p_best, within / 2));
            assert_true(near(arms[k].mean, seen[k].mean, 0.003 * seen[k].mean));
            assert_true(near(arms[k].lo, seen[k].lo, within * seen[k].lo));
            assert_true(near(arms[k].hi, seen[k].hi, within * seen[k].hi));
            assert_true(near(arms[k].expected_loss, seen[k].expected_loss,
                             0.002 * seen[k].mean));
        }
        assert_true(near(sum, 1, 1e-12));
    }
    for (int k = 0; k < ARMS; k++)
        free(draws[k]);
}

/* Without a value the product is a rate alone, which quadrature.h knows better. */
static void a_rate_alone_is_as_in_quadrature(void **state)
{
    (void)state;
    struct quadrature_arm q[4] = {{.a = 30, .b = 2000},
                                  {.a = 40, .b = 2100},
                                  {.a = 400, .b = 20000},
                                  {.a = 25, .b = 1700}};
    struct product_arm arms[4] = {0};
    for (int k = 0; k < 4; k++)
        arms[k].x = product_rate(q[k].a, q[k].b);
    double expected_max = product_rank(arms, 4);
    struct quadrature_result r = quadrature_run(q, 4);
    assert_true(near(expected_max, r.expected_max, 1e-4 * r.expected_max));
    for (int k = 0; k < 4; k++) {
        assert_true(near(arms[k].p_best, q[k].p_best, 1e-3));
        assert_true(near(arms[k].mean, q[k].a / (q[k].a + q[k].b), 1e-6));
        double lo, hi;
        beta_interval(q[k].a, q[k].b, 1.959963985, &lo, &hi);
        assert_true(near(arms[k].lo, lo, 2e-3 * lo));
        assert_true(near(arms[k].hi, hi, 2e-3 * hi));
    }
}

/* One arm that is known a thousand times better than the others; and 64 arms. */
static void narrow_beside_wide_and_many(void **state)
{
    (void)state;
    struct product_arm arms[POSTERIOR_ARMS_MAX] = {0};
    arms[0].x = product_rate(2e7, 2e9 - 2e7);
    arms[1].x = product_rate(20, 1980);
    product_rank(arms, 2);
    double above = 1 - oracle_cdf(20, 1980, 0.01);
    assert_true(near(arms[1].p_best, above, 2e-3));
    assert_true(near(arms[0].mean, 0.01, 1e-8));
    for (int k = 0; k < POSTERIOR_ARMS_MAX; k++)
        arms[k].x = product_rate(50, 5000);
    product_rank(arms, POSTERIOR_ARMS_MAX);
    for (int k = 0; k < POSTERIOR_ARMS_MAX; k++)
        assert_true(near(arms[k].p_best, 1.0 / POSTERIOR_ARMS_MAX, 1e-9));
    assert_true(arms[0].expected_loss > 0);
}

static void chances_to_be_above(void **state)
{
    (void)state;
    for (int i = 0; i < 7; i++) {
        double x = 0.005 * pow(1.3, i);
        struct product rate = product_rate(25, 2000);
        assert_true(near(product_above(&rate, x), 1 - oracle_cdf(25, 2000, x), 1e-3));
    }
    /* the ratio of two rates, by brute force over the second */
    struct product ratio = product_over(product_rate(41, 9960), product_rate(9, 9992));
    double sum = 0, before = 0;
    for (int i = 1; i <= 4000; i++) {
        double x = i * 1e-6, after = oracle_cdf(9, 9992, x);
        sum += (after - before) * (1 - oracle_cdf(41, 9960, 2 * (x - 0.5e-6)));
        before = after;
    }
    assert_true(near(product_above(&ratio, 2), sum, 1e-3));
    assert_true(product_above(&ratio, 1e-9) == 1);
    assert_true(product_above(&ratio, 1e9) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(against_random_draws),
        cmocka_unit_test(a_rate_alone_is_as_in_quadrature),
        cmocka_unit_test(narrow_beside_wide_and_many),
        cmocka_unit_test(chances_to_be_above),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
