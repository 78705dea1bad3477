/* cron_test.c: when a job fires next: dates, changes of the clocks, ends. The same is
 * held against a model of brute force in tests/e2e/test_calendar.py. */
#include "core/base/cron.h"
#include "core/base/civil.h"
#include "core/io/zone_file.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static int64_t utc_ms(int year, int month, int day, int hour, int minute)
{
    int64_t days = civil_to_days(year, month, day);
    return (days * CIVIL_DAY_S + hour * 3600 + minute * 60) * 1000;
}

static int64_t next(const char *text, const char *name, int64_t after_ms)
{
    struct cron c;
    struct zone z;
    struct err_detail d;
    assert_int_equal(cron_parse(text, strlen(text), &c, &d), ERR_OK);
    assert_int_equal(zone_file_load(NULL, name, &z, &d), ERR_OK);
    return cron_next(&c, &z, after_ms);
}

/* From after_ms on these instants, and no other between. */
static void fires(const char *text, const char *zone, int64_t after_ms,
                  const int64_t *wanted_ms, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        after_ms = next(text, zone, after_ms);
        assert_int_equal(after_ms, wanted_ms[i]);
    }
}

#define FIRES(text, zone, after_ms, ...)                                               \
    fires(text, zone, after_ms, (const int64_t[]){__VA_ARGS__},                        \
          sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void test_strictly_after(void **state)
{
    (void)state;
    int64_t noon = utc_ms(2026, 5, 5, 12, 0);
    assert_int_equal(next("0 12 * * *", "UTC", noon - 1), noon);
    assert_int_equal(next("0 12 * * *", "UTC", noon - 1000), noon);
    assert_int_equal(next("0 12 * * *", "UTC", noon), noon + 86400000);
    assert_int_equal(next("0 12 * * *", "UTC", noon + 999), noon + 86400000);
    assert_int_equal(next("* * * * *", "UTC", noon), noon + 60000);
    assert_int_equal(next("0 0 1 1 *", "UTC", 0), utc_ms(1971, 1, 1, 0, 0));
}

static void test_dates(void **state)
{
    (void)state;
    int64_t new_year = utc_ms(2026, 1, 1, 0, 0);
    FIRES("0 9 31 * *", "UTC", new_year, utc_ms(2026, 1, 31, 9, 0),
          utc_ms(2026, 3, 31, 9, 0), utc_ms(2026, 5, 31, 9, 0));
    FIRES("30 8,17 * * 1-5", "UTC", utc_ms(2026, 1, 2, 9, 0), /* a Friday */
          utc_ms(2026, 1, 2, 17, 30), utc_ms(2026, 1, 5, 8, 30));
    FIRES("0 0 13 * FRI", "UTC", new_year, utc_ms(2026, 1, 2, 0, 0),
          utc_ms(2026, 1, 9, 0, 0), utc_ms(2026, 1, 13, 0, 0));
    FIRES("0 0 */13 * FRI", "UTC", new_year, utc_ms(2026, 2, 27, 0, 0),
          utc_ms(2026, 3, 27, 0, 0), utc_ms(2026, 5, 1, 0, 0));
}

static void test_leap_days(void **state)
{
    (void)state;
    FIRES("0 0 29 2 *", "UTC", utc_ms(2096, 1, 1, 0, 0), utc_ms(2096, 2, 29, 0, 0),
          utc_ms(2104, 2, 29, 0, 0));
    /* On a Sunday; 2100 is no leap year. */
    FIRES("0 0 29 2 */7", "Europe/Berlin", utc_ms(2080, 1, 1, 0, 0),
          utc_ms(2088, 2, 28, 23, 0), utc_ms(2128, 2, 28, 23, 0));
}

static void test_a_wall_time_left_out(void **state)
{
    (void)state;
    int64_t before = utc_ms(2026, 3, 28, 12, 0), jump = utc_ms(2026, 3, 29, 1, 0);
    int64_t day_after = utc_ms(2026, 3, 30, 0, 30);
    FIRES("30 2 * * *", "Europe/Berlin", before, jump, day_after);
    FIRES("30 2 29 3 *", "Europe/Berlin", before, jump, utc_ms(2027, 3, 29, 0, 30));
    assert_int_equal(next("30 2 * * *", "Europe/Berlin", jump - 1), jump);
    FIRES("0,30 2,3 * * *", "Europe/Berlin", before, jump, jump + 1800000);
    FIRES("*/30 2 * * *", "Europe/Berlin", before, utc_ms(2026, 3, 30, 0, 0));
    FIRES("0 */2 * * *", "Europe/Berlin", utc_ms(2026, 3, 29, 0, 0),
          utc_ms(2026, 3, 29, 2, 0));
    FIRES("0 0 * * *", "America/Sao_Paulo", utc_ms(2018, 11, 3, 12, 0),
          utc_ms(2018, 11, 4, 3, 0), utc_ms(2018, 11, 5, 2, 0));
}

static void test_a_wall_time_that_comes_twice(void **state)
{
    (void)state;
    int64_t first = utc_ms(2026, 10, 25, 0, 30), before = first - 7200000;
    FIRES("30 2 * * *", "Europe/Berlin", before, first, utc_ms(2026, 10, 26, 1, 30));
    FIRES("0 2-4 * * *", "Europe/Berlin", before, utc_ms(2026, 10, 25, 0, 0),
          utc_ms(2026, 10, 25, 2, 0), utc_ms(2026, 10, 25, 3, 0));
    assert_int_equal(next("30 2 * * *", "Europe/Berlin", first + 3000000),
                     utc_ms(2026, 10, 26, 1, 30)); /* asked within the second hour */
    FIRES("*/30 2 * * *", "Europe/Berlin", first, first + 1800000, first + 3600000,
          utc_ms(2026, 10, 26, 1, 0));
    FIRES("@hourly", "Europe/Berlin", first, first + 1800000, first + 5400000);
}

static void test_half_an_hour(void **state)
{
    (void)state;
    int64_t autumn = utc_ms(2026, 4, 4, 15, 0); /* 02:00 is 01:30 again */
    FIRES("45 1 * * *", "Australia/Lord_Howe", autumn - 3600000, autumn - 900000,
          autumn + 86400000 + 900000);
    FIRES("0,30 1-2 * * *", "Australia/Lord_Howe", autumn - 3600001, autumn - 3600000,
          autumn - 1800000, autumn + 1800000, autumn + 3600000);
    int64_t spring = utc_ms(2026, 10, 3, 15, 30); /* 02:00 is 02:30 */
    FIRES("15 2 * * *", "Australia/Lord_Howe", spring - 1, spring);
}

static void test_a_day_left_out(void **state)
{
    (void)state;
    int64_t before = utc_ms(2011, 12, 29, 22, 0); /* noon of the 29th in Apia */
    FIRES("0 9 * * *", "Pacific/Apia", before, utc_ms(2011, 12, 30, 19, 0)); /* 31st */
    FIRES("0 9 30 12 *", "Pacific/Apia", before, utc_ms(2012, 12, 29, 19, 0));
}

static void test_each_time_left_out(void **state)
{
    (void)state;
    int64_t after = utc_ms(2026, 1, 1, 0, 0);
    /* On the last Sunday of March, when there is no 02:30. */
    assert_int_equal(next("*/30 2 25-31 3 */7", "Europe/Berlin", after), -1);
    assert_int_equal(next("*/30 2 25-31 3 */7", "UTC", after),
                     utc_ms(2026, 3, 29, 2, 0));
    FIRES("30 2 25-31 3 */7", "Europe/Berlin", after, utc_ms(2026, 3, 29, 1, 0),
          utc_ms(2027, 3, 28, 1, 0));
}

static void test_seconds_of_old_zones(void **state)
{
    (void)state;
    FIRES("0 0 * * *", "Africa/Monrovia", 0, 2670000, 2670000 + 86400000);
}

static void test_after_the_table(void **state)
{
    (void)state;
    FIRES("30 2 10 3 *", "America/New_York", utc_ms(2058, 1, 1, 0, 0),
          utc_ms(2058, 3, 10, 7, 0), utc_ms(2059, 3, 10, 6, 30));
    FIRES("30 1 3 11 *", "America/New_York", utc_ms(2058, 11, 3, 5, 0),
          utc_ms(2058, 11, 3, 5, 30), utc_ms(2059, 11, 3, 6, 30));
}

static void test_ends_of_time(void **state)
{
    (void)state;
    assert_int_equal(next("* * * * *", "UTC", -1), -1);
    assert_int_equal(next("* * * * *", "UTC", INT64_MIN), -1);
    assert_int_equal(next("* * * * *", "UTC", INT64_MAX), -1);
    assert_int_equal(next("* * * * *", "Europe/Berlin", ZONE_MAX_S * 1000 + 1000), -1);
    assert_int_equal(next("0 0 29 2 *", "Europe/Berlin", ZONE_MAX_S * 1000), -1);
    assert_int_equal(next("0 0 1 7 *", "Europe/Berlin", ZONE_MAX_S * 1000), -1);
    assert_int_equal(next("59 23 31 12 *", "UTC", ZONE_MAX_S * 1000 - 120000),
                     ZONE_MAX_S / 60 * 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strictly_after),
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_leap_days),
        cmocka_unit_test(test_a_wall_time_left_out),
        cmocka_unit_test(test_a_wall_time_that_comes_twice),
        cmocka_unit_test(test_half_an_hour),
        cmocka_unit_test(test_a_day_left_out),
        cmocka_unit_test(test_each_time_left_out),
        cmocka_unit_test(test_seconds_of_old_zones),
        cmocka_unit_test(test_after_the_table),
        cmocka_unit_test(test_ends_of_time)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
