/* polygamma_test.c: known values, and each function as the slope of the one before. */
#include "campaigns/ranking/polygamma.h"
#include "tests/unit/campaigns/ranking/beta_oracle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define EULER 0.57721566490153286
#define PI_SQUARED 9.8696044010893586
#define ZETA_3 1.2020569031595943

static void known_values(void **state)
{
    (void)state;
    assert_true(near(digamma(1), -EULER, 1e-13));
    assert_true(near(digamma(0.5), -EULER - 2 * log(2), 1e-13));
    assert_true(near(trigamma(1), PI_SQUARED / 6, 1e-13));
    assert_true(near(trigamma(0.5), PI_SQUARED / 2, 1e-13));
    assert_true(near(tetragamma(1), -2 * ZETA_3, 1e-13));
    assert_true(near(tetragamma(0.5), -14 * ZETA_3, 1e-12));
}

static void each_is_the_slope_of_the_other(void **state)
{
    (void)state;
    for (int i = 0; i < 35; i++) {
        double x = 0.01 * pow(1.7, i), h = 1e-4 * x;
        double slope = (lgamma(x + h) - lgamma(x - h)) / (2 * h);
        assert_true(near(digamma(x), slope, 1e-6 * (1 + fabs(slope))));
        slope = (digamma(x + h) - digamma(x - h)) / (2 * h);
        assert_true(near(trigamma(x), slope, 1e-6 * slope));
        slope = (trigamma(x + h) - trigamma(x - h)) / (2 * h);
        assert_true(near(tetragamma(x), slope, -1e-6 * slope));
    }
}

static void the_inverse_goes_back(void **state)
{
    (void)state;
    for (int i = 0; i < 33; i++) {
        double x = 1e-3 * pow(2.3, i);
        assert_true(near(trigamma_inverse(trigamma(x)), x, 1e-9 * x));
    }
    assert_true(near(trigamma_inverse(1e8), 1e-4, 1e-8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values),
        cmocka_unit_test(each_is_the_slope_of_the_other),
        cmocka_unit_test(the_inverse_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
