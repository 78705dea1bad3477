/* json_out_test.c: commas, escapes, numbers, and the sticky failure. */
#include "core/base/json_out.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <float.h>
#include <math.h>

static void test_commas(void **state)
{
    (void)state;
    struct buf b;
    struct json_out w;
    buf_init(&b, 1000);
    json_out_init(&w, &b);
    json_out_open(&w, '{');
    json_out_kstr(&w, "s", "x");
    json_out_kint(&w, "i", INT64_MIN);
    json_out_key(&w, "a");
    json_out_open(&w, '[');
    json_out_null(&w);
    json_out_open(&w, '{');
    json_out_close(&w, '}');
    json_out_open(&w, '[');
    json_out_close(&w, ']');
    json_out_raw(&w, "{\"r\":1}", 7);
    json_out_bool(&w, true);
    json_out_close(&w, ']');
    json_out_kbool(&w, "b", false);
    json_out_knum(&w, "n", 0.25);
    json_out_key(&w, "j");
    json_out_json(&w, NULL);
    json_out_close(&w, '}');
    assert_int_equal(buf_status(&b), ERR_OK);
    assert_string_equal(buf_str(&b), "{\"s\":\"x\",\"i\":-9223372036854775808,"
                                     "\"a\":[null,{},[],{\"r\":1},true],"
                                     "\"b\":false,\"n\":0.25,\"j\":null}");
    buf_fini(&b);
}

static void writes_str(const char *s, size_t n, const char *want)
{
    struct buf b;
    struct json_out w;
    buf_init(&b, 1000);
    json_out_init(&w, &b);
    json_out_strn(&w, s, n);
    assert_string_equal(buf_str(&b), want);
    buf_fini(&b);
}

static void test_escapes(void **state)
{
    (void)state;
    writes_str("", 0, "\"\"");
    writes_str("a\"b\\c/", 6, "\"a\\\"b\\\\c/\"");
    writes_str("\b\t\n\v\f\r", 6, "\"\\b\\t\\n\\u000b\\f\\r\"");
    writes_str("\0\x01\x1f\x7f", 4, "\"\\u0000\\u0001\\u001f\x7f\"");
    writes_str("\xf0\x9f\x98\x80\xc3\xa9", 6, "\"\xf0\x9f\x98\x80\xc3\xa9\"");
    writes_str("a\xff"
               "b\xe2\x82",
               5,
               "\"a\xef\xbf\xbd"
               "b\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void writes_num(double n, const char *want)
{
    struct buf b;
    struct json_out w;
    buf_init(&b, 100);
    json_out_init(&w, &b);
    json_out_num(&w, n);
    assert_string_equal(buf_str(&b), want);
    buf_fini(&b);
}

static void test_numbers(void **state)
{
    (void)state;
    writes_num(0, "0");
    writes_num(-1, "-1");
    writes_num(0x1p53, "9007199254740992");
    writes_num(0.1, "0.1");
    writes_num(0.1 + 0.2, "0.30000000000000004");
    writes_num(1.0 / 3, "0.3333333333333333");
    writes_num(5e-324, "5e-324");
    writes_num(DBL_MAX, "1.7976931348623157e+308");
    writes_num(123456.789, "123456.789");
    writes_num(1e100, "1e+100");
    writes_num(NAN, "0");
    writes_num(INFINITY, "0");
}

static void test_numbers_read_back(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 15);
    struct buf b;
    buf_init(&b, 100);
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double number;
        } u = {.bits = rng_next(&r)};
        if (!isfinite(u.number))
            continue;
        struct json_out w;
        buf_clear(&b);
        json_out_init(&w, &b);
        json_out_num(&w, u.number);
        assert_true(strtod(buf_str(&b), NULL) == u.number);
    }
    buf_fini(&b);
}

/* Short decimals go a way of their own: it must write what printf does. */
static void test_thousandths(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 16);
    char want[48];
    for (int i = -3000; i <= 3000; i++) {
        double n = i > 1000 || i < -1000
                       ? ((double)rng_below(&r, 4000000000u) - 2e9) / 1000
                       : i / 1000.0;
        if (n == 0)
            continue;
        snprintf(want, sizeof want, "%.15g", n);
        writes_num(n, want);
        snprintf(want, sizeof want, "%.15g", n / 8);
        writes_num(n / 8, want);
    }
}

static void test_failure_sticks(void **state)
{
    (void)state;
    struct buf b;
    struct json_out w;
    buf_init(&b, 10);
    json_out_init(&w, &b);
    json_out_open(&w, '[');
    json_out_str(&w, "longer than ten bytes");
    json_out_int(&w, 1);
    json_out_close(&w, ']');
    assert_int_equal(buf_status(&b), ERR_LIMIT);
    buf_fini(&b);
}

static void test_depth(void **state)
{
    (void)state;
    for (int depth = 64; depth <= 66; depth++) {
        struct buf b;
        struct json_out w;
        buf_init(&b, 1000);
        json_out_init(&w, &b);
        for (int i = 0; i < depth; i++)
            json_out_open(&w, '[');
        json_out_int(&w, 1);
        for (int i = 0; i < depth; i++)
            json_out_close(&w, ']');
        assert_int_equal(buf_status(&b), depth <= 64 ? ERR_OK : ERR_LIMIT);
        assert_int_equal(w.depth, 0);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commas),      cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_numbers_read_back),
        cmocka_unit_test(test_thousandths), cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
