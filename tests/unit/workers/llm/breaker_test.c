/* breaker_test.c: when calls stop going, for how long, and that one alone tries again.
 */
#include "workers/llm/breaker.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define AGES 100000000

struct bench {
    struct breaker breaker;
    struct rng dice;
    int64_t now_ms;
};

static struct bench bench_new(void)
{
    struct bench b = {.now_ms = AGES};
    rng_seed(&b.dice, 7);
    return b;
}

static bool is_free(const struct bench *b)
{
    return breaker_free_ms(&b->breaker) <= b->now_ms;
}

static bool settle(struct bench *b, struct breaker_leave leave, enum err code)
{
    return breaker_settle(&b->breaker, leave, code, -1, b->now_ms, &b->dice);
}

/* One call from end to end. Did it change the state? */
static bool one(struct bench *b, enum err code)
{
    assert_true(is_free(b));
    return settle(b, breaker_enter(&b->breaker), code);
}

static void many(struct bench *b, enum err code, int times)
{
    while (times-- > 0)
        assert_false(one(b, code));
}

/* It is open for `ms`, and at most a fifth longer; then the time has come. */
static void stays_open(struct bench *b, int64_t ms)
{
    assert_int_equal(b->breaker.state, BREAKER_OPEN);
    assert_in_range(b->breaker.until_ms - b->now_ms, ms, ms + ms / 5);
    b->now_ms = b->breaker.until_ms - 1;
    assert_false(is_free(b));
    b->now_ms++;
    assert_true(is_free(b));
}

static void test_half_of_five(void **state)
{
    (void)state;
    struct bench b = bench_new();
    many(&b, ERR_OVERLOAD, 4); /* too few to tell */
    assert_true(one(&b, ERR_SERVER));
    assert_int_equal(b.breaker.cause, ERR_SERVER);
    b = bench_new();
    many(&b, ERR_OK, 6);
    many(&b, ERR_UNSENT, 5);
    assert_true(one(&b, ERR_UNKNOWN_OUTCOME)); /* six of twelve */
}

/* However many calls were good before. */
static void test_nobody_there(void **state)
{
    (void)state;
    struct bench b = bench_new();
    many(&b, ERR_OK, 100);
    many(&b, ERR_UNSENT, 20); /* of one moment */
    b.now_ms += 999;
    many(&b, ERR_UNSENT, 1);
    b.now_ms += 1;
    assert_true(one(&b, ERR_UNSENT));
    assert_int_equal(b.breaker.cause, ERR_UNSENT);
    stays_open(&b, 5000);

    b = bench_new();
    many(&b, ERR_OK, 100);
    many(&b, ERR_UNSENT, 1);
    b.now_ms += 1000;
    many(&b, ERR_UNSENT, 1); /* two are too few */
    many(&b, ERR_SERVER, 1); /* it is there */
    many(&b, ERR_UNSENT, 2);
    b.now_ms += 1000;
    many(&b, ERR_CANCELLED, 1); /* says nothing */
    assert_true(one(&b, ERR_UNSENT));
    b.now_ms = b.breaker.until_ms;
    assert_true(one(&b, ERR_OK));
    many(&b, ERR_UNSENT, 2); /* counted anew */

    static const enum err said[] = {ERR_RATE, ERR_BAD_REQUEST, ERR_BAD_OUTPUT};
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        b = bench_new();
        many(&b, ERR_OK, 100);
        many(&b, ERR_UNSENT, 2);
        b.now_ms += 2000;
        many(&b, said[i], 1); /* says nothing bad, and is said by somebody */
        many(&b, ERR_UNSENT, 2);
    }
}

static void test_only_the_last_30_s(void **state)
{
    (void)state;
    struct bench b = bench_new();
    many(&b, ERR_OK, 100);
    b.now_ms += 31000;
    many(&b, ERR_TRUNCATED, 4);
    b.now_ms += 31000;
    many(&b, ERR_DEADLINE, 4);
    b.now_ms += 20000;
    assert_true(one(&b, ERR_DEADLINE));
}

static void test_what_does_not_vote(void **state)
{
    (void)state;
    static const enum err codes[] = {ERR_RATE,       ERR_CONCURRENCY, ERR_BAD_REQUEST,
                                     ERR_BAD_OUTPUT, ERR_CONTENT,     ERR_CANCELLED,
                                     ERR_NOMEM,      ERR_LIMIT};
    struct bench b = bench_new();
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        many(&b, codes[i], 20);
    many(&b, ERR_OVERLOAD, 4);
    assert_true(one(&b, ERR_OVERLOAD));
}

static void test_one_probe_closes(void **state)
{
    (void)state;
    struct bench b = bench_new();
    many(&b, ERR_SERVER, 4);
    assert_true(one(&b, ERR_SERVER));
    stays_open(&b, 5000);
    struct breaker_leave probe = breaker_enter(&b.breaker);
    assert_true(probe.is_probe);
    b.now_ms += 1000000;
    assert_false(is_free(&b)); /* however long it takes */
    assert_true(settle(&b, probe, ERR_OK));
    assert_int_equal(b.breaker.state, BREAKER_CLOSED);
    many(&b, ERR_SERVER, 4); /* what was before is forgotten */
    assert_true(one(&b, ERR_SERVER));
    stays_open(&b, 5000);
}

