/* jobs_test.c: claim, load, mail, release, recovery, leaving. */
#include "queues/jobs.h"
#include "queues/control.h"
#include "queues/journal.h"
#include "tests/unit/queues/job_fixture.h"

static void test_tick(void **state)
{
    struct partition *p = *state;
    admit(p, "a");
    admit(p, "b");
    (void)ask(p, "XADD", "bk:{0}:inbox", "*", "spec", "{}");
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "a");
    const char *text = tick(p, -3, 1);
    assert_non_null(strstr(text, " 1 1 0 1 [] [] 2 ")); /* no slot, backlog 2 */
    assert_non_null(strstr(tick(p, 1, 0), " [['a' 1 '{\"kind\":\"content\"}' '"));
    assert_non_null(strstr(tick(p, 9, 0), " [['b' 1 '"));
    assert_non_null(strstr(tick(p, 9, 0), " [] [] 0 0 0]"));
}

static void test_load_of_a_new_job(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    const char *text = call(p, jobs_load(&p->queue, "a", 1, THEN(p)));
    assert_non_null(strstr(text, " '{\"kind\":\"content\"}' '' ['state' 'running' "));
    assert_non_null(strstr(text, "] [] [] ['calls_max' '3' "));
    assert_non_null(strstr(text, " 'lost' '0'] [] [] [] 0 0]"));
    assert_int_equal(failed(p, jobs_load(&p->queue, "a", 2, THEN(p))), ERR_FENCED);
}

static void silence(struct partition *p, const char *worker)
{
    struct jobs_tick t = {.worker = "reaper", .lease_ms = 1000000, .beat = 1};
    (void)call(p, jobs_tick(&p->queue, &t, THEN(p)));
    (void)ask(p, "ZADD", "bk:{0}:hb", "1", worker);
    const char *text = call(p, jobs_tick(&p->queue, &t, THEN(p)));
    assert_non_null(strstr(text, " 1]")); /* recovered one */
}

static void test_a_silent_worker_loses_its_job(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct journal_place at = {"a", 1, "draft", 0, NULL, NULL};
    struct journal_call calls[] = {{0, 1, 100, 7000}, {1, 1, 50, 3000}};
    (void)call(p, journal_reserve(&p->queue, &at, calls, 2, THEN(p)));
    silence(p, "w1");
    assert_non_null(strstr(tick(p, 5, 1), " 0 0 0 0 [] [] 1 ")); /* w1 is dead */
    struct jobs_tick t = {.worker = "w2", .slots = 5, .lease_ms = 1000000};
    assert_non_null(strstr(call(p, jobs_tick(&p->queue, &t, THEN(p))), " [['a' 3]] "));
    assert_int_equal(failed(p, jobs_load(&p->queue, "a", 1, THEN(p))), ERR_FENCED);
    const char *text = call(p, jobs_load(&p->queue, "a", 3, THEN(p)));
    assert_non_null(strstr(text, "'calls' '2' 'tokens_in' '0'"));
    assert_non_null(strstr(text, "'usd' '0.00001'"));
    assert_non_null(strstr(text, "'tokens' '150' 'nano' '10000' 'calls_r' '0'"));
    assert_non_null(strstr(text, "'lost' '2'] ['0/1' '{\"s\":\"lost\",\"t\":"));
    assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:audit"), "2");
}

static void test_release(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    assert_string_equal(call(p, jobs_release(&p->queue, "a", 1, THEN(p))), "['ok']");
    assert_string_equal(call(p, jobs_release(&p->queue, "a", 1, THEN(p))), "['ok']");
    assert_int_equal(failed(p, jobs_load(&p->queue, "a", 1, THEN(p))), ERR_FENCED);
    assert_non_null(strstr(tick(p, 1, 0), "[['a' 2]]"));
    assert_string_equal(ask(p, "HGET", "bk:{0}:j:a", "crashes"), "'0'");
}

static void test_mail(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    struct control_order o = {.campaign = "a", .action = "pause"};
    for (int i = 0; i < 2; i++) {
        (void)call(p, control_send(&p->queue, &o, THEN(p)));
        (void)call(p, control_take(&p->queue, 5, THEN(p)));
    }
    assert_non_null(strstr(tick(p, 1, 0), " [] ['a' 'a'] ")); /* poked */
    const char *text = call(p, jobs_mail(&p->queue, "a", 1, 1, THEN(p)));
    assert_true(begins(text, "[['{\"do\":\"pause\","));
    assert_string_equal(call(p, jobs_mail(&p->queue, "a", 1, 2, THEN(p))), "[[] 0]");
    assert_int_equal(failed(p, jobs_mail(&p->queue, "a", 9, 0, THEN(p))), ERR_FENCED);
}

static void test_leave(void **state)
{
    struct partition *p = *state;
    claim(p, "a");
    assert_string_equal(call(p, jobs_leave(&p->queue, "w1", THEN(p))), "['busy']");
    (void)call(p, jobs_release(&p->queue, "a", 1, THEN(p)));
    assert_string_equal(call(p, jobs_leave(&p->queue, "w1", THEN(p))), "['left']");
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:hb"), "0");
    assert_non_null(strstr(tick(p, 1, 1), " 0 0 0 0 [] [] 1 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_tick),
        queue_test(test_load_of_a_new_job),
        queue_test(test_a_silent_worker_loses_its_job),
        queue_test(test_release),
        queue_test(test_mail),
        queue_test(test_leave),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
