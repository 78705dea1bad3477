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

/* Of this process; the callback is the caller's. */
static struct events_batch batch_of(const char *cursor, const char *last,
                                    const struct events_item *items, int count,
                                    int window_h)
{
    return (struct events_batch){.worker = "w1",
                                 .cursor = cursor,
                                 .last = last,
                                 .items = items,
                                 .count = count,
                                 .window_h = window_h};
}

static void fold(struct partition *p)
{
    const char *text = call(p, events_fold(&p->queue, 8, 0, 72, THEN(p)));
    assert_true(begins(text, "[1 0 "));
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
    assert_non_null(strstr(text, "' 8 ['e' '{\"t\":1}']]] 0]"));
    text = call(p, events_read_plain(&p->queue, "0-0", 5, THEN(p)));
    assert_non_null(strstr(text, "' ['e' '{\"t\":1}']]]"));
    text = call(p, events_read_plain(&p->queue, "9999999999999-9", 5, THEN(p)));
    assert_string_equal(text, "[]");
    assert_string_equal(call(p, events_read(&p->queue, "w2", 5, false, THEN(p))),
                        "['0-0' [] 1]");
    assert_non_null(
        strstr(call(p, events_read(&p->queue, "w2", 5, true, THEN(p))), "'e'"));
    struct events_item items[] = {item_of("click"), item_of("conversion"),
                                  item_of("click")};
    items[0].id_hash = items[2].id_hash = UINT64_MAX; /* -1 as a signed number */
    items[1].value_micro = 39950000;
    items[1].currency = "EUR";
    struct events_batch b = batch_of("0-0", "9999999999999-9", items, 3, 72);
    assert_string_equal(call(p, events_apply(&p->queue, &b, THEN(p))),
                        "['applied' 2 1 0 0 '' '' '' 0 0]");
    assert_string_equal(call(p, events_apply(&p->queue, &b, THEN(p))), "['stale']");
    fold(p);
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:a", "clicks", "conversions", "revenue"),
        "['1' '1' '39.95']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:events"), "0");
    /* 10^18 + (2^64 - 1) mod 8 * 10^18 */
    assert_string_equal(ask(p, "KEYS", "bk:{0}:seen:1:*"), "['bk:{0}:seen:1:15']");
    assert_string_equal(ask(p, "SMEMBERS", "bk:{0}:seen:1:15"),
                        "['3446744073709551615']");
    assert_string_equal(ask(p, "HVALS", "bk:{0}:c:a:f"), "[]");
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
    struct events_batch b = batch_of("0-0", "1-1", items, EVENTS_BATCH_MAX, 72);
    assert_string_equal(call(p, events_apply(&p->queue, &b, THEN(p))),
                        "['applied' 150 50 0 0 '' '' '' 0 0]");
    fold(p);
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:a:f", "-1:v1"), "'1'"); /* one user */
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:a:n", "-1:v1:impression"), "'150'");
}

/* Things with and without money, and with a currency without a value: one counter. */
static void test_currencies_share_a_counter(void **state)
{
    struct partition *p = *state;
    struct events_item items[12];
    serve(p);
    for (int i = 0; i < 12; i++) {
        items[i] = item_of(i < 8 ? "conversion" : i < 10 ? "click" : "cart");
        items[i].id_hash = (uint64_t)(i + 1) << 32;
        items[i].user = "";
        if (i % 2)
            items[i].currency = i % 4 == 1 ? "EUR" : "USD";
        if (i % 4 == 1 && i < 8)
            items[i].value_micro = 9990000;
    }
    struct events_batch b = batch_of("0-0", "1-1", items, 12, 72);
    (void)call(p, events_apply(&p->queue, &b, THEN(p)));
    fold(p);
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:a", "clicks", "conversions", "revenue"),
        "['2' '8' '19.98']");
    assert_string_equal(ask(p, "HGET", "bk:{0}:c:a:n", "-1:v1:cart"), "'2'");
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
    struct events_batch b = batch_of("0-0", "1-1", items, 2, 1);
    (void)call(p, events_apply(&p->queue, &b, THEN(p)));
    fold(p);
    assert_string_equal(ask(p, "HMGET", "bk:{0}:c:a", "clicks", "revenue"),
                        "['1000000001' '-1000000000']");
    b = batch_of("1-1", "1-2", NULL, 0, 1);
    b.late = 3;
    assert_string_equal(call(p, events_apply(&p->queue, &b, THEN(p))),
                        "['applied' 0 0 3 0 '' '' '' 0 0]");
    b = batch_of("1-2", "1-3", items, EVENTS_BATCH_MAX + 1, 1);
    assert_int_equal(events_apply(&p->queue, &b, THEN(p)), ERR_OUT_OF_RANGE);
    b = batch_of("1-2", "1-3", items, 1, 0);
    assert_int_equal(events_apply(&p->queue, &b, THEN(p)), ERR_OUT_OF_RANGE);
    assert_int_equal(events_fold(&p->queue, 0, 0, 1, THEN(p)), ERR_OUT_OF_RANGE);
    assert_int_equal(events_fold(&p->queue, 1, -1, 1, THEN(p)), ERR_OUT_OF_RANGE);
    assert_int_equal(events_read_plain(&p->queue, "0-0", 201, THEN(p)),
                     ERR_OUT_OF_RANGE);
    assert_int_equal(events_read(&p->queue, "w", 0, false, THEN(p)), ERR_OUT_OF_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_send_read_apply),
        queue_test(test_a_whole_batch),
        queue_test(test_currencies_share_a_counter),
        queue_test(test_oversize_is_not_shipped),
        queue_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
