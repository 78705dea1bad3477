/* json_check_test.c: what the pre-pass accepts and refuses, with code and offset. */
#include "core/base/json_lex.h"
#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static enum err check_n(const char *text, size_t n, struct err_detail *d)
{
    char *copy = malloc(n + 1); /* exact size, so that a read past the end is seen */
    memcpy(copy, text, n);
    char *exact = realloc(copy, n ? n : 1);
    enum err e = json_lex_check(exact, n, &json_limits_spec, d);
    free(exact);
    return e;
}

static void accept(const char *text)
{
    struct err_detail d = {.message = ""};
    if (check_n(text, strlen(text), &d) != ERR_OK)
        fail_msg("%s: %s", text, d.message);
}

static void refuse(const char *text, enum err code)
{
    struct err_detail d = {.message = ""};
    enum err e = check_n(text, strlen(text), &d);
    if (e != code)
        fail_msg("%s: %s, not %s", text, err_code(e), err_code(code));
    assert_int_equal(d.code, code);
    assert_non_null(strstr(d.message, " at byte "));
}

static void test_accepts(void **state)
{
    (void)state;
    static const char *const good[] = {
        "null",
        " true ",
        "false",
        "0",
        "-0",
        "-0.0e-0",
        "1E+2",
        "123.456",
        "1e308",
        "4.9e-324",
        "1e-999",
        "\"\"",
        "[]",
        "{}",
        "[ ]",
        "{ }",
        "[1,2,[3,{}]]",
        "\t\r\n{ \"a\" : [ ] , \"b\" : { \"a\" : 1 } }\n",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"",
        "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"",
        "{\"\":1}",
        "{\"a\":1,\"A\":2,\"a \":3,\"\\u0061b\":4}",
        "[{\"a\":1},{\"a\":1}]",
        "{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1,\"b\":2}]}",
        "\"\\uD800\\uDC00\\uDBFF\\uDFFF\"",
        "\"\\\\u0000\"",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        accept(good[i]);
}

static void test_refuses_grammar(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           " ",
        "nul",        "nulll",
        "True",       "tru e",
        "[",          "]",
        "{",          "}",
        "[1",         "[1,",
        "[1,]",       "[,1]",
        "[1 2]",      "[1}",
        "{]",         "{\"a\"}",
        "{\"a\":}",   "{\"a\":1",
        "{\"a\":1,}", "{,}",
        "{1:2}",      "{a:1}",
        "{'a':1}",    "{\"a\" 1}",
        "{\"a\"::1}", "\"",
        "\"a",        "\"\\\"",
        "\"\\",       "\"\\x41\"",
        "\"\\u12\"",  "\"\\u12g4\"",
        "\"\t\"",     "\"\n\"",
        "\"\x1f\"",   "01",
        "-01",        "+1",
        "1.",         ".5",
        "-",          "1e",
        "1e+",        "1.e1",
        "-.5",        "0x10",
        "1_0",        "NaN",
        "Infinity",   "-Infinity",
        "1 2",        "{}{}",
        "[]x",        "/**/1",
        "1//",        "\"a\"\"b\"",
        "{\"a\":1;}", "[1,,2]",
        "[\"a\":1]",  "\xef\xbb\xbf{}",
        "\"\\u\"",    "\"\\ud83",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], ERR_BAD_JSON);
}

static void test_refuses_encoding(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"\xff\"",
        "\"\xc3\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\x80\"",
        "\"\\u0000\"",
        "\"\\ud83d\"",
        "\"\\ude00\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ud83dx\"",
        "\"\\ude00\\ud83d\"",
        "\xff",
        "[\xfe]",
        "{\"\\u0000\":1}",
        "{\"\xf5\":1}",
        "\"\\ud83d\\ud83d\"",
        "[1\x80]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], ERR_BAD_ENCODING);
    struct err_detail d;
    assert_int_equal(check_n("\"a\0b\"", 5, &d), ERR_BAD_ENCODING);
    assert_int_equal(check_n("1\0", 2, &d), ERR_BAD_ENCODING);
    assert_int_equal(check_n("\0", 1, &d), ERR_BAD_ENCODING);
    assert_int_equal(check_n("\"\\\0\"", 4, &d), ERR_BAD_JSON);
}

static void test_refuses_numbers(void **state)
{
    (void)state;
    refuse("1e999", ERR_OUT_OF_RANGE);
    refuse("[-1e400]", ERR_OUT_OF_RANGE);
    refuse("1.8e308", ERR_OUT_OF_RANGE);
    char text[80];
    memset(text, '7', sizeof text);
    text[63] = '\0';
    accept(text);
    text[63] = '7';
    text[64] = '\0';
    refuse(text, ERR_OUT_OF_RANGE);
}

