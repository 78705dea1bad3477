/* draw_test.c: mean, variance and tails of what is drawn. */
#include "campaigns/ranking/draw.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { DRAWS = 200000 };

struct moments {
    double mean, variance;
};

enum what { NORMAL, GAMMA, BETA, BINOMIAL };
static struct moments moments_of(enum what what, double x, double y)
{
    struct rng r;
    double sum = 0, squares = 0;
    rng_seed(&r, 17);
    for (int i = 0; i < DRAWS; i++) {
        double v = what == NORMAL  ? draw_normal(&r)
                   : what == GAMMA ? draw_gamma(&r, x)
                   : what == BETA  ? draw_beta(&r, x, y)
                                   : (double)draw_binomial(&r, (int64_t)x, y);
        sum += v;
        squares += v * v;
    }
    return (struct moments){sum / DRAWS, squares / DRAWS - sum / DRAWS * (sum / DRAWS)};
}

/* Within five standard errors of the mean; the variance within 3 %. */
static void expect(enum what what, double x, double y, double mean, double variance)
{
    struct moments m = moments_of(what, x, y);
    assert_true(near(m.mean, mean, 5 * sqrt(variance / DRAWS)));
    assert_true(near(m.variance, variance, 0.03 * variance));
}

static void means_and_variances(void **state)
{
    (void)state;
    expect(NORMAL, 0, 0, 0, 1);
    expect(GAMMA, 0.3, 0, 0.3, 0.3);
    expect(GAMMA, 40, 0, 40, 40);
    expect(BETA, 3, 97, 0.03, 0.03 * 0.97 / 101);
    expect(BINOMIAL, 1000, 0.003, 3, 3 * 0.997);
    expect(BINOMIAL, 100000, 0.02, 2000, 2000 * 0.98); /* the normal one */
    expect(BINOMIAL, 50, 0.9, 45, 4.5);
}

static void few_successes_are_exact(void **state)
{
    (void)state;
    struct rng r;
    int none = 0, all = 0;
    rng_seed(&r, 2);
    for (int i = 0; i < DRAWS; i++) {
        none += draw_binomial(&r, 5, 0.2) == 0;
        all += draw_binomial(&r, 3, 0.5) == 3;
    }
    assert_true(near((double)none / DRAWS, pow(0.8, 5), 0.005));
    assert_true(near((double)all / DRAWS, 0.125, 0.005));
}

static void ends_of_the_range(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 2);
    assert_true(draw_binomial(&r, 0, 0.5) == 0);
    assert_true(draw_binomial(&r, 10, 0) == 0);
    assert_true(draw_binomial(&r, 10, NAN) == 0);
    assert_true(draw_binomial(&r, 10, 1) == 10);
    for (int i = 0; i < 1000; i++) {
        int64_t n = draw_binomial(&r, 1000000000000, 0.3);
        assert_true(n > 299990000000 && n < 300010000000);
        double x = draw_beta(&r, 1e-3, 1e-3);
        assert_true(x >= 0 && x <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(means_and_variances),
        cmocka_unit_test(few_successes_are_exact),
        cmocka_unit_test(ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
