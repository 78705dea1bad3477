/* limits_test.c: a lease as the script gets it; its rules are in
 * tests/e2e/test_scripts_limits.py. */
#include "queues/limits.h"
#include "tests/unit/queues/queue_fixture.h"
#include <stdlib.h>
#include <string.h>

#define ID "00112233445566aa"

/* The reply without its slot, which is a time. */
static const char *lease(struct partition *p, struct limits_ask a, int64_t *slot)
{
    static char rest[64];
    a.id = ID;
    a.worker = "w";
    a.hold_ms = 5000;
    for (int i = 0; i < LIMITS_KINDS; i++) {
        a.of[i].usual_permille = 1000;
        a.of[i].told = a.told_slot ? a.of[i].told : -1;
    }
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
                           .max_in_flight = 2,
                           .of = {{.most = 1, .wanted = 3, .first = 1},
                                  {.most = 500, .wanted = 900, .first = 300},
                                  {0},
                                  {.most = 400, .wanted = 600, .first = 200}}};
    assert_string_equal(lease(p, a, &slot), "0 0 1 300 0 200 0 200 -1 200]");
    struct limits_back back = {slot, {1, 300, 0, 200}};
    a.number = 2;
    a.back = &back;
    a.back_count = 1;
    a.of[LIMITS_CALLS].pace_back = 1;
    a.of[LIMITS_TOKENS].pace_back = 300;
    a.of[LIMITS_OUT].pace_back = 200;
    assert_string_equal(lease(p, a, &slot), "0 0 1 300 0 200 0 200 -1 200]");
    /* the same number again */
    assert_string_equal(lease(p, a, &slot), "0 0 0 0 0 0 1 500 -1 400]");
    a.number = 3;
    a.back_count = 0;
    a.close_ms = 60000;
    assert_string_equal(lease(p, a, &slot), "60000 60000 0 0 0 0 0 200 -1 200]");
}

/* The server has seen more than we sent: its word counts while it holds. */
static void test_what_the_server_told(void **state)
{
    struct partition *p = *state;
    int64_t slot, later;
    struct limits_ask a = {
        .number = 1,
        .of = {[LIMITS_CALLS] = {.most = 6000, .wanted = 1},
               [LIMITS_IN] = {.most = 9000, .wanted = 9, .first = 9}}};
    assert_string_equal(lease(p, a, &slot), "0 0 1 0 9 0 5999 -1 8991 -1]");
    a.told_slot = slot;
    a.of[LIMITS_CALLS].told = 1; /* that call itself */
    a.of[LIMITS_CALLS].told_ms = 100000;
    a.of[LIMITS_TOKENS].told = -1;
    a.of[LIMITS_IN].told = 9 + 500;
    a.of[LIMITS_IN].told_ms = 100000;
    a.of[LIMITS_OUT].told = 0; /* without a limit of ours it is nothing to this */
    const char *text = lease(p, a, &later);
    assert_string_equal(strchr(text, ' '), " 0 0 0 0 0 0 -1 500 -1]");
}

static void test_keys(void **state)
{
    struct partition *p = *state;
    int64_t slot;
    struct limits_ask a = {
        .number = 1, .max_in_flight = 1, .of[LIMITS_CALLS].wanted = 1};
    assert_string_equal(lease(p, a, &slot), "0 0 1 0 0 0 -1 -1 -1 -1]");
    assert_string_equal(keys_limits(&p->queue.keys, ID).name, "bk:{k:" ID "}");
    assert_string_equal(
        call(p, redis_do(p->redis, THEN(p), "EXISTS", "bk:{k:" ID "}:lease:calls",
                         "bk:{k:" ID "}:lease:held", NULL)),
        "2");
}

/* A tenant's, and how they stand for people: who is silent for long is not counted. */
static void test_a_tenant(void **state)
{
    struct partition *p = *state;
    struct limits_ask a = {.tenant = "acme",
                           .worker = "w",
                           .number = 1,
                           .hold_ms = 5000,
                           .holding = 1,
                           .max_in_flight = 2,
                           .of = {{.wanted = 1, .usual_permille = 1000, .told = -1},
                                  {.most = 500,
                                   .wanted = 90,
                                   .first = 90,
                                   .usual_permille = 1000,
                                   .told = -1},
                                  {.told = -1},
                                  {.told = -1}}};
    const char *all = "bk:{t:acme}:lease:*";
    assert_string_equal(call(p, limits_read(&p->queue, "acme", 5000, THEN(p))),
                        "[0 0 0]");
    assert_string_equal(call(p, redis_do(p->redis, THEN(p), "KEYS", all, NULL)), "[]");
    const char *text = call(p, limits_lease(&p->queue, &a, THEN(p)));
    assert_string_equal(strchr(text, ' '), " 0 0 1 90 0 0 -1 410 -1 -1]");
    assert_string_equal(call(p, limits_read(&p->queue, "acme", 5000, THEN(p))),
                        "[2 90 0]");
    a.worker = "second";
    text = call(p, limits_lease(&p->queue, &a, THEN(p)));
    assert_non_null(strstr(text, " 0 0 0 0 0 -1 410 -1 -1]")); /* no call is free */
    assert_string_equal(call(p, limits_read(&p->queue, "acme", 5000, THEN(p))),
                        "[3 90 1]");
    assert_string_equal(call(p, limits_read(&p->queue, "acme", 0, THEN(p))),
                        "[0 90 1]");
    assert_string_equal(call(p, limits_read(&p->queue, "other", 5000, THEN(p))),
                        "[0 0 0]");
    assert_string_equal(call(p, redis_do(p->redis, THEN(p), "KEYS", "bk:{k*", NULL)),
                        "[]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_lease_and_what_comes_back,
                                        partition_start, partition_stop),
        cmocka_unit_test_setup_teardown(test_what_the_server_told, partition_start,
                                        partition_stop),
        cmocka_unit_test_setup_teardown(test_keys, partition_start, partition_stop),
        cmocka_unit_test_setup_teardown(test_a_tenant, partition_start,
                                        partition_stop)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