static void test_refuses_duplicates(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":1,\"b\":2,\"\\u0061\":3}",
        "{\"\":1,\"\":2}",
        "[{\"x\":{\"k\":1,\"j\":{\"k\":2},\"k\":3}}]",
        "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}",
        "{\"a\":{\"b\":1},\"b\":2,\"a\":1}",
        "{\"\\n\":1,\"\\u000a\":1}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], ERR_DUPLICATE_KEY);
    /* two texts of one FNV-1a hash are still two keys */
    accept("{\"8yn0iYCKYHlIj4-BwPqk\":1,\"GReLUrM4wMqfg9yzV3KQ\":2}");
    refuse("{\"8yn0iYCKYHlIj4-BwPqk\":1,\"GReLUrM4wMqfg9yzV3KQ\":2,"
           "\"8yn0iYCKYHlIj4-BwPqk\":1}",
           ERR_DUPLICATE_KEY);
    struct err_detail d;
    const char *text = "{\"a\":1,\"b\":2,\"b\":3,\"a\":4}";
    assert_int_equal(check_n(text, strlen(text), &d), ERR_DUPLICATE_KEY);
    assert_string_equal(d.message, "duplicate key \"b\" at byte 13");
}

static void test_offsets(void **state)
{
    (void)state;
    struct err_detail d;
    assert_int_equal(check_n("[1, x]", 6, &d), ERR_BAD_JSON);
    assert_string_equal(d.message, "expected a value at byte 4");
    assert_int_equal(check_n("\"ab\xff\"", 5, &d), ERR_BAD_ENCODING);
    assert_non_null(strstr(d.message, "at byte 3"));
    assert_int_equal(check_n("{\"a\":1", 6, &d), ERR_BAD_JSON);
    assert_string_equal(d.message, "the text ends too early at byte 6");
    assert_string_equal(d.path, "");
}

static char *repeat(char c, size_t n)
{
    char *text = malloc(n + 1);
    memset(text, c, n);
    text[n] = '\0';
    return text;
}

static void test_depth(void **state)
{
    (void)state;
    char text[65] = "";
    memset(text, '[', 32);
    memset(text + 32, ']', 32);
    accept(text);
    char *deep = repeat('[', 100000);
    refuse(deep, ERR_LIMIT);
    free(deep);
    struct buf b;
    buf_init(&b, 1000);
    for (int i = 0; i < 33; i++)
        buf_append_str(&b, "{\"a\":");
    refuse(buf_str(&b), ERR_LIMIT);
    buf_fini(&b);
}

static void test_size(void **state)
{
    (void)state;
    char *text = repeat(' ', (1 << 20) + 1);
    text[0] = '1';
    struct err_detail d;
    assert_int_equal(check_n(text, 1 << 20, &d), ERR_OK);
    assert_int_equal(check_n(text, (1 << 20) + 1, &d), ERR_LIMIT);
    free(text);
}

static void test_many_keys(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4 << 20);
    for (int i = 0; i < 100000; i++)
        buf_printf(&b, "%s\"k%d\":%d", i ? "," : "{", i * 7 % 100000, i);
    size_t len = b.len;
    buf_append_str(&b, "}");
    struct err_detail d;
    assert_int_equal(json_lex_check(buf_str(&b), b.len, &json_limits_reply, &d),
                     ERR_OK);
    b.len = len;
    buf_append_str(&b, ",\"k77777\":0}");
    assert_int_equal(json_lex_check(buf_str(&b), b.len, &json_limits_reply, &d),
                     ERR_DUPLICATE_KEY);
    buf_fini(&b);
}

/* Every prefix of a good text is refused, and none is read past its end. */
static void test_every_prefix(void **state)
{
    (void)state;
    const char *text = "{\"a\":[1.5e3,true,null,\"\\ud83d\\ude00\xc3\xa9\"],\"b\":{}}";
    accept(text);
    for (size_t n = 0; n < strlen(text); n++) {
        struct err_detail d;
        assert_int_not_equal(check_n(text, n, &d), ERR_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepts),
        cmocka_unit_test(test_refuses_grammar),
        cmocka_unit_test(test_refuses_encoding),
        cmocka_unit_test(test_refuses_numbers),
        cmocka_unit_test(test_refuses_duplicates),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_every_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
