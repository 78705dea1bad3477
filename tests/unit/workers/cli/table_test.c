/* table_test.c: columns stand under each other, whatever the script. */
#include "workers/cli/table.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void expect(struct table *t, const char *want)
{
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(table_print(t, &out), ERR_OK);
    assert_string_equal(buf_str(&out), want);
    buf_fini(&out);
    table_fini(t);
}

static void test_alignment(void **state)
{
    static const char *const heads[] = {"ID", ">CALLS", "LIFT", NULL};
    struct table t;
    (void)state;
    table_init(&t, heads);
    table_add(&t, "spring");
    table_add(&t, "7");
    table_add(&t, "none");
    table_add(&t, "a");
    table_add(&t, "1234567");
    table_add(&t, "");
    expect(&t, "ID        CALLS  LIFT\n"
               "spring        7  none\n"
               "a       1234567  \n");
}

static void test_wide_characters_take_two_cells(void **state)
{
    static const char *const heads[] = {"A", "B", NULL};
    struct table t;
    (void)state;
    assert_int_equal(table_width("ab", 2), 2);
    assert_int_equal(table_width("春节", 6), 4);
    assert_int_equal(table_width("é", 2), 1);
    table_init(&t, heads);
    table_add(&t, "春节");
    table_add(&t, "x");
    table_add(&t, "abcd");
    table_add(&t, "y");
    expect(&t, "A     B\n春节  x\nabcd  y\n");
}

static void test_a_table_over_its_bound_fails(void **state)
{
    static const char *const heads[] = {"A", NULL};
    char cell[1024];
    struct buf out;
    struct table t;
    (void)state;
    memset(cell, 'x', sizeof cell - 1);
    cell[sizeof cell - 1] = '\0';
    table_init(&t, heads);
    for (int i = 0; i < 5000; i++)
        table_add(&t, cell);
    buf_init(&out, (size_t)16 << 20);
    assert_int_equal(table_print(&t, &out), ERR_LIMIT);
    buf_fini(&out);
    table_fini(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alignment),
        cmocka_unit_test(test_wide_characters_take_two_cells),
        cmocka_unit_test(test_a_table_over_its_bound_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
