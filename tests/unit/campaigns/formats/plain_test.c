/* plain_test.c: plain events, as JSON and as fields of a stream entry. */
#include "tests/unit/campaigns/formats/format_fixture.h"

static void test_names(void **state)
{
    static const char *const texts[] = {
        "{\"c\":\"con-1\",\"v\":\"v2\",\"t\":\"conversion\",\"n\":3,\"val\":39.95,"
        "\"cur\":\"EUR\",\"eid\":\"e9\",\"ts\":1760000000123,\"u\":\"ann\",\"ep\":4,"
        "\"imp\":\"i7\",\"qty\":2}",
        "{\"campaign\":\"con-1\",\"variant\":\"v2\",\"type\":\"conversion\","
        "\"count\":3,\"value\":39.95,\"currency\":\"EUR\",\"eid\":\"e9\","
        "\"ts\":1760000000123,\"user\":\"ann\",\"epoch\":4,\"impression\":\"i7\","
        "\"quantity\":2}",
        "{\"campaign\":\"con-1\",\"v\":\"v2\",\"type\":\"conversion\",\"n\":\"3\","
        "\"val\":\"39.95\",\"cur\":\"EUR\",\"eid\":\"e9\",\"ts\":\"1760000000123\","
        "\"uid\":\"ann\",\"ep\":\"4\",\"imp\":\"i7\",\"qty\":\"2\",\"more\":{\"x\":[1]}"
        "}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct format_event e = format_one(state, texts[i]);
        assert_string_equal(e.campaign, "con-1");
        assert_string_equal(e.variant, "v2");
        assert_string_equal(e.type, "conversion");
        assert_int_equal(e.count, 3);
        assert_int_equal(e.value_micro, 39950000);
        assert_string_equal(e.currency, "EUR");
        assert_string_equal(e.id, "e9");
        assert_int_equal(e.ts_ms, 1760000000123);
        assert_string_equal(e.user, "ann");
        assert_int_equal(e.epoch, 4);
        assert_string_equal(e.impression, "i7");
        assert_int_equal(e.quantity, 2);
        assert_string_equal(e.source, "plain");
    }
}

static void test_absent(void **state)
{
    struct format_event e =
        format_one(state, "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\","
                          "\"val\":null,\"value\":null,\"u\":null}");
    assert_int_equal(e.count, 1);
    assert_int_equal(e.value_micro, 0);
    assert_int_equal(e.epoch, -1);
    assert_int_equal(e.ts_ms, 0);
    assert_string_equal(e.user, "");
    assert_string_equal(e.id, "");
}

static int64_t value_of(void **state, const char *type, const char *value)
{
    char text[200];
    snprintf(text, sizeof text, "{\"c\":\"a\",\"v\":\"v1\",\"t\":\"%s\",\"val\":%s}",
             type, value);
    return format_one(state, text).value_micro;
}

static void test_money(void **state)
{
    assert_int_equal(value_of(state, "conversion", "0.1"), 100000);
    assert_int_equal(value_of(state, "conversion", "1e3"), 1000000000);
    assert_int_equal(value_of(state, "conversion", "1000000000"),
                     FORMAT_VALUE_MAX_MICRO);
    assert_int_equal(value_of(state, "conversion", "\"1000000000\""),
                     FORMAT_VALUE_MAX_MICRO);
    assert_int_equal(value_of(state, "conversion", "\"0.0000019\""), 1);
    assert_int_equal(value_of(state, "refund", "39.95"), -39950000);
    assert_int_equal(value_of(state, "refund", "\"39.95\""), -39950000);
    assert_int_equal(value_of(state, "refund", "-39.95"), -39950000);
    assert_int_equal(value_of(state, "csat", "4"), 4000000);
}

static const struct {
    const char *members; /* after c and t */
    enum err code;
    const char *path;
} bad[] = {
    {"\"v\":\"v1\",\"val\":-1", ERR_OUT_OF_RANGE, "/val"},
    {"\"v\":\"v1\",\"value\":-0.01", ERR_OUT_OF_RANGE, "/value"},
    {"\"v\":\"v1\",\"val\":\"NaN\"", ERR_BAD_VALUE, "/val"},
    {"\"v\":\"v1\",\"val\":\"1e999\"", ERR_BAD_VALUE, "/val"},
    {"\"v\":\"v1\",\"val\":\"39,95\"", ERR_BAD_VALUE, "/val"},
    {"\"v\":\"v1\",\"val\":\"\"", ERR_BAD_VALUE, "/val"},
    {"\"v\":\"v1\",\"val\":1e300", ERR_OUT_OF_RANGE, "/val"},
    {"\"v\":\"v1\",\"val\":\"1000000000.000001\"", ERR_OUT_OF_RANGE, "/val"},
    {"\"v\":\"v1\",\"val\":\"9999999999999\"", ERR_OUT_OF_RANGE, "/val"},
    {"\"v\":\"v1\",\"val\":true", ERR_BAD_TYPE, "/val"},
    {"\"v\":\"v1\",\"n\":0", ERR_OUT_OF_RANGE, "/n"},
    {"\"v\":\"v1\",\"count\":1000001", ERR_OUT_OF_RANGE, "/count"},
    {"\"v\":\"v1\",\"n\":1.5", ERR_BAD_VALUE, "/n"},
    {"\"v\":\"v1\",\"n\":\"1.0\"", ERR_BAD_VALUE, "/n"},
    {"\"v\":\"v1\",\"n\":\"\"", ERR_BAD_VALUE, "/n"},
    {"\"v\":\"v1\",\"n\":\"-\"", ERR_BAD_VALUE, "/n"},
    {"\"v\":\"v1\",\"n\":\"-3\"", ERR_OUT_OF_RANGE, "/n"},
    {"\"v\":\"v1\",\"n\":\"99999999999999999999\"", ERR_OUT_OF_RANGE, "/n"},
    {"\"v\":\"v1\",\"ts\":\"yesterday\"", ERR_BAD_VALUE, "/ts"},
    {"\"v\":\"v1\",\"ts\":-5", ERR_OUT_OF_RANGE, "/ts"},
    {"\"v\":\"v1\",\"ep\":-2", ERR_OUT_OF_RANGE, "/ep"},
    {"\"v\":\"v1\",\"u\":17", ERR_BAD_TYPE, "/u"},
    {"\"v\":\"v1\",\"eid\":[\"e\"]", ERR_BAD_TYPE, "/eid"},
    {"\"v\":\"v1\",\"cur\":\"eur\"", ERR_BAD_VALUE, "/cur"},
    {"\"v\":\"v1\",\"u\":\"a\",\"uid\":\"a\"", ERR_DUPLICATE_KEY, "/uid"},
    {"\"v\":\"v/1\"", ERR_BAD_ID, "/v"},
    {"\"v\":[\"v1\"]", ERR_BAD_TYPE, "/v"},
    {"\"variant\":\"\"", ERR_MISSING, "/variant"},
    {"\"x\":1", ERR_MISSING, "/variant"},
};

