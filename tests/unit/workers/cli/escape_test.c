/* escape_test.c: nothing that steers a terminal comes out. */
#include "workers/cli/escape.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(const char *in, size_t n, const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    escape_text(&out, in, n);
    assert_int_equal(buf_status(&out), ERR_OK);
    assert_string_equal(buf_str(&out), want);
    buf_fini(&out);
}

#define EXPECT(in, want) expect(in, sizeof(in) - 1, want)

static void test_plain_text_stays(void **state)
{
    (void)state;
    EXPECT("Save 20 % today", "Save 20 % today");
    EXPECT("限时优惠 \xf0\x9f\x98\x80 é", "限时优惠 \xf0\x9f\x98\x80 é");
    EXPECT("", "");
}

static void test_controls_are_shown(void **state)
{
    (void)state;
    EXPECT("\x1b[31mred\x1b]0;title\x07", "\\u{1b}[31mred\\u{1b}]0;title\\u{7}");
    EXPECT("a\nb\r\tc\\", "a\\nb\\r\\tc\\\\");
    EXPECT("nul\0end", "nul\\u{0}end");
    EXPECT("c1 \xc2\x9b del \x7f", "c1 \\u{9b} del \\u{7f}");
}

static void test_order_marks_are_shown(void **state)
{
    (void)state;
    EXPECT("\xe2\x80\xae"
           "abc",
           "\\u{202e}abc");
    EXPECT("\xe2\x81\xa6\xe2\x80\xa8", "\\u{2066}\\u{2028}");
}

static void test_bad_bytes_are_shown(void **state)
{
    (void)state;
    EXPECT("\xff\xc0\xafz\xe2\x82", "\\xff\\xc0\\xafz\\xe2\\x82");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_controls_are_shown),
        cmocka_unit_test(test_order_marks_are_shown),
        cmocka_unit_test(test_bad_bytes_are_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
