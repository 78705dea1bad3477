/* feedback_orphans_test.c: how often the log speaks of orphans. */
#include "workers/feedback/feedback_orphans.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_the_first_is_told_at_once(void **state)
{
    (void)state;
    struct feedback_orphans o = {.count = 0};
    assert_false(feedback_orphans_tell(&o, 0));
    feedback_orphans_add(&o, 0, "none", "none");
    assert_false(feedback_orphans_tell(&o, 0));
    feedback_orphans_add(&o, 3, "c1", "v1");
    feedback_orphans_add(&o, 2, "c2", "v2");
    assert_int_equal(o.count, 5);
    assert_string_equal(o.campaign, "c1");
    assert_string_equal(o.variant, "v1");
    assert_true(feedback_orphans_tell(&o, 5));
    assert_false(feedback_orphans_tell(&o, 50000));
}

static void test_then_after_a_pause(void **state)
{
    (void)state;
    struct feedback_orphans o = {.count = 0};
    feedback_orphans_add(&o, 1, "c1", "v1");
    assert_true(feedback_orphans_tell(&o, 1000));
    feedback_orphans_add(&o, 200, "c2", "v2");
    assert_false(feedback_orphans_tell(&o, 1000 + FEEDBACK_ORPHANS_PAUSE_MS - 1));
    feedback_orphans_add(&o, 7, "c3", "v3");
    assert_int_equal(o.count, 207);
    assert_string_equal(o.campaign, "c2");
    assert_true(feedback_orphans_tell(&o, 1000 + FEEDBACK_ORPHANS_PAUSE_MS));
    assert_int_equal(o.count, 0);
}

static void test_a_long_name_is_cut(void **state)
{
    (void)state;
    struct feedback_orphans o = {.count = 0};
    char name[4 * KEYS_ID_MAX];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    feedback_orphans_add(&o, 1, name, name);
    assert_int_equal(strlen(o.campaign), KEYS_ID_MAX);
    assert_int_equal(strlen(o.variant), KEYS_ID_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_is_told_at_once),
        cmocka_unit_test(test_then_after_a_pause),
        cmocka_unit_test(test_a_long_name_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