static void test_bad(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[300];
        snprintf(text, sizeof text, "{\"c\":\"a\",\"t\":\"conversion\",%s}",
                 bad[i].members);
        format_refused(state, text, bad[i].code, bad[i].path);
    }
}

static void test_detect(void **state)
{
    static const char *const no[] = {
        "{}", "{\"type\":\"track\",\"event\":\"Order Completed\"}",
        "{\"specversion\":\"1.0\",\"type\":\"click\",\"source\":\"s\"}",
        "{\"campaign\":\"a\",\"variant\":\"v1\"}"};
    const struct format *plain = format_find("plain");
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        const struct format_fixture *f = format_try(state, no[i]);
        assert_int_equal(f->count, 0);
        assert_false(plain->detect(f->root));
    }
    format_refused(state, "{\"campaign\":\"a\",\"variant\":\"v1\"}", ERR_BAD_VALUE, "");
    format_refused(state, "5", ERR_BAD_TYPE, "");
    format_refused(state, "{\"c\":\"a\",\"v\":\"v1\",\"t\":[\"click\"]}", ERR_BAD_TYPE,
                   "/t");
    format_refused(state, "[{\"variant\":\"v1\",\"type\":\"click\"}]", ERR_MISSING,
                   "/0/campaign");
    format_refused(state, "[{\"c\":\"a\",\"v\":\"v1\",\"t\":\"click\",\"n\":0}]",
                   ERR_OUT_OF_RANGE, "/0/n");
    assert_int_equal(format_try(state, "[]")->count, 0);
}

#define PAIR(name, text)                                                               \
    {                                                                                  \
        (name), (text), sizeof(name) - 1, sizeof(text) - 1                             \
    }

static void test_pairs(void **state)
{
    (void)state;
    static const struct format_pair pairs[] = {
        PAIR("c", "con-1"),         PAIR("v", "v2"),
        PAIR("t", "refund"),        PAIR("n", "2"),
        PAIR("val", "7.5"),         PAIR("cur", "USD"),
        PAIR("ts", "1760000000123")};
    struct format_event e;
    struct err_detail d;
    assert_int_equal(format_read_pairs(pairs, 7, &e, &d), ERR_OK);
    assert_string_equal(e.campaign, "con-1");
    assert_int_equal(e.count, 2);
    assert_int_equal(e.value_micro, -7500000);
    assert_int_equal(e.ts_ms, 1760000000123);
    assert_int_equal(format_read_pairs(pairs, 2, &e, &d), ERR_MISSING);
    assert_string_equal(d.path, "/type");
    assert_int_equal(format_read_pairs(pairs, 0, &e, &d), ERR_MISSING);
    assert_string_equal(d.path, "/campaign");
}

static void test_bad_pairs(void **state)
{
    (void)state;
    static const struct {
        struct format_pair last;
        enum err code;
        const char *path;
    } rows[] = {
        {PAIR("valu", "1"), ERR_UNKNOWN_FIELD, "/valu"},
        {PAIR("a/b", "1"), ERR_UNKNOWN_FIELD, "/a~1b"},
        {PAIR("", "1"), ERR_UNKNOWN_FIELD, "/"},
        {PAIR("n\0x", "1"), ERR_BAD_ENCODING, ""},
        {PAIR("\xFF", "1"), ERR_BAD_ENCODING, ""},
        {PAIR("eid", "a\0b"), ERR_BAD_ENCODING, "/eid"},
        {PAIR("eid", "\xC3"), ERR_BAD_ENCODING, "/eid"},
        {PAIR("campaign", "b"), ERR_DUPLICATE_KEY, "/campaign"},
        {PAIR("val", "NaN"), ERR_BAD_VALUE, "/val"},
        {PAIR("imp", "1\xC3"), ERR_BAD_ENCODING, "/imp"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct format_pair pairs[] = {PAIR("c", "a"), PAIR("v", "v1"),
                                      PAIR("t", "click"), rows[i].last};
        struct format_event e;
        struct err_detail d;
        assert_int_equal(format_read_pairs(pairs, 4, &e, &d), rows[i].code);
        assert_string_equal(d.path, rows[i].path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_names, format_drop),
        cmocka_unit_test_teardown(test_absent, format_drop),
        cmocka_unit_test_teardown(test_money, format_drop),
        cmocka_unit_test_teardown(test_bad, format_drop),
        cmocka_unit_test_teardown(test_detect, format_drop),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_bad_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
