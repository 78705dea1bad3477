/* view_test.c: which ids may become part of a key. */
#include "workers/cli/view.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_ids(void **state)
{
    static const char *const good[] = {"a", "c-17-0", "A.b_c-9", "mugs~1", "mugs~1~20"};
    static const char *const bad[] = {"",        "c1:v:v1", "~1",    "mugs~",  "mugs~a",
                                      "mugs~1a", "a b",     "mugs:", "m\nugs", "m*"};
    char longest[66];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(view_id_is_valid(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(view_id_is_valid(bad[i]));
    memset(longest, 'x', sizeof longest);
    longest[64] = '\0';
    assert_true(view_id_is_valid(longest));
    longest[64] = 'x';
    longest[65] = '\0';
    assert_false(view_id_is_valid(longest));
    longest[60] = '~'; /* a child of it would be too long */
    memcpy(longest + 61, "1234", 5);
    assert_false(view_id_is_valid(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ids)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
