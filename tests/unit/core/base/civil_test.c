/* civil_test.c: dates and day numbers, against the C library. */
#include "core/base/civil.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>
#include <cmocka.h>

static void test_as_the_c_library(void **state)
{
    (void)state;
    for (int64_t days = -820000; days <= 3000000; days += 1 + (days & 15)) {
        time_t at = (time_t)(days * CIVIL_DAY_S);
        struct tm tm;
        assert_non_null(gmtime_r(&at, &tm));
        struct civil date = civil_from_days(days);
        assert_int_equal(date.year, tm.tm_year + 1900);
        assert_int_equal(date.month, tm.tm_mon + 1);
        assert_int_equal(date.day, tm.tm_mday);
        assert_int_equal(civil_weekday(days), tm.tm_wday);
        assert_int_equal(civil_to_days(date.year, date.month, date.day), days);
    }
}

static void test_ends_of_years(void **state)
{
    (void)state;
    for (int year = CIVIL_YEAR_MIN; year <= CIVIL_YEAR_MAX; year++) {
        int64_t last = civil_to_days(year, 12, 31);
        assert_int_equal(civil_from_days(last).year, year);
        assert_int_equal(civil_from_days(last).day, 31);
        assert_int_equal(civil_from_days(last + 1).year, year + 1);
        assert_int_equal(last - civil_to_days(year, 1, 1), 364 + civil_is_leap(year));
    }
    assert_int_equal(civil_to_days(1970, 1, 1), 0);
    assert_int_equal(civil_to_days(2000, 2, 29), 11016);
    assert_int_equal(civil_month_days(1900, 2), 28);
    assert_int_equal(civil_month_days(2000, 2), 29);
}

static void test_rounds_down(void **state)
{
    (void)state;
    assert_int_equal(civil_floor_div(7, 7), 1);
    assert_int_equal(civil_floor_div(6, 7), 0);
    assert_int_equal(civil_floor_div(-1, 7), -1);
    assert_int_equal(civil_floor_div(-7, 7), -1);
    assert_int_equal(civil_floor_div(-8, 7), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_the_c_library),
                                       cmocka_unit_test(test_ends_of_years),
                                       cmocka_unit_test(test_rounds_down)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
