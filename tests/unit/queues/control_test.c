/* control_test.c: orders reach mailboxes, bad ones `rejected`. */
#include "queues/control.h"
#include "tests/unit/queues/job_fixture.h"

static void test_order(void **state)
{
    struct partition *p = *state;
    admit(p, "a");
    (void)ask(p, "HSET", "bk:{0}:c:a:v:v1", "state", "pending");
    struct control_order o = {.campaign = "a",
                              .action = "approve",
                              .variant = "v1",
                              .by = "Zoë",
                              .text = "say \"hi\"\n",
                              .via = "cli"};
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    assert_string_equal(call(p, control_take(&p->queue, 64, THEN(p))), "[1 0]");
    const char *mail = ask(p, "LRANGE", "bk:{0}:c:a:mail", "0", "-1");
    assert_true(begins(mail,
                       "['{\"do\":\"approve\",\"v\":\"v1\",\"by\":\"Zoë\",\"text\":"
                       "\"say \\\"hi\\\"\\n\",\"via\":\"cli\",\"t\":1"));
    assert_string_equal(ask(p, "XLEN", "bk:{0}:control"), "0");
}

static void test_absent_fields(void **state)
{
    struct partition *p = *state;
    admit(p, "a");
    struct control_order o = {.campaign = "a", .action = "pause", .by = ""};
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    const char *entry = ask(p, "XRANGE", "bk:{0}:control", "-", "+");
    assert_non_null(strstr(entry, " ['c' 'a' 'do' 'pause']]]"));
    assert_string_equal(call(p, control_take(&p->queue, 64, THEN(p))), "[1 0]");
    const char *mail = ask(p, "LRANGE", "bk:{0}:c:a:mail", "0", "-1");
    assert_non_null(
        strstr(mail, "\"v\":\"\",\"by\":\"\",\"text\":\"\",\"via\":\"redis\""));
}

static void test_bad_orders(void **state)
{
    struct partition *p = *state;
    admit(p, "a");
    struct control_order o = {.campaign = "nobody", .action = "pause"};
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    o = (struct control_order){.campaign = "a", .action = "dance"};
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    o.action = "pause";
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    assert_string_equal(call(p, control_take(&p->queue, 2, THEN(p))), "[0 2]");
    assert_string_equal(call(p, control_take(&p->queue, 2, THEN(p))), "[1 0]");
    const char *kept = ask(p, "XRANGE", "bk:{0}:rejected", "-", "+");
    assert_non_null(strstr(kept, "'code' 'not_found' 'pointer' '/c'"));
    assert_non_null(strstr(kept, "'code' 'bad_value' 'pointer' '/do'"));
    assert_non_null(strstr(kept, "'raw' '[\"c\",\"nobody\",\"do\",\"pause\"]'"));
}

static const char *send_and_take(struct partition *p, const char *action)
{
    struct control_order o = {.campaign = "a", .action = action, .variant = "all"};
    (void)call(p, control_send(&p->queue, &o, THEN(p)));
    return call(p, control_take(&p->queue, 2, THEN(p)));
}

static void letters(struct partition *p, const char *count)
{
    (void)ask(p, "EVAL",
              "for i = 1, ARGV[1] do redis.call('RPUSH', KEYS[1], '{}') end return 1",
              "1", "bk:{0}:c:a:mail", count);
}

/* Reviews leave room for the orders that stop a campaign. */
static void test_a_full_mailbox(void **state)
{
    struct partition *p = *state;
    admit(p, "a");
    letters(p, "999");
    assert_string_equal(send_and_take(p, "approve"), "[1 0]");
    assert_string_equal(send_and_take(p, "approve"), "[0 1]");
    assert_string_equal(send_and_take(p, "reject"), "[0 1]");
    assert_string_equal(send_and_take(p, "pause"), "[1 0]");
    letters(p, "97");
    assert_string_equal(send_and_take(p, "resume"), "[1 0]");
    assert_string_equal(send_and_take(p, "cancel"), "[1 0]");
    assert_string_equal(ask(p, "LLEN", "bk:{0}:c:a:mail"), "1100");
    assert_string_equal(send_and_take(p, "cancel"), "[0 1]");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "3");
    const char *kept = ask(p, "XREVRANGE", "bk:{0}:rejected", "+", "-", "COUNT", "1");
    assert_non_null(strstr(kept, "'busy' 'pointer' '/c'"));
    assert_non_null(strstr(kept, "cancel"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_order),
        queue_test(test_absent_fields),
        queue_test(test_bad_orders),
        queue_test(test_a_full_mailbox),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
