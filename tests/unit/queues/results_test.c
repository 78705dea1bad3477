/* results_test.c: one commit of everything, and reading it back. */
#include "queues/results.h"
#include "tests/unit/queues/job_fixture.h"
#include <math.h>

static const char *commit(struct partition *p, struct results *w, int64_t number)
{
    return commit_of(p, "a", w, number);
}

static void fill(struct results *w)
{
    results_init(w);
    results_campaign(w);
    results_field(w, "state", "live");
    results_field_int(w, "round", 2);
    results_variant(w, "v1");
    results_field(w, "placement", "email");
    results_field(w, "text", "Hi \"you\"");
    results_field_num(w, "p_best", 0.25);
    results_variant(w, "v2"); /* nothing but its defaults */
    results_placement(w, "email");
    results_field_num(w, "lift", NAN);
    results_audit(w);
    results_field(w, "what", "ranked");
    results_series(w);
    results_field_int(w, "clicks", 7);
    results_rank(w, "email", "v1", 0.5);
    results_rank(w, "email", "v2", 0.25);
    results_unrank(w, "email", "v2");
    results_alloc(w, "email", 1, "{\"a\":1}");
    results_alloc(w, "email", 2, "{\"a\":2}");
    results_document(w, "{\"schema\":1}", 12);
    results_change(w, "live");
    results_mail_done(w, 0);
    results_rerank_every(w, 50, 9000);
}

static void test_commit_writes_everything(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct results w;
    fill(&w);
    results_continue(&w, "serve", 3, "{\"v\":1}", 7);
    for (int i = 0; i < 2; i++) { /* the second time it is a repeat */
        assert_string_equal(commit(p, &w, 0), "[['ok']]");
        assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:audit"), "1");
        assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:series"), "1");
        assert_string_equal(ask(p, "XLEN", "bk:{0}:changes"), "3");
    }
    assert_string_equal(commit(p, &w, 5), "[['fenced']]");
    results_fini(&w);
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "state", "round", "stage"),
                        "['live' '2' 'serve']");
    assert_string_equal(ask(p, "ZRANGE", "bk:{0}:c:a:rank:email", "0", "-1"), "['v1']");
    assert_string_equal(ask(p, "GET", "bk:{0}:c:a:doc"), "'{\"schema\":1}'");
    assert_string_equal(ask(p, "GET", "bk:{0}:c:a:ck"), "'{\"v\":1}'");
    assert_string_equal(ask(p, "HGETALL", "bk:{0}:c:a:epochs:email"),
                        "['1' '{\"a\":1}' '2' '{\"a\":2}']");
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:j:a", "rerank_events", "rerank_ms", "iteration"),
        "['50' '9000' '3']");
}

static void test_read_back(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct results w;
    fill(&w);
    results_continue(&w, "serve", 3, "", 0);
    (void)commit(p, &w, 0);
    results_fini(&w);
    assert_string_equal(
        call(p, results_read_placements(&p->queue, "a", THEN(p))),
        "[['email' ['epoch' '2' 'leader' '' 'tied' '0' 'lift' '0' 'lift_lo' '0' "
        "'lift_hi' '0' 'srm' '1' 'impressions' '0' 'delivered' '0' 'conversions' '0' "
        "'revenue' '0'] "
        "'{\"a\":2}']]");
    const char *text = call(p, results_read_variants(&p->queue, "a", THEN(p)));
    assert_true(begins(text, "[['v1' ['placement' 'email' 'text' 'Hi \"you\"' "));
    assert_non_null(strstr(text, "'p_best' '0.25' "));
    assert_non_null(strstr(
        text,
        "['v2' ['placement' '' 'text' '' 'state' 'pending' 'parent' '' "
        "'round' '0' 'reason' '' 'weight' '0' 'p_best' '0' 'expected_loss' "
        "'0' 'rate' '0' 'rate_lo' '0' 'rate_hi' '0' 'impressions' '0' 'delivered' '0' "
        "'clicks' '0' 'conversions' '0' 'revenue' '0' 'complaints' '0' "
        "'unsubscribes' '0' 'bounces' '0' 'refunds' '0' "
        "'first_impressions' '0' 'first_expected' '0' 'usd' '0']]"));
    text = call(p, results_read_campaign(&p->queue, "a", THEN(p)));
    assert_true(begins(text, "['state' 'live' 'error' '' 'updated_ms' '"));
    assert_string_equal(call(p, results_read_campaign(&p->queue, "b", THEN(p))), "[]");
}

