/* args_test.c: what goes in comes out, within bounds. */
#include "queues/args.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_all_sorts(void **state)
{
    (void)state;
    static const char *const want[] = {
        "text", "", "", "-9223372036854775808", "0.333333333", "1e+300", "0", "0", "0"};
    struct args a;
    args_init(&a, 1000);
    args_str(&a, "text");
    args_str(&a, "");
    args_str(&a, NULL);
    args_int(&a, INT64_MIN);
    args_num(&a, 1.0 / 3);
    args_num(&a, 1e300);
    args_num(&a, NAN);
    args_num(&a, INFINITY);
    args_num(&a, -INFINITY);
    args_add(&a, "a\0b", 3);
    size_t n = 0;
    struct redis_arg *view = args_view(&a, &n);
    assert_int_equal(n, 10);
    for (size_t i = 0; i < 9; i++) {
        assert_int_equal(view[i].len, strlen(want[i]));
        assert_memory_equal(view[i].at, want[i], view[i].len);
    }
    assert_int_equal(view[9].len, 3);
    assert_memory_equal(view[9].at, "a\0b", 3);
    free(view);
    args_fini(&a);
}

static void test_grows(void **state)
{
    (void)state;
    struct args a;
    args_init(&a, 100000);
    for (int i = 0; i < 1000; i++)
        args_int(&a, i);
    size_t n = 0;
    struct redis_arg *view = args_view(&a, &n);
    assert_int_equal(n, 1000);
    assert_memory_equal(view[7].at, "7", 1);
    assert_memory_equal(view[999].at, "999", 3);
    free(view);
    args_clear(&a);
    view = args_view(&a, &n);
    assert_non_null(view);
    assert_int_equal(n, 0);
    free(view);
    args_fini(&a);
}

static void test_too_many_bytes(void **state)
{
    (void)state;
    struct args a;
    size_t n = 0;
    args_init(&a, 10);
    args_str(&a, "12345678901");
    args_str(&a, "x"); /* would fit; but the list is broken for good */
    assert_int_equal(a.failed, ERR_LIMIT);
    assert_int_equal(a.count, 0);
    assert_null(args_view(&a, &n));
    args_clear(&a);
    args_str(&a, "1234567890");
    assert_int_equal(a.failed, ERR_OK);
    args_fini(&a);
}

static void test_too_many_arguments(void **state)
{
    (void)state;
    struct args a;
    args_init(&a, 10);
    for (int i = 0; i < 200001; i++)
        args_str(&a, "");
    assert_int_equal(a.failed, ERR_LIMIT);
    args_fini(&a);
}

static void test_append(void **state)
{
    (void)state;
    struct args a, b;
    args_init(&a, 10);
    args_init(&b, 10);
    args_append(&a, &b);
    assert_int_equal(a.failed, ERR_OK);
    args_str(&a, "one");
    args_str(&b, "");
    args_str(&b, "two");
    args_append(&a, &b);
    size_t n = 0;
    struct redis_arg *view = args_view(&a, &n);
    assert_int_equal(n, 3);
    assert_int_equal(view[1].len, 0);
    assert_int_equal(view[2].len, 3);
    assert_memory_equal(view[2].at, "two", 3);
    free(view);
    args_append(&a, &b);
    args_append(&a, &b); /* 12 bytes */
    assert_int_equal(a.failed, ERR_LIMIT);
    args_append(&b, &a); /* broken as what it took */
    assert_int_equal(b.failed, ERR_LIMIT);
    args_fini(&a);
    args_fini(&b);
}

static void test_append_too_many(void **state)
{
    (void)state;
    struct args a, b;
    args_init(&a, 10);
    args_init(&b, 10);
    for (int i = 0; i < 100000; i++)
        args_str(&b, "");
    args_append(&a, &b);
    args_append(&a, &b);
    assert_int_equal(a.failed, ERR_OK);
    assert_int_equal(a.count, 200000);
    args_append(&a, &b);
    assert_int_equal(a.failed, ERR_LIMIT);
    args_fini(&a);
    args_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_sorts),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_too_many_bytes),
        cmocka_unit_test(test_too_many_arguments),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_append_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
