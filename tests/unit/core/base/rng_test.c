/* rng_test.c: published vectors, bounds, evenness. */
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_known_vectors(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 1234567); /* splitmix64 reference output */
    assert_true(r.s[0] == 6457827717110365317u);
    assert_true(r.s[1] == 3203168211198807973u);
    assert_true(r.s[2] == 9817491932198370423u);
    assert_true(r.s[3] == 4593380528125082431u);
    r = (struct rng){{1, 2, 3, 4}}; /* xoshiro256** reference output */
    static const uint64_t want[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
        10595114339597558777u,
        2904607092377533576u,
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        assert_true(rng_next(&r) == want[i]);
}

static void test_same_seed_same_numbers(void **state)
{
    (void)state;
    struct rng a, b, c;
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_next(&a);
        assert_true(x == rng_next(&b));
        same += x == rng_next(&c);
    }
    assert_int_equal(same, 0);
}

static void test_below_is_bounded_and_even(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    int seen[7] = {0};
    for (int i = 0; i < 70000; i++)
        seen[rng_below(&r, 7)]++;
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 9500, 10500); /* 5 standard deviations */
    for (int i = 0; i < 100; i++)
        assert_true(rng_below(&r, 1) == 0);
    /* where a plain modulo would give the lower half twice as often */
    uint64_t n = UINT64_MAX / 3 * 2;
    int low = 0;
    for (int i = 0; i < 10000; i++) {
        uint64_t x = rng_below(&r, n);
        assert_true(x < n);
        low += x < n / 2;
    }
    assert_in_range(low, 4750, 5250);
}

static void test_unit_interval(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 6);
    double sum = 0;
    for (int i = 0; i < 100000; i++) {
        double x = rng_unit(&r);
        assert_true(x >= 0 && x < 1);
        sum += x;
    }
    assert_true(sum > 49500 && sum < 50500);
}

static void test_entropy_differs(void **state)
{
    (void)state;
    assert_true(rng_entropy() != rng_entropy());
}

static void test_secrets_differ(void **state)
{
    (void)state;
    unsigned char a[32] = {0}, b[32] = {0}, many[257];
    assert_int_equal(rng_secret(a, sizeof a), ERR_OK);
    assert_int_equal(rng_secret(b, sizeof b), ERR_OK);
    assert_memory_not_equal(a, b, 16);
    assert_memory_not_equal(a + 16, b + 16, 16);
    assert_int_equal(rng_secret(many, sizeof many), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_vectors),
        cmocka_unit_test(test_same_seed_same_numbers),
        cmocka_unit_test(test_below_is_bounded_and_even),
        cmocka_unit_test(test_unit_interval),
        cmocka_unit_test(test_entropy_differs),
        cmocka_unit_test(test_secrets_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