static void test_probes_that_fail(void **state)
{
    (void)state;
    static const int64_t ms[] = {5000, 10000, 20000, 40000, 60000, 60000, 60000};
    struct bench b = bench_new();
    many(&b, ERR_SERVER, 4);
    assert_true(one(&b, ERR_SERVER));
    for (size_t i = 0; i < sizeof ms / sizeof *ms; i++) {
        stays_open(&b, ms[i]);
        assert_false(one(&b, ERR_OVERLOAD)); /* no news: open it was */
    }
    b.now_ms = b.breaker.until_ms;
    assert_true(one(&b, ERR_RATE)); /* it counts its callers: it is there */
    assert_int_equal(b.breaker.state, BREAKER_CLOSED);
}

/* It has read the call, and does not want it: it is there. */
static void test_a_probe_that_is_refused(void **state)
{
    (void)state;
    static const enum err codes[] = {ERR_BAD_REQUEST, ERR_CONTENT, ERR_BAD_OUTPUT};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct bench b = bench_new();
        many(&b, ERR_SERVER, 4);
        assert_true(one(&b, ERR_SERVER));
        b.now_ms = b.breaker.until_ms;
        assert_true(one(&b, codes[i]));
        assert_int_equal(b.breaker.state, BREAKER_CLOSED);
    }
}

/* Somebody else's failure: one call finds out, and nobody hears of it if all is well.
 */
static void test_suspected(void **state)
{
    (void)state;
    struct bench b = bench_new();
    one(&b, ERR_OK);
    breaker_suspect(&b.breaker, b.now_ms); /* it works: that was a moment ago */
    assert_false(breaker_enter(&b.breaker).is_probe);
    b.now_ms += 60000;
    breaker_suspect(&b.breaker, b.now_ms);
    struct breaker_leave probe = breaker_enter(&b.breaker);
    assert_true(probe.is_probe && !is_free(&b));
    assert_false(settle(&b, probe, ERR_OK));
    assert_true(is_free(&b));
    b.now_ms += 60000;
    breaker_suspect(&b.breaker, b.now_ms);
    assert_true(is_free(&b));
    assert_true(one(&b, ERR_SERVER));
    breaker_suspect(&b.breaker, b.now_ms); /* as if it were open already */
    stays_open(&b, 5000);
}

static void test_a_probe_without_verdict(void **state)
{
    (void)state;
    struct bench b = bench_new();
    many(&b, ERR_SERVER, 4);
    assert_true(one(&b, ERR_SERVER));
    stays_open(&b, 5000);
    assert_false(one(&b, ERR_CANCELLED));
    assert_true(is_free(&b));
    struct breaker_leave first = breaker_enter(&b.breaker);
    breaker_forgo(&b.breaker, first);
    assert_true(is_free(&b));
    struct breaker_leave second = breaker_enter(&b.breaker);
    assert_true(second.is_probe && !is_free(&b));
    breaker_forgo(&b.breaker, first); /* has no say any more */
    assert_false(settle(&b, first, ERR_OK));
    assert_false(is_free(&b));
    assert_true(settle(&b, second, ERR_OK));
}

static void test_money_and_keys(void **state)
{
    (void)state;
    static const enum err codes[] = {ERR_MONEY, ERR_AUTH};
    for (size_t i = 0; i < 2; i++) {
        struct bench b = bench_new();
        many(&b, ERR_OK, 100);
        struct breaker_leave late = breaker_enter(&b.breaker);
        assert_true(one(&b, codes[i])); /* at once */
        assert_false(settle(&b, late, codes[i]));
        stays_open(&b, 300000);
        assert_false(one(&b, codes[i]));
        stays_open(&b, 300000); /* not doubled */
        assert_true(one(&b, ERR_OK));
    }
}

/* Calls that went before the opening: a good one does not close it, a failure does not
 * make it longer, but no credit does. */
static void test_late_calls(void **state)
{
    (void)state;
    struct bench b = bench_new();
    struct breaker_leave late[3];
    for (int i = 0; i < 3; i++)
        late[i] = breaker_enter(&b.breaker);
    many(&b, ERR_SERVER, 4);
    assert_true(one(&b, ERR_SERVER));
    assert_false(settle(&b, late[0], ERR_OK));
    assert_false(settle(&b, late[1], ERR_SERVER));
    assert_false(is_free(&b));
    assert_true(settle(&b, late[2], ERR_MONEY));
    stays_open(&b, 300000);
}

static void test_the_server_says_how_long(void **state)
{
    (void)state;
    static const int64_t hints[][2] = {
        {20000, 20000}, {10, 5000}, {0, 5000}, {3600000, 300000}};
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        struct bench b = bench_new();
        many(&b, ERR_OVERLOAD, 4);
        assert_true(breaker_settle(&b.breaker, breaker_enter(&b.breaker), ERR_OVERLOAD,
                                   hints[i][0], b.now_ms, &b.dice));
        stays_open(&b, hints[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_of_five),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_only_the_last_30_s),
        cmocka_unit_test(test_what_does_not_vote),
        cmocka_unit_test(test_one_probe_closes),
        cmocka_unit_test(test_probes_that_fail),
        cmocka_unit_test(test_a_probe_that_is_refused),
        cmocka_unit_test(test_suspected),
        cmocka_unit_test(test_a_probe_without_verdict),
        cmocka_unit_test(test_money_and_keys),
        cmocka_unit_test(test_late_calls),
        cmocka_unit_test(test_the_server_says_how_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
