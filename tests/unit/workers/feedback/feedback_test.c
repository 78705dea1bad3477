/* feedback_test.c: the applier on a redis-server of its own. */
#include "workers/feedback/feedback.h"
#include "queues/events.h"
#include "tests/unit/queues/job_fixture.h"

#define TURNS_MAX 2000

struct applier {
    struct config *config;
    struct feedback *f;
};

static struct applier applier_start(struct partition *p, const char *worker)
{
    struct applier a = {.config = NULL};
    struct err_detail d = {.code = ERR_OK};
    assert_int_equal(config_load(NULL, &a.config, &d), ERR_OK);
    assert_int_equal(feedback_new(&p->queue, p->loop, a.config, worker, &a.f),
                     ERR_CONFIG); /* without a secret nothing is kept of users */
    assert_int_equal(
        config_override(a.config, "global", "user_secret", "0123456789abcdef", &d),
        ERR_OK);
    assert_int_equal(feedback_new(&p->queue, p->loop, a.config, worker, &a.f), ERR_OK);
    return a;
}

static void applier_stop(struct applier *a)
{
    feedback_free(a->f);
    config_free(a->config);
}

/* Kicks and waits: a PING is answered after all that was sent before it. */
static void apply_all(struct partition *p)
{
    struct applier a = applier_start(p, "w1");
    feedback_kick(a.f);
    assert_true(feedback_is_busy(a.f));
    feedback_kick(a.f); /* no second reader */
    for (int i = 0; feedback_is_busy(a.f) && i < TURNS_MAX; i++)
        (void)ask(p, "PING");
    assert_false(feedback_is_busy(a.f));
    applier_stop(&a);
}

/* A campaign with variant v1. */
static void campaign(struct partition *p)
{
    admit(p, "con-1");
    (void)ask(p, "HSET", "bk:{0}:c:con-1:v:v1", "placement", "plain");
}

static void add_json(struct partition *p, const char *json)
{
    (void)ask(p, "XADD", "bk:{0}:events", "*", "e", json);
}

static const char *of_variant(struct partition *p, const char *field)
{
    return ask(p, "HGET", "bk:{0}:c:con-1:v:v1", field);
}

static void test_counts(void **state)
{
    struct partition *p = *state;
    campaign(p);
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t",
              "impression", "n", "500");
    add_json(p, "{\"campaign\":\"con-1\",\"variant\":\"v1\",\"type\":\"click\"}");
    add_json(p, "[{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"conversion\",\"val\":\"39.95\","
                "\"cur\":\"EUR\",\"eid\":\"o1\",\"u\":\"ann@example.com\"},"
                "{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"conversion\",\"val\":39.95,"
                "\"cur\":\"EUR\",\"eid\":\"o1\"},"
                "{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"cart\",\"val\":7,\"cur\":"
                "\"EUR\"}]");
    apply_all(p);
    assert_string_equal(of_variant(p, "impressions"), "'500'");
    assert_string_equal(of_variant(p, "clicks"), "'1'");
    assert_string_equal(of_variant(p, "conversions"), "'1'"); /* o1 came twice */
    assert_string_equal(of_variant(p, "revenue"), "'39.95'");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "0");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "0");
    apply_all(p); /* nothing there: nothing happens */
    assert_string_equal(of_variant(p, "clicks"), "'1'");
}

/* By when it was sent, not by when it is counted. */
static void test_late(void **state)
{
    struct partition *p = *state;
    campaign(p);
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t", "click",
              "ts", "1500000000000");
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t", "click");
    apply_all(p);
    assert_string_equal(of_variant(p, "clicks"), "'1'");
    assert_string_equal(ask(p, "HMGET", "bk:{0}:ev", "late", "applied"), "['1' '1']");
}

/* The address stands nowhere in Redis. */
static void test_pseudonym(void **state)
{
    struct partition *p = *state;
    campaign(p);
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t", "click",
              "u", "ann@example.com");
    apply_all(p);
    const char *script =
        "local n = 0 for _, k in ipairs(redis.call('KEYS', '*')) do "
        "if string.find(redis.call('DUMP', k), 'ann@', 1, true) then n = n + 1 end end "
        "return n";
    assert_string_equal(ask(p, "EVAL", script, "0"), "0");
    assert_string_equal(of_variant(p, "clicks"), "'1'");
}

/* The code of the last refusal. */
static void refused_is(struct partition *p, const char *code, const char *pointer)
{
    const char *text = ask(p, "XREVRANGE", "bk:{0}:rejected", "+", "-", "COUNT", "1");
    char want[200];
    (void)snprintf(want, sizeof want, "'from' 'events' 'code' '%s' 'pointer' '%s'",
                   code, pointer);
    assert_non_null(strstr(text, want));
}

