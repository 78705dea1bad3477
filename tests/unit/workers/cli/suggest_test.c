/* suggest_test.c: the command that was meant. */
#include "workers/cli/suggest.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"up",     "worker", "check",  "enqueue",
                                    "status", "watch",  "result", "events"};

static const char *suggest(const char *typed)
{
    return suggest_name(typed, names, sizeof names / sizeof *names);
}

static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(suggest_distance("", ""), 0);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(suggest_distance("stauts", "status"), 1); /* one swap */
    assert_int_equal(suggest_distance("a", "b"), 1);
}

static void test_long_names_are_far(void **state)
{
    char longest[200];
    (void)state;
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(suggest_distance(longest, "a"), 64);
    assert_null(suggest(longest));
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(suggest("enqeue"), "enqueue");
    assert_string_equal(suggest("results"), "result");
    assert_string_equal(suggest("event"), "events");
    assert_string_equal(suggest("enq"), "enqueue"); /* a beginning */
    assert_null(suggest("xyzzy"));
    assert_null(suggest("e"));
    assert_null(suggest("x"));
    static const char *const fields[] = {"v", "holdout", "channel"};
    assert_null(suggest_name("x", fields, 3));
    assert_null(suggest_name("colour", fields, 3));
    assert_string_equal(suggest_name("chanel", fields, 3), "channel");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_long_names_are_far),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
