/* events_test.c: what the C side adds to exact counting. */
#include "queues/events.h"
#include "queues/results.h"
#include "tests/unit/queues/job_fixture.h"

static struct events_item item_of(const char *type)
{
    return (struct events_item){.campaign = "a",
                                .variant = "v1",
                                .type = type,
                                .count = 1,
                                .currency = "",
                                .epoch = -1,
                                .user = "u"};
}

static void serve(struct partition *p)
{
    struct results w;
    claim(p, "a");
    results_init(&w);
    results_variant(&w, "v1");
    results_field(&w, "placement", "email");
    results_continue(&w, "serve", 0, "", 0);
    (void)commit_of(p, "a", &w, 0);
    results_fini(&w);
}

static void test_send_read_apply(void **state)
{
    struct partition *p = *state;
    serve(p);
    (void)call(p, events_send_text(&p->queue, "{\"t\":1}", 7, THEN(p)));
    const char *text = call(p, events_read(&p->queue, "w1", 200, false, THEN(p)));
    assert_true(begins(text, "['0-0' [['"));
    assert_non_null(strstr(text, "' 8 ['e' '{\"t\":1}']]]]"));
    assert_string_equal(call(p, events_read(&p->queue, "w2", 5, false, THEN(p))),
                        "['0-0' []]");
    assert_non_null(
        strstr(call(p, events_read(&p->queue, "w2", 5, true, THEN(p))), "'e'"));
    struct events_item items[] = {item_of("click"), item_of("conversion"),
                                  item_of("click")};
    items[0].id_hash = items[2].id_hash = UINT64_MAX; /* -1 as a signed number */
    items[1].value_micro = 39950000;
    items[1].currency = "EUR";
    assert_string_equal(call(p, events_apply(&p->queue, "0-0", "9999999999999-9", items,
                                             3, 72, THEN(p))),
                        "['applied' 2 1 0 0]");
    assert_string_equal(call(p, events_apply(&p->queue, "0-0", "9999999999999-9", items,
                                             3, 72, THEN(p))),
                        "['stale']");
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:a", "clicks", "conversions", "revenue"),
        "['1' '1' '39.95']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "0");
    assert_string_equal(ask(p, "KEYS", "bk:{0}:seen:1:*"), "['bk:{0}:seen:1:63']");
    assert_string_equal(ask(p, "SMEMBERS", "bk:{0}:seen:1:63"), "['-1']");
}

static void test_a_whole_batch(void **state)
{
    struct partition *p = *state;
    struct events_item items[EVENTS_BATCH_MAX];
    serve(p);
    for (int i = 0; i < EVENTS_BATCH_MAX; i++) {
        items[i] = item_of("impression");
        items[i].id_hash = (uint64_t)(i % 150 + 1) << 32;
    }
    assert_string_equal(call(p, events_apply(&p->queue, "0-0", "1-1", items,
                                             EVENTS_BATCH_MAX, 72, THEN(p))),
                        "['applied' 150 50 0 0]");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:a:n", "-1:v1:impression"), "'150'");
}

static void test_oversize_is_not_shipped(void **state)
{
    struct partition *p = *state;
    char *large = malloc(EVENTS_ENTRY_MAX);
    memset(large, 'x', EVENTS_ENTRY_MAX);
    (void)call(p, events_send_text(&p->queue, large, EVENTS_ENTRY_MAX, THEN(p)));
    (void)call(p, events_send_text(&p->queue, large, EVENTS_ENTRY_MAX - 1, THEN(p)));
    const char *text = call(p, events_read(&p->queue, "w1", 200, false, THEN(p)));
    assert_non_null(strstr(text, " 32769 -] ["));
    assert_non_null(strstr(text, " 32768 ['e' 'xx"));
    free(large);
}

static void test_bounds(void **state)
{
    struct partition *p = *state;
    struct events_item items[2] = {item_of("click"), item_of("click")};
    serve(p);
    items[0].count = -5;
    items[1].count = INT64_MAX;
    items[1].value_micro = INT64_MIN;
    (void)call(p, events_apply(&p->queue, "0-0", "1-1", items, 2, 1, THEN(p)));
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "clicks", "revenue"),
                        "['1000000001' '-1000000000']");
    assert_string_equal(
        call(p, events_apply(&p->queue, "1-1", "1-2", NULL, 0, 1, THEN(p))),
        "['applied' 0 0 0 0]");
    assert_int_equal(
        events_apply(&p->queue, "1-2", "1-3", items, EVENTS_BATCH_MAX + 1, 1, THEN(p)),
        ERR_OUT_OF_RANGE);
    assert_int_equal(events_apply(&p->queue, "1-2", "1-3", items, 1, 0, THEN(p)),
                     ERR_OUT_OF_RANGE);
    assert_int_equal(events_read(&p->queue, "w", 0, false, THEN(p)), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_send_read_apply),
        queue_test(test_a_whole_batch),
        queue_test(test_oversize_is_not_shipped),
        queue_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
