/* buf_test.c: the cap, the sticky failure, and growth against a reference. */
#include "core/base/buf.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_empty_is_safe(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(buf_append(&b, NULL, 0), ERR_OK);
    buf_consume(&b, 0);
    size_t len = 9;
    assert_null(buf_take(&b, &len));
    assert_int_equal(len, 0);
    buf_clear(&b);
    buf_fini(&b);
}

static void test_cap_is_exact(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5);
    assert_int_equal(buf_append_str(&b, "12345"), ERR_OK);
    assert_int_equal(b.len, 5);
    assert_true(b.cap_bytes <= 6);
    assert_int_equal(buf_append(&b, NULL, 0), ERR_OK);
    assert_int_equal(buf_append_char(&b, '6'), ERR_LIMIT);
    assert_string_equal(buf_str(&b), "12345");
    buf_consume(&b, 3);
    assert_int_equal(buf_append_char(&b, '6'), ERR_LIMIT); /* sticks */
    assert_int_equal(buf_printf(&b, "x"), ERR_LIMIT);
    assert_int_equal(buf_status(&b), ERR_LIMIT);
    size_t len = 9;
    assert_null(buf_take(&b, &len));
    assert_int_equal(len, 0);
    buf_clear(&b);
    assert_int_equal(buf_status(&b), ERR_OK);
    assert_int_equal(buf_append_str(&b, "again"), ERR_OK);
    assert_string_equal(buf_str(&b), "again");
    buf_fini(&b);
}

static void test_huge_append_does_not_wrap(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, SIZE_MAX / 2 - 1);
    assert_int_equal(buf_append_str(&b, "abc"), ERR_OK);
    assert_int_equal(buf_append(&b, "x", SIZE_MAX), ERR_LIMIT);
    buf_clear(&b);
    assert_int_equal(buf_append(&b, "x", SIZE_MAX - 1), ERR_LIMIT);
    buf_fini(&b);
}

static void test_printf_and_take(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(buf_printf(&b, "%s-%d", "a", 7), ERR_OK);
    assert_int_equal(buf_printf(&b, "%500d", 1), ERR_OK);
    assert_int_equal(b.len, 503);
    assert_int_equal(buf_printf(&b, "%600d", 1), ERR_LIMIT);
    assert_int_equal(b.len, 503);
    assert_int_equal(buf_str(&b)[503], '\0'); /* nothing is left of what did not fit */
    buf_clear(&b);
    assert_int_equal(buf_printf(&b, "%s", "kept"), ERR_OK);
    size_t len = 0;
    char *text = buf_take(&b, &len);
    assert_string_equal(text, "kept");
    assert_int_equal(len, 4);
    assert_int_equal(b.len, 0);
    assert_string_equal(buf_str(&b), "");
    assert_int_equal(buf_append_str(&b, "new"), ERR_OK);
    assert_string_equal(text, "kept");
    free(text);
    buf_fini(&b);
}

/* What just fits, what just does not, and what was room made for. */
static void test_room(void **state)
{
    (void)state;
    for (int n = 0; n < 200; n++) {
        struct buf b;
        buf_init(&b, 300);
        for (int i = 0; i < n; i++)
            assert_int_equal(buf_append_char(&b, (char)('a' + i % 26)), ERR_OK);
        assert_int_equal(buf_printf(&b, "%*s", 64, "end"), ERR_OK);
        assert_int_equal(b.len, n + 64);
        assert_int_equal(strlen(b.data), n + 64);
        assert_string_equal(b.data + n + 61, "end");
        for (int i = 0; i < n; i++)
            assert_int_equal(b.data[i], 'a' + i % 26);
        buf_fini(&b);
    }
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_reserve(&b, 100), ERR_OK);
    assert_string_equal(b.data, "");
    const char *data = b.data;
    for (int i = 0; i < 100; i++)
        assert_int_equal(buf_append_char(&b, 'x'), ERR_OK);
    assert_ptr_equal(b.data, data);
    assert_int_equal(buf_append_char(&b, 'x'), ERR_LIMIT);
    assert_int_equal(b.len, 100);
    assert_int_equal(buf_reserve(&b, 0), ERR_LIMIT);
    buf_fini(&b);
}

static void test_against_reference(void **state)
{
    (void)state;
    enum { CAP = 2000 };
    struct rng r;
    rng_seed(&r, 2);
    for (int round = 0; round < 200; round++) {
        char want[CAP + 1] = "";
        size_t len = 0;
        struct buf b;
        buf_init(&b, CAP);
        for (int step = 0; step < 60; step++) {
            char piece[130];
            size_t n = (size_t)rng_below(&r, sizeof piece);
            memset(piece, 'a' + step % 26, n);
            if (rng_below(&r, 3) == 0 && len > 0) {
                n = (size_t)rng_below(&r, len + 1);
                buf_consume(&b, n);
                memmove(want, want + n, len - n);
                len -= n;
            } else if (len + n > CAP) {
                assert_int_equal(buf_append(&b, piece, n), ERR_LIMIT);
                break;
            } else {
                assert_int_equal(buf_append(&b, piece, n), ERR_OK);
                memcpy(want + len, piece, n);
                len += n;
            }
            assert_int_equal(b.len, len);
            assert_memory_equal(buf_str(&b), want, len);
            assert_int_equal(buf_str(&b)[len], '\0');
        }
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_is_safe),
        cmocka_unit_test(test_cap_is_exact),
        cmocka_unit_test(test_huge_append_does_not_wrap),
        cmocka_unit_test(test_printf_and_take),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_against_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
