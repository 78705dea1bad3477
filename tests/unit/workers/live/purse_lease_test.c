/* purse_lease_test.c: when a worker begins another lease of a tenant's money. */
#include "tests/fakes/suspended_clock.h"
#include "tests/unit/workers/live/purse_fixture.h"

/* Over midnight, and so past the day of what is at hand. */
static void test_a_machine_that_was_suspended(void **state)
{
    struct partition *p = *state;
    struct desk a;
    open_desk(&a, p);
    struct port_grant g = take(&a, T, 10 * CENT);
    struct purse *purse = &a.purses->items[0];
    int64_t lease = purse->today.lease;
    suspended_s += 86400;
    assert_int_equal(purses_check(a.purses, T, 10 * CENT, 1), ERR_BUSY);
    assert_int_not_equal(purse->today.lease, lease);
    assert_int_equal(purse->before.lease, lease);
    purses_settle(a.purses, &g, 10 * CENT);
    close_desk(&a, *state);
}

/* Idle for half a minute, its worker begins another lease: the book does not grow. */
static void test_an_old_lease_is_forgotten(void **state)
{
    struct partition *p = *state;
    struct desk a;
    int turns = 0;
    open_desk(&a, p);
    struct purse *purse = &a.purses->items[0];
    for (int i = 1; i <= 3; i++) {
        char usd[16];
        struct port_grant g = take(&a, T, 10 * CENT);
        purses_settle(a.purses, &g, 10 * CENT);
        snprintf(usd, sizeof usd, "'0.%d'", i);
        wait_book(p, "usd", usd);
        while (!purse->idle_since_ms)
            turn(p, &turns);
        assert_int_equal(purse->today.lease, i);
        assert_int_equal(purse->over, 0);
        purse->idle_since_ms -= 31000;
    }
    const char *keys = ask(p, "KEYS", "bk:{t:*");
    char name[128];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(keys + 2, "'"), keys + 2);
    const char *fields = ask(p, "HKEYS", name);
    const char *lease = strstr(fields, "'w:");
    assert_non_null(lease);
    assert_null(strstr(lease + 1, "'w:"));
    close_desk(&a, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_a_machine_that_was_suspended),
        queue_test(test_an_old_lease_is_forgotten),
    };
    return cmocka_run_group_tests(tests, read_config, forget_config);
}
