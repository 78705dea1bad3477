/* zone_rule_test.c: TZ strings as in the footers of TZif files. */
#include "core/base/zone_rule.h"
#include "core/base/civil.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static int64_t utc(int year, int month, int day, int hour, int minute)
{
    return civil_to_days(year, month, day) * CIVIL_DAY_S + hour * 3600 + minute * 60;
}

static struct zone_rule rule(const char *text)
{
    struct zone_rule r;
    assert_true(zone_rule_parse(text, strlen(text), &r));
    return r;
}

/* From the instant on the offset is this one, before it another. */
static void changes(const char *text, int64_t at_s, int32_t offset_s)
{
    struct zone_rule r = rule(text);
    int64_t start_s, end_s;
    assert_int_equal(zone_rule_span(&r, at_s, &start_s, &end_s), offset_s);
    assert_int_equal(start_s, at_s);
    int64_t next_s = end_s;
    assert_int_not_equal(zone_rule_span(&r, at_s - 1, &start_s, &end_s), offset_s);
    assert_int_equal(end_s, at_s);
    assert_int_equal(zone_rule_span(&r, next_s - 1, &start_s, &end_s), offset_s);
}

static void test_without_summer_time(void **state)
{
    (void)state;
    int64_t start_s, end_s;
    struct zone_rule r = rule("<+0545>-5:45");
    assert_int_equal(zone_rule_span(&r, 0, &start_s, &end_s), 20700);
    assert_true(start_s == INT64_MIN && end_s == INT64_MAX);
    r = rule("ABC+1:02:03");
    assert_int_equal(zone_rule_span(&r, 0, &start_s, &end_s), -3723);
}

static void test_weeks_of_months(void **state)
{
    (void)state;
    changes("CET-1CEST,M3.5.0,M10.5.0/3", utc(2050, 3, 27, 1, 0), 7200);
    changes("CET-1CEST,M3.5.0,M10.5.0/3", utc(2050, 10, 30, 1, 0), 3600);
    changes("EST5EDT,M3.2.0,M11.1.0", utc(2048, 3, 8, 7, 0), -14400);
    changes("EST5EDT,M3.2.0,M11.1.0", utc(2048, 11, 1, 6, 0), -18000);
    changes("IST-1GMT0,M10.5.0,M3.5.0/1", utc(2050, 10, 30, 1, 0), 0);
    changes("AAA-0BBB-1,M2.5.2,M8.5.6", utc(2028, 2, 29, 2, 0),
            3600); /* last Tuesday */
}

static void test_half_an_hour_in_the_south(void **state)
{
    (void)state;
    changes("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", utc(2040, 10, 6, 15, 30), 39600);
    changes("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", utc(2040, 3, 31, 15, 0), 37800);
}

static void test_hours_beyond_a_day(void **state)
{
    (void)state;
    changes("EET-2EEST,M3.4.4/50,M10.4.4/50", utc(2100, 3, 27, 0, 0), 10800);
    changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", utc(2050, 3, 27, 1, 0), -3600);
    changes("<-02>2<-01>,J1/-167,J200", utc(2029, 12, 25, 3, 0), -3600);
}

static void test_days_of_years(void **state)
{
    (void)state;
    changes("AAA0BBB,J59,J60", utc(2028, 2, 28, 2, 0),
            3600); /* J never counts 29 February */
    changes("AAA0BBB,J59,J60", utc(2028, 3, 1, 1, 0), 0);
    changes("AAA0BBB,J59,J60", utc(2027, 3, 1, 1, 0), 0);
    changes("AAA0BBB,59,60", utc(2028, 2, 29, 2, 0), 3600);
    changes("AAA0BBB,0/0,364/24", utc(2028, 1, 1, 0, 0), 3600);
}

static void test_summer_time_all_year(void **state)
{
    (void)state;
    struct zone_rule r = rule("EST5EDT,0/0,J365/25");
    for (int64_t at = utc(2030, 1, 1, 0, 0); at < utc(2033, 1, 1, 0, 0); at += 1800) {
        int64_t start_s, end_s;
        assert_int_equal(zone_rule_span(&r, at, &start_s, &end_s), -14400);
        assert_true(start_s <= at && at < end_s);
    }
}

static void test_what_is_no_rule(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "CET",
                                      "CE-1",
                                      "CET-25",
                                      "<+01-1",
                                      "<>1",
                                      "A1B2",
                                      "C1T0",
                                      "CET-1 ",
                                      "CET--1",
                                      "CET-1CEST",
                                      "CET-1CEST,M3.5.0",
                                      "CET-1CEST,M3.5.0,M10.5.0/3,",
                                      "CET-1CEST,M3.5.0,M10.5.0x",
                                      "CET-1CEST,M0.5.0,M10.5.0",
                                      "CET-1CEST,M13.5.0,J1",
                                      "CET-1CEST,M3.0.0,J1",
                                      "CET-1CEST,M3.6.0,J1",
                                      "CET-1CEST,M3.5.7,J1",
                                      "CET-1CEST,M3.5,J1",
                                      "CET-1CEST,J0,J1",
                                      "CET-1CEST,J366,J1",
                                      "CET-1CEST,366,J1",
                                      "CET-1CEST,J1/168,J1",
                                      "CET-1CEST,J1/-168,J1",
                                      "CET-1CEST,J1/1:60,J1",
                                      "CET-1CEST,J1/1:2:60,J1",
                                      "CET-1CEST,J1/,J1",
                                      "CET-1:",
                                      "CET-1:00:",
                                      "CET99999999999999999999",
                                      "CET-1CEST,J99999999999999999999,J1"};
    struct zone_rule r;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (zone_rule_parse(bad[i], strlen(bad[i]), &r))
            fail_msg("%s", bad[i]);
    assert_false(zone_rule_parse("CET-1\0", 6, &r));
    assert_true(zone_rule_parse("CET-1CEST,J1,J2", 5, &r) && !r.has_summer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_summer_time),
                                       cmocka_unit_test(test_weeks_of_months),
                                       cmocka_unit_test(test_half_an_hour_in_the_south),
                                       cmocka_unit_test(test_hours_beyond_a_day),
                                       cmocka_unit_test(test_days_of_years),
                                       cmocka_unit_test(test_summer_time_all_year),
                                       cmocka_unit_test(test_what_is_no_rule)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
