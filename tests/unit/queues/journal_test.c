/* journal_test.c: reserve before the call, settle with the reply. */
#include "queues/journal.h"
#include "tests/unit/queues/job_fixture.h"

#define JOURNAL "bk:{0}:c:a:jr:draft:2"
static const struct journal_place at = {"a", 1, "draft", 2, NULL, NULL};

static const char *reserve(struct partition *p, int first, int count, int64_t nano)
{
    struct journal_call calls[8];
    for (int i = 0; i < count; i++)
        calls[i] = (struct journal_call){first + i, 1, 10, nano};
    return call(p, journal_reserve(&p->queue, &at, calls, count, THEN(p)));
}

static struct journal_result result_of(int index)
{
    return (struct journal_result){.index = index,
                                   .attempt = 1,
                                   .record = "{\"s\":\"ok\",\"text\":\"Hi\"}",
                                   .record_len = 22,
                                   .tokens_in = 12,
                                   .tokens_out = 8,
                                   .usd_nano = 1500000,
                                   .was_sent = true,
                                   .call = true};
}

static const char *settle(struct partition *p, const struct journal_result *r)
{
    return call(p, journal_settle(&p->queue, &at, &r, 1, THEN(p)));
}

static void test_the_budget_bounds(void **state)
{
    struct partition *p = *state;
    claim(p, "a"); /* 3 calls, 2.5 usd */
    assert_string_equal(reserve(p, 0, 2, 1000), "['ok' 'ok']");
    assert_string_equal(reserve(p, 0, 2, 1000), "['ok' 'ok']"); /* asked again */
    assert_string_equal(reserve(p, 0, 1, 999), "['exists']");
    assert_string_equal(reserve(p, 1, 4, 1000),
                        "['ok' 'ok' 'over_budget' 'over_budget']");
    struct journal_result r = result_of(0);
    assert_string_equal(settle(p, &r), "['ok']");
    assert_string_equal(reserve(p, 0, 1, 1000), "['exists']");
    assert_string_equal(reserve(p, 3, 1, 1000),
                        "['over_budget']"); /* spent, not free */
}

static void test_money_bounds(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    assert_string_equal(reserve(p, 0, 2, 1250000001), "['ok' 'over_budget']");
    struct journal_result r = result_of(0);
    assert_string_equal(settle(p, &r), "['ok']");
    assert_string_equal(reserve(p, 1, 1, 2498500001), "['over_budget']");
    assert_string_equal(reserve(p, 1, 1, 2498500000), "['ok']");
}

static void test_settle_once(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    (void)reserve(p, 0, 1, 9000000);
    static const char *const audit[] = {"usd", "0.5", "model", "m1", NULL};
    struct journal_result r = result_of(0);
    r.audit = audit;
    for (int i = 0; i < 2; i++) {
        assert_string_equal(settle(p, &r), "['ok']");
        assert_string_equal(
            ask(p, "HMGET", "bk:{0}:c:a", "calls", "tokens_in", "tokens_out", "usd"),
            "['1' '12' '8' '0.0015']");
        assert_string_equal(
            ask(p, "HMGET", "bk:{0}:c:a:bud", "calls_r", "nano_r", "tokens", "nano"),
            "['0' '0' '20' '1500000']");
        assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:audit"), "1");
        assert_string_equal(ask(p, "HGET", "bk:{0}:j:a", "progress"), "'1'");
    }
    const char *text = ask(p, "HGET", JOURNAL, "0/1");
    assert_true(begins(text, "'{\"t\":1"));
    assert_non_null(strstr(text, ",\"s\":\"ok\",\"text\":\"Hi\"}'"));
}

