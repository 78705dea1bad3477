/* backoff_test.c: bounds of full jitter. */
#include "core/base/backoff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_waits_stay_under_the_ceiling(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    int64_t longest[12] = {0};
    for (int round = 0; round < 2000; round++) {
        struct backoff b;
        backoff_init(&b, 500, 30000);
        int64_t ceiling = 500;
        for (int i = 0; i < 12; i++) {
            int64_t wait = backoff_next_ms(&b, &r, -1);
            assert_true(wait >= 0 && wait <= ceiling);
            if (wait > longest[i])
                longest[i] = wait;
            ceiling = ceiling * 2 > 30000 ? 30000 : ceiling * 2;
        }
    }
    assert_true(longest[0] > 450); /* the ceiling is reached, too */
    assert_true(longest[3] > 3600 && longest[3] <= 4000);
    assert_true(longest[11] > 27000);
}

static void test_hint_is_a_floor(void **state)
{
    (void)state;
    struct rng r;
    struct backoff b;
    rng_seed(&r, 8);
    backoff_init(&b, 100, 1000);
    for (int i = 0; i < 100; i++)
        assert_true(backoff_next_ms(&b, &r, 700) >= 700);
    assert_int_equal(backoff_next_ms(&b, &r, 90000), 90000);
}

static void test_reset_starts_over(void **state)
{
    (void)state;
    struct rng r;
    struct backoff b;
    rng_seed(&r, 9);
    backoff_init(&b, 10, 1000000);
    for (int i = 0; i < 30; i++)
        (void)backoff_next_ms(&b, &r, -1);
    assert_int_equal(b.attempt, 30);
    backoff_reset(&b);
    assert_true(backoff_next_ms(&b, &r, -1) <= 10);
}

static void test_no_overflow(void **state)
{
    (void)state;
    struct rng r;
    struct backoff b;
    rng_seed(&r, 10);
    backoff_init(&b, 3, INT64_MAX);
    for (int i = 0; i < 500; i++)
        assert_true(backoff_next_ms(&b, &r, -1) >= 0);
    backoff_init(&b, 0, 0);
    assert_int_equal(backoff_next_ms(&b, &r, -1), 0);
    backoff_init(&b, 5000, 100); /* a base over the cap */
    for (int i = 0; i < 100; i++)
        assert_true(backoff_next_ms(&b, &r, -1) <= 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits_stay_under_the_ceiling),
        cmocka_unit_test(test_hint_is_a_floor),
        cmocka_unit_test(test_reset_starts_over),
        cmocka_unit_test(test_no_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
