/* fleet_test.c: how many workers are wanted. */
#include "workers/fleet.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t desired(int workers, int64_t jobs, int64_t backlog, int64_t oldest_ms)
{
    struct fleet f = {.workers = workers,
                      .slots = 32 * workers,
                      .jobs = jobs,
                      .backlog = backlog,
                      .oldest_ms = oldest_ms,
                      .slots_per_worker = 32};
    return fleet_desired(&f);
}

static void room_for_what_is_in_hand(void **state)
{
    (void)state;
    assert_int_equal(desired(4, 0, 0, 0), 1);
    assert_int_equal(desired(4, 32, 0, 0), 1);
    assert_int_equal(desired(4, 33, 0, 0), 2);
    assert_int_equal(desired(4, 128, 0, 0), 4);
}

static void the_backlog_counts_when_it_has_waited(void **state)
{
    (void)state;
    assert_int_equal(desired(1, 32, 1000, 1999), 1);
    assert_int_equal(desired(1, 32, 1000, 2000), 33);
    assert_int_equal(desired(0, 0, 64, 60000), 2); /* none lives */
    assert_int_equal(desired(0, 0, 0, 0), 1);
}

static void odd_numbers_make_no_nonsense(void **state)
{
    (void)state;
    struct fleet f = {
        .workers = 3, .slots = 0, .jobs = 5, .backlog = 2, .oldest_ms = 9999};
    assert_int_equal(fleet_desired(&f),
                     7); /* of a release that does not tell its slots */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_for_what_is_in_hand),
        cmocka_unit_test(the_backlog_counts_when_it_has_waited),
        cmocka_unit_test(odd_numbers_make_no_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
