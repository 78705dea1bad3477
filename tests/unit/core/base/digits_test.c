/* digits_test.c: the same text as printf. */
#include "core/base/digits.h"
#include "core/base/rng.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void writes(int64_t n)
{
    char want[32], got[DIGITS_MAX_BYTES + 1];
    memset(got, '#', sizeof got);
    snprintf(want, sizeof want, "%" PRId64, n);
    assert_int_equal(digits_write(got, n), strlen(want));
    assert_memory_equal(got, want, strlen(want));
    assert_int_equal(got[strlen(want)], '#');
    snprintf(want, sizeof want, "%" PRIu64, (uint64_t)n);
    assert_int_equal(digits_count((uint64_t)n), strlen(want));
    assert_int_equal(digits_write_size(got, (uint64_t)n), strlen(want));
    assert_memory_equal(got, want, strlen(want));
}

static void test_as_printf(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 21);
    for (int64_t n = -1100; n <= 1100; n++)
        writes(n);
    for (int64_t p = 1; p < INT64_MAX / 10; p *= 10) {
        writes(p - 1);
        writes(p);
        writes(-p);
    }
    writes(INT64_MAX);
    writes(INT64_MIN);
    for (int i = 0; i < 10000; i++)
        writes((int64_t)(rng_next(&r) >> rng_below(&r, 64)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_printf)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
