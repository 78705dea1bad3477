/* names_test.c: a word is found where it stands, and only whole. */
#include "core/base/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char *const names[] = {"queued", "live", "done", "live"};

static void test_index_of_the_first_match(void **state)
{
    (void)state;
    assert_int_equal(names_index(names, "queued"), 0);
    assert_int_equal(names_index(names, "live"), 1);
    assert_int_equal(names_index(names, "done"), 2);
}

static void test_what_is_not_there(void **state)
{
    (void)state;
    static const char *const absent[] = {"", "liv", "lively", "Live", "none"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(names_index(names, absent[i]), -1);
    assert_int_equal(names_find(names, 2, "done"), -1); /* behind the end */
    assert_int_equal(names_find(names, 0, "queued"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_of_the_first_match),
        cmocka_unit_test(test_what_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
