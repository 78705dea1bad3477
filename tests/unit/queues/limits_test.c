/* limits_test.c: a lease as the script gets it; its rules are in
 * tests/e2e/test_scripts_limits.py. */
#include "queues/limits.h"
#include "tests/unit/queues/queue_fixture.h"
#include <stdlib.h>

#define ID "00112233445566aa"

/* The reply without its slot, which is a time. */
static const char *lease(struct partition *p, struct limits_ask a, int64_t *slot)
{
    static char rest[64];
    a.id = ID;
    a.worker = "w";
    a.hold_ms = 5000;
    a.usual_permille = 1000;
    const char *text = call(p, limits_lease(&p->queue, &a, THEN(p)));
    char *end = NULL;
    *slot = strtoll(text + 1, &end, 10);
    assert_true(*slot > 0 && *end == ' ');
    (void)snprintf(rest, sizeof rest, "%s", end + 1);
    return rest;
}

static void test_a_lease_and_what_comes_back(void **state)
{
    struct partition *p = *state;
    int64_t slot;
    struct limits_ask a = {.number = 1,
                           .rpm = 1,
                           .tpm = 500,
                           .max_in_flight = 2,
                           .calls = 3,
                           .tokens = 900,
                           .first_tokens = 300};
    assert_string_equal(lease(p, a, &slot), "1 300 0 0]");
    struct limits_back back = {slot, 1, 300};
    a.number = 2;
    a.back = &back;
    a.back_count = 1;
    a.pace_back = 300;
    assert_string_equal(lease(p, a, &slot), "1 300 0 0]");
    assert_string_equal(lease(p, a, &slot), "0 0 0 0]"); /* the same number again */
    a.number = 3;
    a.back_count = 0;
    a.close_ms = 60000;
    assert_string_equal(lease(p, a, &slot), "0 0 60000 60000]");
}

static void test_keys(void **state)
{
    struct partition *p = *state;
    int64_t slot;
    struct limits_ask a = {.number = 1, .max_in_flight = 1, .calls = 1};
    assert_string_equal(lease(p, a, &slot), "1 0 0 0]");
    assert_string_equal(keys_limits(&p->queue.keys, ID).name, "bk:{k:" ID "}");
    assert_string_equal(
        call(p, redis_do(p->redis, THEN(p), "EXISTS", "bk:{k:" ID "}:lease:calls",
                         "bk:{k:" ID "}:lease:held", NULL)),
        "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lease_and_what_comes_back,
                                        partition_start, partition_stop),
        cmocka_unit_test_setup_teardown(test_keys, partition_start, partition_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
