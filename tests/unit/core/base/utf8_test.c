/* utf8_test.c: against utf8proc as the reference. */
#include "core/base/utf8.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include <utf8proc.h>

/* Both decoders on the same bytes; returns the length. */
static size_t decode_both(const char *s, size_t n)
{
    uint32_t ours = 0;
    utf8proc_int32_t theirs = 0;
    size_t len = utf8_decode(s, n, &ours);
    utf8proc_ssize_t ref =
        utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &theirs);
    assert_int_equal(len, ref > 0 ? ref : 0);
    if (len > 0)
        assert_int_equal(ours, theirs);
    return len;
}

static void test_every_code_point(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x110010; c++) {
        char text[4];
        bool scalar = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        size_t len = utf8_encode(c, text);
        assert_int_equal(len > 0, scalar);
        if (!scalar)
            continue;
        uint32_t back;
        assert_int_equal(utf8_decode(text, len, &back), len);
        assert_int_equal(back, c);
        assert_int_equal(utf8_count_utf16(text, len), c > 0xffff ? 2 : 1);
        if (len > 1)
            assert_int_equal(utf8_decode(text, len - 1, &back), 0);
    }
}

/* Bytes that are likely to be interesting next to each other. */
static char random_byte(struct rng *r)
{
    static const unsigned char edges[] = {
        0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2,
        0xdf, 0xe0, 0xe1, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    if (rng_below(r, 4) == 0)
        return (char)rng_below(r, 256);
    return (char)edges[rng_below(r, sizeof edges)];
}

static void test_random_bytes_like_utf8proc(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 12);
    for (int i = 0; i < 200000; i++) {
        char s[12];
        size_t n = 1 + (size_t)rng_below(&r, sizeof s);
        for (size_t k = 0; k < n; k++)
            s[k] = random_byte(&r);
        size_t at = 0, count = 0, first_bad = n;
        while (at < n) {
            size_t len = decode_both(s + at, n - at);
            if (len == 0 && first_bad == n)
                first_bad = at;
            at += len ? len : 1;
            count++;
        }
        assert_int_equal(utf8_invalid_at(s, n), first_bad);
        assert_int_equal(utf8_count(s, n), count);
    }
}

static void test_known_refusals(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x80\x80",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x80\x80\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xc3",
                                      "\xe2\x82",
                                      "\xf0\x9f\x98"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(decode_both(bad[i], strlen(bad[i])), 0);
        assert_int_equal(utf8_invalid_at(bad[i], strlen(bad[i])), 0);
    }
}

static void test_prefix_never_cuts(void **state)
{
    (void)state;
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    size_t n = sizeof text - 1;
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t max = 0; max < sizeof want / sizeof *want; max++)
        assert_int_equal(utf8_prefix(text, n, max), want[max]);
    /* of bytes that are no text it takes all it may, or a little less */
    assert_int_equal(utf8_prefix("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
    assert_int_equal(utf8_prefix("\xf0\x80\x80\x80\x80\x80", 6, 3), 3);
}

static void test_prefix_property(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 13);
    for (int i = 0; i < 20000; i++) {
        char s[64];
        size_t n = 0;
        while (n < 56)
            n += utf8_encode((uint32_t)(rng_next(&r) >> (43 + rng_below(&r, 14))),
                             s + n);
        size_t max = (size_t)rng_below(&r, 70);
        size_t len = utf8_prefix(s, n, max);
        assert_true(len <= max && len <= n);
        assert_int_equal(utf8_invalid_at(s, len), len);
        if (len < n) { /* nothing longer would do */
            uint32_t c;
            assert_true(len + utf8_decode(s + len, n - len, &c) > max);
        }
    }
}

static void test_counts(void **state)
{
    (void)state;
    assert_int_equal(utf8_count("", 0), 0);
    assert_int_equal(utf8_count("a\xf0\x9f\x98\x80", 5), 2);
    assert_int_equal(utf8_count_utf16("a\xf0\x9f\x98\x80", 5), 3);
    assert_int_equal(utf8_count("\xff\xff", 2), 2);
    assert_int_equal(utf8_count_utf16("\xf0\x9f", 2), 2);
}

static void test_cjk(void **state)
{
    (void)state;
    static const uint32_t yes[] = {0x4e00,  0x9fff, 0x3042, 0x30a2, 0xac00,
                                   0x20000, 0xff71, 0x3400, 0x1100};
    static const uint32_t no[] = {'a',     0xe9,   0x3001, 0x3002,
                                  0x1f600, 0x0e01, 0xff01, 0x5d0};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(utf8_is_cjk(yes[i]));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(utf8_is_cjk(no[i]));
}

static void test_tidy(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {{"", ""},
                 {"a\r\n\tb\x7f", "a   b "},
                 {"\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87"},
                 {"cut \xe4\xb8 here", "cut ?? here"},
                 {"\xff", "?"},
                 {"end\xf0\x9f\x98", "end???"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", cases[i].in);
        utf8_tidy(text);
        assert_string_equal(text, cases[i].out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point),
        cmocka_unit_test(test_random_bytes_like_utf8proc),
        cmocka_unit_test(test_known_refusals),
        cmocka_unit_test(test_prefix_never_cuts),
        cmocka_unit_test(test_prefix_property),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_cjk),
        cmocka_unit_test(test_tidy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
