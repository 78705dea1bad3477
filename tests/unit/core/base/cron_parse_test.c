/* cron_parse_test.c: what a cron expression may say, and how it is refused. */
#include "core/base/cron.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct cron parse(const char *text)
{
    struct cron c;
    struct err_detail d;
    memset(&c, 0xff, sizeof c);
    if (cron_parse(text, strlen(text), &c, &d))
        fail_msg("%s: %s", text, d.message);
    return c;
}

static void refuses(const char *text, enum err code, const char *message)
{
    struct cron c;
    struct err_detail d = {.code = ERR_OK};
    assert_int_equal(cron_parse(text, strlen(text), &c, &d), code);
    assert_int_equal(d.code, code);
    assert_string_equal(d.message, message);
    assert_string_equal(d.path, "");
}

static void same(const char *text, const char *other)
{
    struct cron a = parse(text), b = parse(other);
    assert_int_equal(a.minutes, b.minutes);
    assert_int_equal(a.hours, b.hours);
    assert_int_equal(a.days, b.days);
    assert_int_equal(a.months, b.months);
    assert_int_equal(a.weekdays, b.weekdays);
    assert_int_equal(a.either_day, b.either_day);
    assert_int_equal(a.real_time, b.real_time);
}

static void test_fields(void **state)
{
    (void)state;
    struct cron c = parse("0,30-32,59 23 1,31 12 0");
    assert_true(c.minutes == (UINT64_C(1) | UINT64_C(7) << 30 | UINT64_C(1) << 59));
    assert_int_equal(c.hours, 1U << 23);
    assert_int_equal(c.days, 1U << 1 | 1U << 31);
    assert_int_equal(c.months, 1U << 12);
    assert_int_equal(c.weekdays, 1);
    c = parse("* * * * *");
    assert_true(c.minutes == (UINT64_C(1) << 60) - 1);
    assert_int_equal(c.hours, 0xffffff);
    assert_int_equal(c.days, 0xfffffffe);
    assert_int_equal(c.months, 0x1ffe);
    assert_int_equal(c.weekdays, 0x7f);
    same("\t 05  3 1\t* *  ", "5 3 1 * *");
}

static void test_steps(void **state)
{
    (void)state;
    same("10-40/15 3 * * 1-5/2", "10,25,40 3 * * 1,3,5");
    same("1-59/59 3 * * *", "1 3 * * *");
    struct cron c = parse("*/20 */11 */31 */12 */7");
    assert_true(c.minutes == (UINT64_C(1) | UINT64_C(1) << 20 | UINT64_C(1) << 40));
    assert_int_equal(c.hours, 1U | 1U << 11 | 1U << 22);
    assert_int_equal(c.days, 1U << 1);
    assert_int_equal(c.months, 1U << 1);
    assert_int_equal(c.weekdays, 1);
}

static void test_names_and_sunday(void **state)
{
    (void)state;
    same("0 0 1 JAN-mar,Dec *", "0 0 1 1-3,12 *");
    same("0 0 * * 7", "0 0 * * 0");
    same("0 0 * * 5-7", "0 0 * * fri,SAT,sun");
    same("0 0 * * SAT-SUN", "0 0 * * 6,0");
    same("0 0 * * SUN-TUE", "0 0 * * 0-2");
}

static void test_short_forms(void **state)
{
    (void)state;
    same("@yearly", "0 0 1 1 *");
    same("@annually", "0 0 1 1 *");
    same("@monthly", "0 0 1 * *");
    same("@weekly", "0 0 * * 0");
    same("@daily", "0 0 * * *");
    same("@midnight", "0 0 * * *");
    same("@hourly", "0 * * * *");
}

static void test_flags(void **state)
{
    (void)state;
    assert_true(parse("0 0 1 * 1").either_day);
    assert_true(parse("0 0 1-31 * 1").either_day);
    assert_false(parse("0 0 */2 * 1").either_day);
    assert_false(parse("0 0 1 * */2").either_day);
    assert_true(parse("*/5 0 * * *").real_time);
    assert_true(parse("0 */2 * * *").real_time);
    assert_true(parse("@hourly").real_time);
    assert_false(parse("0-59 0-23 * * *").real_time);
}

