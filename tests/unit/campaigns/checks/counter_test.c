/* counter_test.c: the counters by name. */
#include "campaigns/checks/channel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static int64_t count(const char *counter, const char *text)
{
    const struct counter *c = counter_find(counter);
    assert_non_null(c);
    assert_string_equal(c->name, counter);
    return c->count(text, strlen(text));
}

static void test_unicode(void **state)
{
    (void)state;
    assert_int_equal(count("code_points", "caf\xC3\xA9"), 4);
    assert_int_equal(count("code_points", "字😀"), 2);
    assert_int_equal(count("utf16", "字😀"), 3);
    assert_int_equal(count("octets", "字😀"), 7);
    assert_int_equal(count("octets", ""), 0);
    assert_null(counter_find("parsecs"));
}

static void test_sms(void **state)
{
    (void)state;
    assert_int_equal(count("gsm7_units", "a€"), 3);
    assert_int_equal(count("gsm7_segments", "a€"), 1);
    assert_int_equal(count("gsm7_segments", ""), 0);
}

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(count("width", "caf\xC3\xA9"), 4);
    assert_int_equal(count("width", "ｓａｌｅ"), 8);
    assert_int_equal(count("width", "汉字ok"), 6);
    assert_int_equal(count("width", "한"), 2);
    assert_int_equal(count("width", "e\xCC\x81"), 2); /* a combining mark is one more */
}

static void test_half_width(void **state)
{
    (void)state;
    assert_int_equal(count("half_width", "你好hello"), 5);
    assert_int_equal(count("half_width", "你好hell"), 4);
    assert_int_equal(count("half_width", "a"), 1);
    assert_int_equal(count("half_width", ""), 0);
}

static void test_gbk(void **state)
{
    (void)state;
    char text[92] = "";
    for (size_t i = 0; i < 90; i++)
        text[i] = "汉"[i % 3];
    assert_int_equal(count("gbk_bytes", text), 60);
    text[90] = 'a';
    assert_int_equal(count("gbk_bytes", text), 61);
    assert_int_equal(count("gbk_bytes", "汉😀"), -1);
    assert_int_equal(count("gbk_bytes", "汉€"), -1); /* of code page 936, not of GBK */
    assert_int_equal(count("gbk_bytes", ""), 0);
    char longer[1200];
    memset(longer, 'x', sizeof longer);
    for (size_t i = 0; i < 3; i++) /* across the end of the scratch buffer */
        longer[510 + i] = "汉"[i];
    assert_int_equal(counter_find("gbk_bytes")->count(longer, sizeof longer), 1199);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unicode), cmocka_unit_test(test_sms),
        cmocka_unit_test(test_width),   cmocka_unit_test(test_half_width),
        cmocka_unit_test(test_gbk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