/* Several at once: as if one after the other, and each only once. */
static void test_settle_many(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    (void)reserve(p, 0, 3, 9000000);
    static const char *const audit[] = {"usd", "0.5", "model", "m1", NULL};
    struct journal_result r[] = {result_of(0), result_of(1), result_of(2), result_of(1),
                                 result_of(7)};
    const struct journal_result *some[] = {&r[0], &r[1]};
    const struct journal_result *all[] = {&r[1], &r[0], &r[2], &r[3], &r[4]};
    r[0].audit = r[2].audit = audit;
    r[2].was_sent = false;
    r[2].tokens_in = r[2].tokens_out = r[2].usd_nano = 0;
    r[4].call = false; /* a read */
    assert_string_equal(call(p, journal_settle(&p->queue, &at, some, 2, THEN(p))),
                        "['ok']");
    for (int i = 0; i < 2; i++) {
        assert_string_equal(call(p, journal_settle(&p->queue, &at, all, 5, THEN(p))),
                            "['ok']");
        assert_string_equal(
            ask(p, "HMGET", "bk:{0}:c:a", "calls", "tokens_in", "tokens_out", "usd"),
            "['2' '24' '16' '0.003']");
        assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a:bud", "calls", "calls_r",
                                "tokens_r", "nano_r", "tokens", "nano"),
                            "['2' '0' '0' '0' '40' '3000000']");
        assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:audit"), "2");
        assert_string_equal(ask(p, "HLEN", JOURNAL), "4");
        assert_string_equal(ask(p, "HGET", "bk:{0}:j:a", "progress"), "'4'");
        assert_string_equal(ask(p, "LLEN", "bk:{0}:c:a:jrs"), "1");
    }
}

static void test_not_sent_is_not_counted(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    (void)reserve(p, 0, 1, 5);
    struct journal_result r = result_of(0);
    r.was_sent = false;
    r.tokens_in = r.tokens_out = r.usd_nano = 0;
    r.record = "{ }";
    r.record_len = 3;
    assert_string_equal(settle(p, &r), "['ok']");
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a:bud", "calls", "calls_r"),
                        "['0' '0']");
    const char *text = ask(p, "HGET", JOURNAL, "0/1");
    assert_null(strchr(text, ',')); /* {"t":ms} */
    assert_non_null(strchr(text, '}'));
}

static void test_a_read_costs_nothing(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct journal_result r = result_of(4);
    r.call = false;
    assert_string_equal(settle(p, &r), "['ok']");
    assert_string_equal(settle(p, &r), "['ok']");
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "calls", "tokens_in"),
                        "['0' '0']");
    assert_string_equal(ask(p, "LLEN", "bk:{0}:c:a:jrs"), "1");
}

static void test_fenced(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct journal_place old = at;
    struct journal_call c = {0, 1, 1, 1};
    struct journal_result r = result_of(0);
    const struct journal_result *one = &r;
    old.fence = 0;
    assert_int_equal(failed(p, journal_reserve(&p->queue, &old, &c, 1, THEN(p))),
                     ERR_FENCED);
    assert_int_equal(failed(p, journal_settle(&p->queue, &old, &one, 1, THEN(p))),
                     ERR_FENCED);
    assert_string_equal(ask(p, "EXISTS", JOURNAL), "0");
}

static void test_bounds(void **state)
{
    struct partition *p = *state;
    struct journal_call c[65] = {{0, 1, -1, 0}};
    struct journal_result r = result_of(0);
    const struct journal_result *one = &r;
    assert_int_equal(journal_reserve(&p->queue, &at, c, 0, THEN(p)), ERR_OUT_OF_RANGE);
    assert_int_equal(journal_reserve(&p->queue, &at, c, 1, THEN(p)), ERR_OUT_OF_RANGE);
    c[0].tokens = 0;
    assert_int_equal(journal_reserve(&p->queue, &at, c, 65, THEN(p)), ERR_OUT_OF_RANGE);
    r.usd_nano = INT64_C(1) << 47;
    assert_int_equal(journal_settle(&p->queue, &at, &one, 1, THEN(p)),
                     ERR_OUT_OF_RANGE);
    r = result_of(0);
    const struct journal_result *many[65] = {one};
    assert_int_equal(journal_settle(&p->queue, &at, many, 0, THEN(p)),
                     ERR_OUT_OF_RANGE);
    assert_int_equal(journal_settle(&p->queue, &at, many, 65, THEN(p)),
                     ERR_OUT_OF_RANGE);
    r.record = "[1]";
    assert_int_equal(journal_settle(&p->queue, &at, &one, 1, THEN(p)),
                     ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_the_budget_bounds),
        queue_test(test_money_bounds),
        queue_test(test_settle_once),
        queue_test(test_settle_many),
        queue_test(test_not_sent_is_not_counted),
        queue_test(test_a_read_costs_nothing),
        queue_test(test_fenced),
        queue_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