static void test_places_of_errors(void **state)
{
    (void)state;
    refuses("", ERR_BAD_VALUE, "minute: is missing; five fields are wanted (byte 0)");
    refuses("0 0 * *  ", ERR_BAD_VALUE,
            "day of week: is missing; five fields are wanted (byte 9)");
    refuses("0 0 * * * root", ERR_BAD_VALUE,
            "day of week: only five fields are wanted (byte 10)");
    refuses("60 0 * * *", ERR_OUT_OF_RANGE,
            "minute: only 0 to 59 is possible (byte 0)");
    refuses("0 1,24 * * *", ERR_OUT_OF_RANGE,
            "hour: only 0 to 23 is possible (byte 4)");
    refuses("0 0 0 * *", ERR_OUT_OF_RANGE,
            "day of month: only 1 to 31 is possible (byte 4)");
    refuses("0 0 1 1-13 *", ERR_OUT_OF_RANGE,
            "month: only 1 to 12 is possible (byte 8)");
    refuses("0 0 * * 8", ERR_OUT_OF_RANGE,
            "day of week: only 0 to 7 is possible (byte 8)");
    refuses("0 0 * * 99999999999999999999", ERR_OUT_OF_RANGE,
            "day of week: only 0 to 7 is possible (byte 8)");
    refuses("0 0 * * 4294967301", ERR_OUT_OF_RANGE, /* 2^32 + 5 */
            "day of week: only 0 to 7 is possible (byte 8)");
    refuses("0 22-6 * * *", ERR_BAD_VALUE,
            "hour: the range ends before it begins (byte 2)");
    refuses("5/10 * * * *", ERR_BAD_VALUE,
            "minute: a step needs * or a range before it (byte 1)");
    refuses("*/0 * * * *", ERR_OUT_OF_RANGE,
            "minute: no such step is possible (byte 2)");
    refuses("*/60 * * * *", ERR_OUT_OF_RANGE,
            "minute: no such step is possible (byte 2)");
    refuses("*/ * * * *", ERR_BAD_VALUE, "minute: a step is a number (byte 2)");
    refuses("1, * * * *", ERR_BAD_VALUE,
            "minute: a number or * is wanted here (byte 2)");
    refuses("0 0 * Foo *", ERR_BAD_VALUE,
            "month: a number, a name or * is wanted here (byte 6)");
    refuses("0 0 * * MO", ERR_BAD_VALUE,
            "day of week: a number, a name or * is wanted here (byte 8)");
    refuses("0 0 * * MONday", ERR_BAD_VALUE,
            "day of week: this character has no meaning here (byte 11)");
    refuses("0 0 L * *", ERR_BAD_VALUE,
            "day of month: a number or * is wanted here (byte 4)");
    refuses("-5 0 * * *", ERR_BAD_VALUE,
            "minute: a number or * is wanted here (byte 0)");
}

static void test_other_refusals(void **state)
{
    (void)state;
    char text[CRON_MAX_BYTES + 2] = "";
    const char *short_forms =
        "of short forms there are @yearly, @monthly, @weekly, @daily and @hourly";
    refuses("@reboot", ERR_BAD_VALUE, short_forms);
    refuses("@", ERR_BAD_VALUE, short_forms);
    memset(text, ' ', CRON_MAX_BYTES + 1);
    memcpy(text, "0 0 * * *", 9);
    refuses(text, ERR_LIMIT, "a cron expression is up to 256 bytes");
    text[CRON_MAX_BYTES] = '\0';
    same(text, "0 0 * * *");
    struct cron c;
    assert_int_equal(cron_parse("0 0 * * *\0", 10, &c, NULL), ERR_BAD_VALUE);
    assert_int_equal(cron_parse("0 0 * *\n*", 9, &c, NULL), ERR_BAD_VALUE);
}

static void test_days_that_never_come(void **state)
{
    (void)state;
    static const char never[] = "day of month: no month has such a day";
    refuses("0 0 30 2 *", ERR_BAD_VALUE, never);
    refuses("0 0 31 2,4,6,9,11 *", ERR_BAD_VALUE, never);
    refuses("0 0 30-31 FEB */2", ERR_BAD_VALUE, never);
    (void)parse("0 0 29 2 *");
    (void)parse("0 0 31 4,5 *");
    (void)parse("0 0 30 2 MON"); /* each Monday of February */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields),
                                       cmocka_unit_test(test_steps),
                                       cmocka_unit_test(test_names_and_sunday),
                                       cmocka_unit_test(test_short_forms),
                                       cmocka_unit_test(test_flags),
                                       cmocka_unit_test(test_places_of_errors),
                                       cmocka_unit_test(test_other_refusals),
                                       cmocka_unit_test(test_days_that_never_come)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