static void test_list_is_newest_first(void **state)
{
    struct partition *p = *state;
    for (int i = 0; i < 3; i++) {
        char id[2] = {(char)('a' + i), '\0'}, at[2] = {(char)('1' + i), '\0'};
        admit(p, id);
        (void)ask(p, "ZADD", "bk:{0}:campaigns", at, id);
    }
    (void)ask(p, "DEL", "bk:{0}:c:b");
    const char *text = call(p, results_read_list(&p->queue, 0, 10, THEN(p)));
    assert_true(begins(text, "['' [['c' ['state' "));
    assert_non_null(strstr(text, "] ['a' ["));
    text = call(p, results_read_list(&p->queue, 0, 1, THEN(p)));
    assert_true(begins(text, "['1' [['c' ["));
    assert_null(strstr(text, "['a'"));
    text = call(p, results_read_list(&p->queue, 2, 2, THEN(p)));
    assert_true(begins(text, "['' [['a' ["));
    assert_string_equal(call(p, results_read_list(&p->queue, 0, -1, THEN(p))),
                        "['' []]");
}

static void test_wait_and_wake(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct results w;
    results_init(&w);
    results_wait(&w, "serve", 0, "", 0, JOBS_WAKE_TIME, 4000000000000);
    assert_string_equal(commit(p, &w, 0), "[['ok']]");
    results_fini(&w);
    assert_non_null(strstr(tick(p, 5, 1), " [] [] 0 0 0]"));
    assert_string_equal(ask(p, "ZSCORE", "bk:{0}:due", "a"), "'4000000000000'");
    (void)ask(p, "ZADD", "bk:{0}:due", "5", "a");
    assert_non_null(strstr(tick(p, 5, 1), " [['a' 2]] "));
}

static void test_done(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct results w;
    results_init(&w);
    results_campaign(&w);
    results_field_int(&w, "progress", 100);
    results_done(&w, "failed", "unsatisfiable", 100000);
    assert_string_equal(commit(p, &w, 0), "[['ok']]");
    assert_string_equal(commit(p, &w, 0), "[['ok']]");
    results_fini(&w);
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "state", "error", "progress"),
                        "['failed' 'unsatisfiable' '100']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:ready:1"), "0");
    assert_int_equal(failed(p, jobs_load(&p->queue, "a", 1, THEN(p))), ERR_FENCED);
}

/* A key of the wrong type: the job ends, and no repeat reports half a commit done. */
static void test_damage(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    (void)ask(p, "SET", "bk:{0}:c:a:audit", "not a stream");
    struct results w;
    fill(&w);
    results_continue(&w, "serve", 3, "", 0);
    assert_true(begins(commit(p, &w, 0), "[['fenced' 'buried' 'a' 'WRONGTYPE"));
    assert_string_equal(commit(p, &w, 0), "[['fenced']]");
    results_fini(&w);
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "state", "error"),
                        "['failed' 'internal']");
    assert_true(
        begins(ask(p, "HGET", "bk:{0}:dead:a", "reason"), "'internal: WRONGTYPE"));
}

static void on_commits(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    enum err *verdicts = arg;
    (void)ticket;
    assert_int_equal(e, ERR_OK);
    for (size_t i = 0; i < 5; i++)
        verdicts[i] = results_verdict(r, i);
}

/* Several in one call: each stands or falls alone. */
static void test_together(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    claim(p, "b");
    claim(p, "c");
    (void)ask(p, "SET", "bk:{0}:c:b:audit", "not a stream");
    struct results w, open;
    fill(&w);
    results_done(&w, "done", "", 100000);
    results_init(&open);
    results_change(&open, "nothing that says what comes next");
    struct results_commit list[] = {
        {&open, "c", 1, 0}, {&w, "a", 1, 0}, {&w, "b", 1, 0}, {&w, "a", 2, 0}};
    enum err verdicts[5];
    assert_int_equal(results_commit(&p->queue, list, 4, on_commits, verdicts, 0),
                     ERR_OK);
    (void)ask(p, "PING");
    results_fini(&w);
    results_fini(&open);
    assert_int_equal(verdicts[0], ERR_INTERNAL);
    assert_int_equal(verdicts[1], ERR_OK);
    assert_int_equal(verdicts[2], ERR_FENCED);
    assert_int_equal(verdicts[3], ERR_FENCED);
    assert_int_equal(verdicts[4], ERR_INTERNAL); /* nothing is said of it */
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:a", "state"), "'done'");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:b", "state"), "'failed'");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:c", "state"), "'running'");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:ready:1"), "1");
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:done"), "2");
    assert_string_equal(ask(p, "GET", "bk:{0}:rev"), "'9'");
}

static void test_bounds(void **state)
{
    struct partition *p = *state;
    struct results w;
    results_init(&w);
    results_campaign(&w);
    for (int i = 0; i <= 500; i++)
        results_field(&w, "f", "");
    struct results_commit one = {&w, "a", 1, 0};
    assert_int_equal(results_commit(&p->queue, &one, 1, THEN(p)), ERR_LIMIT);
    results_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_commit_writes_everything),
        queue_test(test_read_back),
        queue_test(test_list_is_newest_first),
        queue_test(test_wait_and_wake),
        queue_test(test_done),
        queue_test(test_damage),
        queue_test(test_together),
        queue_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
