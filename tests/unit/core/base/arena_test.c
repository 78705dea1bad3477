/* arena_test.c: alignment, zeroes, the cap, and no overlap. */
#include "core/base/arena.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void test_aligned_zeroed_apart(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static unsigned char *at[COUNT];
    static size_t size[COUNT];
    struct arena a;
    arena_init(&a, 64 << 20);
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < COUNT; i++) {
        size[i] = (size_t)rng_below(&r, i % 50 == 0 ? 100000 : 200);
        at[i] = arena_alloc(&a, size[i]);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(at[i][k], 0);
        memset(at[i], (int)(i % 251 + 1), size[i]);
    }
    for (size_t i = 0; i < COUNT; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(at[i][k], i % 251 + 1);
    assert_false(a.failed);
    arena_fini(&a);
    assert_null(a.head);
    assert_int_equal(a.used_bytes, 0);
}

static void test_cap_holds_and_sticks(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 100);
    assert_non_null(arena_alloc(&a, 64));
    assert_null(arena_alloc(&a, 64));
    assert_true(a.failed);
    assert_non_null(arena_alloc(&a, 16)); /* what fits is still served */
    assert_true(a.failed);
    assert_true(a.used_bytes <= 100);
    arena_fini(&a);
    assert_false(a.failed);
    arena_init(&a, 0);
    assert_null(arena_alloc(&a, 0));
    arena_fini(&a);
}

static void test_array_refuses_overflow(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, SIZE_MAX);
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_true(a.failed);
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_alloc(&a, SIZE_MAX - 8));
    uint32_t *items = arena_array(&a, 10, sizeof *items);
    assert_non_null(items);
    items[9] = 7;
    arena_fini(&a);
}

static void test_strings(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 10000);
    assert_string_equal(arena_strdup(&a, "text"), "text");
    assert_string_equal(arena_strdup(&a, ""), "");
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(&a, "ab", 30), "ab");
    assert_string_equal(arena_printf(&a, "%d-%s", 12, "x"), "12-x");
    assert_null(arena_printf(&a, "%20000s", ""));
    assert_true(a.failed);
    arena_fini(&a);
}

static void test_small_requests_share_blocks_after_a_large_one(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1 << 20);
    char *first = arena_alloc(&a, 16);
    assert_non_null(arena_alloc(&a, 50000));
    char *second = arena_alloc(&a, 16);
    assert_ptr_equal(second, first + 16);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligned_zeroed_apart),
        cmocka_unit_test(test_cap_holds_and_sticks),
        cmocka_unit_test(test_array_refuses_overflow),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_small_requests_share_blocks_after_a_large_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