static void test_refuses(void **state)
{
    struct partition *p = *state;
    char *large = malloc(EVENTS_ENTRY_MAX + 2);
    memset(large, ' ', EVENTS_ENTRY_MAX + 1);
    large[EVENTS_ENTRY_MAX + 1] = '\0';
    campaign(p);
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t", "click",
              "n", "0");
    apply_all(p);
    refused_is(p, "out_of_range", "/n");
    add_json(p, large);
    apply_all(p);
    refused_is(p, "too_large", "");
    add_json(p, "nonsense");
    apply_all(p);
    refused_is(p, "bad_json", "");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "3");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "0");
    free(large);
}

/* Bad ones among good ones, in several batches: all good ones count once. */
static void test_mixed(void **state)
{
    struct partition *p = *state;
    campaign(p);
    for (int i = 0; i < 450; i++) {
        if (i % 3 == 0)
            (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t",
                      "Not A Type");
        else if (i % 3 == 1)
            add_json(p, "[{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"click\"},{\"c\":1},"
                        "{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"click\"}]");
        else
            (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t",
                      "impression");
    }
    apply_all(p);
    assert_string_equal(of_variant(p, "impressions"), "'150'");
    assert_string_equal(of_variant(p, "clicks"), "'300'");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:rejected"), "300");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "0");
}

/* An array that would overflow a batch waits for the next one. */
static void test_full_batch(void **state)
{
    struct partition *p = *state;
    struct buf text;
    buf_init(&text, EVENTS_ENTRY_MAX);
    buf_append_str(&text, "[");
    for (int i = 0; i < 150; i++)
        buf_printf(&text, "%s{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"click\"}",
                   i ? "," : "");
    buf_append_str(&text, "]");
    campaign(p);
    for (int i = 0; i < 3; i++)
        add_json(p, buf_str(&text));
    buf_fini(&text);
    apply_all(p);
    assert_string_equal(of_variant(p, "clicks"), "'450'");
}

/* Two appliers at once, one of them read the same entries: counted once. */
static void test_rivals(void **state)
{
    struct partition *p = *state;
    campaign(p);
    for (int i = 0; i < 300; i++)
        (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t",
                  "click");
    struct applier a = applier_start(p, "w1"), b = applier_start(p, "w1");
    feedback_kick(a.f);
    feedback_kick(b.f);
    for (int i = 0; (feedback_is_busy(a.f) || feedback_is_busy(b.f)) && i < TURNS_MAX;
         i++)
        (void)ask(p, "PING");
    applier_stop(&a);
    applier_stop(&b);
    assert_string_equal(of_variant(p, "clicks"), "'300'");
}

/* After a failure it is idle, and the next kick finds what is left; what was refused is
 * gone already, and is not refused again. */
static void test_failure(void **state)
{
    struct partition *p = *state;
    campaign(p);
    (void)ask(p, "XADD", "bk:{0}:events", "*", "c", "con-1", "v", "v1", "t", "click");
    (void)ask(p, "SET", "bk:{0}:ev", "not a hash");
    apply_all(p);
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "1");
    (void)ask(p, "DEL", "bk:{0}:ev");
    apply_all(p);
    assert_string_equal(of_variant(p, "clicks"), "'1'");
}

/* What belongs to nothing known leaves a trace, and what is damaged stops nobody. */
static void test_orphans(void **state)
{
    struct partition *p = *state;
    campaign(p);
    admit(p, "con-2");
    (void)ask(p, "SET", "bk:{0}:c:con-2:v:v1", "not a hash");
    add_json(p, "[{\"c\":\"con-1\",\"v\":\"v1\",\"t\":\"click\"},"
                "{\"c\":\"con-1\",\"v\":\"v7\",\"t\":\"click\"},"
                "{\"c\":\"con-2\",\"v\":\"v1\",\"t\":\"click\"},"
                "{\"c\":\"nobody\",\"v\":\"v1\",\"t\":\"click\"},{\"c\":1}]");
    add_json(p, "nonsense");
    apply_all(p);
    assert_string_equal(of_variant(p, "clicks"), "'1'");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:con-1", "orphans"), "'1'");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:con-2", "orphans"), "'1'");
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:ev", "applied", "orphan", "refused", "late"),
        "['1' '3' '2' '0']");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_counts),  queue_test(test_pseudonym),  queue_test(test_refuses),
        queue_test(test_late),    queue_test(test_pseudonym),  queue_test(test_refuses),
        queue_test(test_mixed),   queue_test(test_full_batch), queue_test(test_rivals),
        queue_test(test_failure), queue_test(test_orphans),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
