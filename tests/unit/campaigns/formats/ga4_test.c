/* ga4_test.c: bodies of the Measurement Protocol. */
#include "tests/unit/campaigns/formats/format_fixture.h"

#define OURS "\"campaign\":\"c\",\"content\":\"v1\""
#define EVENT(name, more) "{\"name\":\"" name "\"" more ",\"params\":{" OURS "}}"
#define BODY(events) "{\"client_id\":\"7.8\",\"events\":[" events "]}"
#define MICROS ",\"timestamp_micros\":1795771800000000"

static void test_several(void **state)
{
    static const char *const types[] = {"impression", "click", "cart", "refund"};
    char *text = format_file(FORMAT_FIXTURES "ga4-several.json");
    const struct format_fixture *f = format_try(state, text);
    free(text);
    assert_int_equal(f->count, 4);
    for (int i = 0; i < 4; i++) {
        assert_string_equal(f->events[i].type, types[i]);
        assert_string_equal(f->events[i].campaign, "mugs");
        assert_string_equal(f->events[i].variant, "v1");
        assert_string_equal(f->events[i].user, "abcdef0123456789");
        assert_int_equal(f->events[i].ts_fixed, i == 1); /* seconds */
        assert_int_equal(f->events[i].ts_ms, i < 2 ? 1795771800000 : 0);
    }
    assert_int_equal(f->events[3].value_micro, -5000000);
    assert_int_equal(f->refused_count, 1);
    assert_int_equal(f->refused[0].code, ERR_OUT_OF_RANGE);
    assert_string_equal(f->refused[0].path, "/events/4/params/value");
}

/* The time of the body holds for events without one; its mistakes are told there. */
static void test_body(void **state)
{
    struct format_event e = format_one(
        state, "{\"client_id\":\"7.8\",\"user_id\":\"u\",\"timestamp_micros\":"
               "\"1795771800250000\",\"events\":[" EVENT("purchase", "") "]}");
    assert_string_equal(e.user, "u");
    assert_int_equal(e.ts_ms, 1795771800250);
    format_refused(
        state,
        "[{\"client_id\":\"7.8\",\"timestamp_micros\":\"noon\",\"events\":[" EVENT(
            "purchase", "") "]}]",
        ERR_BAD_VALUE, "/0/timestamp_micros");
    format_refused(state, "{\"events\":[" EVENT("purchase", "") "]}", ERR_BAD_VALUE,
                   "");
}

static const char *id_of(void **state, const char *body, int i, char id[80])
{
    const struct format_fixture *f = format_try(state, body);
    assert_true(i < f->count);
    snprintf(id, 80, "%s", f->events[i].id);
    return id;
}

static void test_ids(void **state)
{
    static const char *const other[] = {
        BODY(EVENT("add_to_cart", ",\"timestamp_micros\":1795771800000001")),
        BODY(EVENT("select_promotion", MICROS)),
        "{\"client_id\":\"7.9\",\"events\":[" EVENT("add_to_cart", MICROS) "]}"};
    char a[80], b[80];
    const char *two =
        BODY(EVENT("add_to_cart", MICROS) "," EVENT("add_to_cart", MICROS));
    id_of(state, two, 0, a);
    assert_true(*a);
    assert_string_equal(a, id_of(state, two, 0, b));
    assert_string_not_equal(a, id_of(state, two, 1, b));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_string_not_equal(a, id_of(state, other[i], 0, b));
    /* two clicks without a time may be two */
    assert_string_equal(id_of(state, BODY(EVENT("select_promotion", "")), 0, b), "");
}

#define BOUGHT(name, more)                                                             \
    "{\"client_id\":\"7.8\",\"events\":[{\"name\":\"" name                             \
    "\",\"params\":{\"transaction_id\":\"T1\"," OURS more "}}]}"

/* A transaction is bought once, whoever says so and when; parts of it are given back
 * one by one, and not for the purchase. */
static void test_transactions(void **state)
{
    char a[80], b[80], c[80];
    id_of(state, BOUGHT("purchase", ""), 0, a);
    assert_string_equal(
        a, id_of(state,
                 "{\"app_instance_id\":\"x\",\"events\":[{\"name\":\"purchase\"" MICROS
                 ",\"params\":{\"transaction_id\":\"T1\",\"value\":7," OURS "}}]}",
                 0, b));
    id_of(state, BOUGHT("refund", ",\"value\":5"), 0, b);
    assert_string_not_equal(a, b);
    assert_string_equal(b, id_of(state, BOUGHT("refund", ",\"value\":\"5.0\""), 0, c));
    assert_string_not_equal(b, id_of(state, BOUGHT("refund", ",\"value\":6"), 0, c));
    format_refused(
        state,
        "{\"client_id\":\"7.8\",\"events\":[{\"name\":\"purchase\",\"params\":{"
        "\"transaction_id\":[]," OURS "}}]}",
        ERR_BAD_TYPE, "/events/0/params/transaction_id");
}

static const char *many(struct buf *b, int events, int params, int name, int key)
{
    buf_clear(b);
    buf_append_str(b, "{\"client_id\":\"1\",\"events\":[");
    for (int i = 0; i < events; i++) {
        buf_printf(b, "%s{\"name\":\"%.*s\",\"params\":{" OURS, i ? "," : "", name,
                   "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        for (int k = 2; k < params; k++)
            buf_printf(b, ",\"p%d%.*s\":1", k, key - 2,
                       "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        buf_append_str(b, "}}");
    }
    buf_append_str(b, "]}");
    return buf_str(b);
}

static void test_limits(void **state)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    assert_int_equal(format_try(state, many(&b, 25, 2, 8, 2))->count, 25);
    format_refused(state, many(&b, 26, 2, 8, 2), ERR_LIMIT, "/events");
    assert_int_equal(format_try(state, many(&b, 1, 25, 8, 8))->count, 1);
    format_refused(state, many(&b, 1, 26, 8, 8), ERR_LIMIT, "/events/0/params");
    assert_int_equal(format_try(state, many(&b, 1, 3, 8, 40))->count, 1);
    format_refused(state, many(&b, 1, 3, 8, 41), ERR_OUT_OF_RANGE,
                   "/events/0/params/p2abcdefghijklmnopqrstuvwxyzabcdefghijklm");
    format_refused(state, many(&b, 1, 2, 41, 2), ERR_OUT_OF_RANGE, "/events/0/name");
    format_refused(state, many(&b, 1, 2, 40, 2), ERR_BAD_VALUE, "/events/0/name");
    format_refused(state, BODY("{\"params\":{" OURS "}}"), ERR_MISSING,
                   "/events/0/name");
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_several, format_drop),
        cmocka_unit_test_teardown(test_body, format_drop),
        cmocka_unit_test_teardown(test_ids, format_drop),
        cmocka_unit_test_teardown(test_transactions, format_drop),
        cmocka_unit_test_teardown(test_limits, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
