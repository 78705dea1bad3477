/* money_test.c: exact both ways. */
#include "core/base/money.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void expect(const char *text, int digits, int64_t want)
{
    int64_t got = -77;
    assert_int_equal(money_parse(text, strlen(text), digits, &got), ERR_OK);
    assert_true(got == want);
}

static void refuse(const char *text, int digits, enum err want)
{
    int64_t got = -77;
    assert_int_equal(money_parse(text, strlen(text), digits, &got), want);
    assert_true(got == -77);
}

static void test_parse(void **state)
{
    (void)state;
    expect("39.95", 6, 39950000);
    expect("0", 6, 0);
    expect("-0.5", 6, -500000);
    expect("1", 0, 1);
    expect("1.9", 0, 1);   /* cut, not rounded */
    expect("-1.9", 0, -1); /* towards zero */
    expect("0.0000009999", 6, 0);
    expect("0.1", 9, 100000000);
    expect("000000000000000001.5", 1, 15);
    expect("999999999999.999999", 6, 999999999999999999);
    expect("9223372036.854775807", 9, INT64_MAX);
    int64_t got;
    assert_int_equal(money_parse("12x", 2, 2, &got), ERR_OK); /* the length rules */
    assert_true(got == 1200);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "-",    ".",     ".5",    "5.",  "1e3",
                                      "NaN", "inf",  " 1",    "1 ",    "+1",  "--1",
                                      "1,5", "0x10", "1.2.3", "1.5e2", "1.5 "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], 6, ERR_BAD_VALUE);
    refuse("1234567890123", 0, ERR_OUT_OF_RANGE); /* 13 digits */
    refuse("9223372036.854775808", 9, ERR_OUT_OF_RANGE);
    refuse("999999999999", 9, ERR_OUT_OF_RANGE);
    refuse("99999999999999999999999999999999999999", 6, ERR_OUT_OF_RANGE);
}

static void print_is(int64_t amount, int digits, const char *want)
{
    char text[MONEY_TEXT];
    money_print(amount, digits, text);
    assert_string_equal(text, want);
}

static void test_print(void **state)
{
    (void)state;
    print_is(39950000, 6, "39.95");
    print_is(0, 6, "0");
    print_is(1, 9, "0.000000001");
    print_is(-1, 6, "-0.000001");
    print_is(5000000, 6, "5");
    print_is(-1500000, 6, "-1.5");
    print_is(100, 0, "100");
    print_is(INT64_MIN, 0, "-9223372036854775808");
    print_is(INT64_MIN, 18, "-9.223372036854775808");
    print_is(INT64_MAX, 9, "9223372036.854775807");
}

static void test_round_trip(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 11);
    for (int i = 0; i < 20000; i++) {
        int digits = (int)rng_below(&r, 10);
        int64_t amount = (int64_t)(rng_next(&r) >> 1 >> rng_below(&r, 63));
        amount = i % 2 ? amount : -amount;
        char text[MONEY_TEXT];
        money_print(amount, digits, text);
        if (strcspn(text + (*text == '-'), ".") > 12) {
            refuse(text, digits, ERR_OUT_OF_RANGE);
            continue;
        }
        expect(text, digits, amount);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_print),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
