/* clock_test.c: units and direction, no timing. */
#include "core/base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <time.h>

static void test_units(void **state)
{
    (void)state;
    assert_true(clock_wall_ms() / 1000 >= (int64_t)time(NULL) - 1);
    assert_true(clock_wall_ms() / 1000 <= (int64_t)time(NULL) + 1);
    int64_t ms = clock_mono_ms(), us = clock_mono_us();
    assert_true(us / 1000 >= ms);
    assert_true(clock_mono_ms() >= us / 1000);
}

static void test_never_back(void **state)
{
    (void)state;
    int64_t mono = clock_mono_us(), cpu = clock_cpu_us();
    for (int i = 0; i < 1000; i++) {
        int64_t mono_now = clock_mono_us(), cpu_now = clock_cpu_us();
        assert_true(mono_now >= mono && cpu_now >= cpu);
        mono = mono_now;
        cpu = cpu_now;
    }
    assert_true(cpu > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_never_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
