/* stamp_test.c: times as text and as counts of any unit. */
#include "core/base/stamp.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define NOON INT64_C(1795780800000) /* 2026-11-27T12:00:00Z */

static const struct {
    const char *text;
    int64_t ms;
} good[] = {
    {"2026-11-27T12:00:00Z", NOON},
    {"2026-11-27t12:00:00z", NOON},
    {"2026-11-27 12:00:00Z", NOON},
    {"2026-11-27T12:00Z", NOON},
    {"2026-11-27T12:00:00.5Z", NOON + 500},
    {"2026-11-27T12:00:00,25Z", NOON + 250},
    {"2026-11-27T12:00:00.123999999Z", NOON + 123},
    {"2026-11-27T14:30:00+02:30", NOON},
    {"2026-11-27T14:00:00+0200", NOON},
    {"2026-11-27T14:00:00+02", NOON},
    {"2026-11-27T07:00:00.001-05:00", NOON + 1},
    {"2026-11-27T11:59:60Z", NOON},
    {"2026-11-28T01:00:00+13:00", NOON},
    {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
    {"1970-01-01T00:00:00Z", 0},
    {"1969-12-31T23:59:59Z", -1000},
    {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
};

static void test_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t ms = 7;
        enum err e = stamp_parse(good[i].text, strlen(good[i].text), &ms);
        if (e || ms != good[i].ms)
            print_error("%s: %lld\n", good[i].text, (long long)ms);
        assert_int_equal(e, ERR_OK);
        assert_int_equal(ms, good[i].ms);
    }
}

static void test_bad_text(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "yesterday",
        "2026-11-27",
        "2026-11-27T12:00:00", /* whose noon? */
        "2026-11-27T12:00:00.Z",
        "2026-11-27T12:00:00Z ",
        "2026-11-27T12:00:00ZZ",
        "2026-11-27T12Z",
        "2026-11-27T24:00:00Z",
        "2026-11-27T12:60:00Z",
        "2026-11-27T12:00:61Z",
        "2026-11-27T12:00:00+24:00",
        "2026-11-27T12:00:00+02:60",
        "2026-11-27T12:00:00+2",
        "2026-11-27T12:00:00+02:",
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "2026-00-01T12:00:00Z",
        "2026-11-00T12:00:00Z",
        "26-11-27T12:00:00Z",
        "+2026-11-27T12:00:00Z",
        "20261127T120000Z",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 7;
        enum err e = stamp_parse(bad[i], strlen(bad[i]), &ms);
        if (!e)
            print_error("%s\n", bad[i]);
        assert_int_equal(e, ERR_BAD_VALUE);
    }
}

/* What is cut anywhere is no time, and nothing is read past the end. */
static void test_cut(void **state)
{
    (void)state;
    static const char text[] = "2026-11-27T14:30:00.123+02:30";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        int64_t ms = 0;
        enum err e = stamp_parse(text, n, &ms);
        assert_true((e == ERR_OK) == (n == 26));
    }
}

static void scaled(double count, enum stamp_unit unit, int64_t ms, bool fixed)
{
    int64_t got = 0;
    bool was_fixed = !fixed;
    assert_int_equal(stamp_scale(count, unit, &got, &was_fixed), ERR_OK);
    assert_int_equal(got, ms);
    assert_int_equal(was_fixed, fixed);
}

static void test_units(void **state)
{
    (void)state;
    scaled(1795780800, STAMP_S, NOON, false);
    scaled(1795780800.25, STAMP_S, NOON + 250, false);
    for (int i = 0; i < 1000; i++)
        scaled(1795780800 + i / 1000.0, STAMP_S, NOON + i, false);
    scaled(1795780800123, STAMP_S, NOON + 123, true); /* 13 digits */
    scaled(1795780800123, STAMP_MS, NOON + 123, false);
    scaled(1795780800, STAMP_MS, NOON, true);
    scaled(1795780800123999, STAMP_US, NOON + 123, false);
    scaled(1795780800123, STAMP_US, NOON + 123, true);
    scaled(1795780800, STAMP_US, NOON, true);
    scaled(1795780800123999, STAMP_MS, NOON + 123, true);
    scaled(1795780800000000000, STAMP_MS, NOON, true);
    scaled(100000000, STAMP_S, INT64_C(100000000000), false);
    scaled(4102444799, STAMP_S, INT64_C(4102444799000), false);
}

static void test_no_time(void **state)
{
    (void)state;
    static const double bad[] = {0,    -1,     17,     99999999, 4102444800, 1e10,
                                 9e10, 4.2e12, 5.0e15, 1e300,    -1795780800};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t ms = 0;
        bool fixed = false;
        assert_int_equal(stamp_scale(bad[i], STAMP_S, &ms, &fixed), ERR_OUT_OF_RANGE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),    cmocka_unit_test(test_bad_text),
        cmocka_unit_test(test_cut),     cmocka_unit_test(test_units),
        cmocka_unit_test(test_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
