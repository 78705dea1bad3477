/* format_reading_test.c: times, money and ids as members of an event. */
#include "tests/unit/campaigns/formats/format_fixture.h"

static const char *order(char text[600], const char *members, const char *properties)
{
    snprintf(
        text, 600,
        "{\"type\":\"track\",\"event\":\"%s\",%s\"properties\":{\"campaign_id\":\"a\","
        "\"variant_id\":\"v1\"%s%s}}",
        strstr(properties, "back") ? "Order Refunded" : "Order Completed", members,
        *properties ? "," : "", properties);
    return text;
}

static const struct {
    const char *time;
    int64_t ms;
    bool fixed;
} times[] = {
    {"\"2026-11-27T10:30:00.250+01:00\"", 1795771800250, false},
    {"\"2026-11-27T09:30:00Z\"", 1795771800000, false},
    {"1795771800250", 1795771800250, false},
    {"\"1795771800250\"", 1795771800250, false},
    {"1795771800", 1795771800000, true},
    {"\"1795771800\"", 1795771800000, true},
    {"1795771800250999", 1795771800250, true},
    {"null", 0, false},
};

static void test_times(void **state)
{
    char text[600], members[100];
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        snprintf(members, sizeof members, "\"timestamp\":%s,", times[i].time);
        struct format_event e = format_one(state, order(text, members, ""));
        assert_int_equal(e.ts_ms, times[i].ms);
        assert_int_equal(e.ts_fixed, times[i].fixed);
    }
}

static void test_bad_times(void **state)
{
    static const struct {
        const char *time;
        enum err code;
    } rows[] = {{"\"yesterday\"", ERR_BAD_VALUE},
                {"\"\"", ERR_BAD_VALUE},
                {"\"2026-11-27T09:30:00\"", ERR_BAD_VALUE},
                {"\"2151-01-01T00:00:00Z\"", ERR_OUT_OF_RANGE},
                {"\"1969-01-01T00:00:00Z\"", ERR_OUT_OF_RANGE},
                {"17", ERR_OUT_OF_RANGE},
                {"-1795771800", ERR_OUT_OF_RANGE},
                {"\"99999999999999999999\"", ERR_BAD_VALUE},
                {"true", ERR_BAD_TYPE},
                {"{}", ERR_BAD_TYPE}};
    char text[600], members[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(members, sizeof members, "\"timestamp\":%s,", rows[i].time);
        format_refused(state, order(text, members, ""), rows[i].code, "/timestamp");
    }
}

static const struct {
    const char *properties;
    int64_t micro;
} money[] = {
    {"\"revenue\":39.95", 39950000},
    {"\"revenue\":\"39.95\"", 39950000},
    {"\"revenue\":2.01", 2010000}, /* a little less as a double */
    {"\"revenue\":\"0.000001\"", 1},
    {"\"revenue\":0.000001", 1},
    {"\"revenue\":999999999.999999", 999999999999999},
    {"\"revenue\":\"999999999.999999\"", 999999999999999},
    {"\"revenue\":1000000000", FORMAT_VALUE_MAX_MICRO},
    {"\"revenue\":null,\"total\":7", 7000000},
    {"\"revenue\":\"\",\"total\":7", 7000000},
    {"\"total\":7,\"value\":8", 7000000},
    {"\"revenue\":6,\"total\":7", 6000000},
    {"\"value\":8", 8000000},
    {"\"k\":\"back\",\"total\":12.5", -12500000},
    {"\"k\":\"back\",\"total\":\"-12.5\"", -12500000},
    {"\"k\":\"none\"", 0},
};

static void test_money(void **state)
{
    char text[600];
    for (size_t i = 0; i < sizeof money / sizeof *money; i++) {
        struct format_event e = format_one(state, order(text, "", money[i].properties));
        if (e.value_micro != money[i].micro)
            print_error("%s\n", money[i].properties);
        assert_int_equal(e.value_micro, money[i].micro);
    }
}

/* All that has six decimal places comes back as it was written, number or text. */
static void test_money_is_exact(void **state)
{
    char text[600], value[100], written[40];
    for (int64_t i = 1; i < 1000000000000000; i = i * 7 + 3) {
        snprintf(written, sizeof written, "%lld.%06lld", (long long)(i / 1000000),
                 (long long)(i % 1000000));
        for (int quoted = 0; quoted < 2; quoted++) {
            snprintf(value, sizeof value, "\"revenue\":%s%s%s", quoted ? "\"" : "",
                     written, quoted ? "\"" : "");
            assert_int_equal(format_one(state, order(text, "", value)).value_micro, i);
        }
    }
}

static void test_bad_money(void **state)
{
    static const struct {
        const char *value;
        enum err code;
    } rows[] = {
        {"\"NaN\"", ERR_BAD_VALUE},       {"\"1e999\"", ERR_BAD_VALUE},
        {"\"Infinity\"", ERR_BAD_VALUE},  {"\"39,95\"", ERR_BAD_VALUE},
        {"\"39.95 EUR\"", ERR_BAD_VALUE}, {"\"+1\"", ERR_BAD_VALUE},
        {"-0.01", ERR_OUT_OF_RANGE},      {"\"-39.95\"", ERR_OUT_OF_RANGE},
        {"1e300", ERR_OUT_OF_RANGE},      {"1000000000.000001", ERR_OUT_OF_RANGE},
        {"true", ERR_BAD_TYPE},           {"[1]", ERR_BAD_TYPE},
    };
    char text[600], value[100];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(value, sizeof value, "\"revenue\":%s", rows[i].value);
        format_refused(state, order(text, "", value), rows[i].code,
                       "/properties/revenue");
    }
    /* no JSON at all: the whole text is refused before any format sees it */
    struct err_detail d;
    struct json *root = NULL;
    static const char not_json[] = "{\"revenue\":1e999}",
                      no_number[] = "{\"revenue\":NaN}";
    assert_int_not_equal(
        json_parse(not_json, sizeof not_json - 1, &json_limits_spec, &root, &d),
        ERR_OK);
    assert_int_not_equal(
        json_parse(no_number, sizeof no_number - 1, &json_limits_spec, &root, &d),
        ERR_OK);
}

static void test_currency(void **state)
{
    char text[600];
    assert_string_equal(
        format_one(state, order(text, "", "\"currency\":\"eur\"")).currency, "EUR");
    format_refused(state, order(text, "", "\"currency\":\"EURO\""), ERR_BAD_VALUE,
                   "/properties/currency");
    format_refused(state, order(text, "", "\"currency\":\"\xE2\x82\xAC\""),
                   ERR_BAD_VALUE, "/properties/currency");
    format_refused(state, order(text, "", "\"currency\":978"), ERR_BAD_VALUE,
                   "/properties/currency");
}

static int64_t quantity(void **state, const char *properties)
{
    char text[600];
    return format_one(state, order(text, "", properties)).quantity;
}

/* Nothing hangs on it: a purchase is not lost for what cannot be a number of pieces. */
static void test_quantity(void **state)
{
    assert_int_equal(quantity(state, "\"quantity\":3"), 3);
    assert_int_equal(quantity(state, "\"quantity\":\"3\""), 3);
    assert_int_equal(quantity(state, "\"quantity\":0"), 0);
    assert_int_equal(quantity(state, "\"quantity\":-3"), 0);
    assert_int_equal(quantity(state, "\"quantity\":1.5"), 0);
    assert_int_equal(quantity(state, "\"quantity\":1000001"), 0);
    assert_int_equal(quantity(state, "\"quantity\":{}"), 0);
    assert_int_equal(quantity(state,
                              "\"products\":[{\"quantity\":2},{},{\"quantity\":\"4\"},"
                              "7,{\"quantity\":-1}]"),
                     7);
    assert_int_equal(quantity(state, "\"products\":7"), 0);
}

static void test_ids(void **state)
{
    char text[600], members[300], id[120];
    memset(id, 'x', 101);
    id[101] = '\0';
    snprintf(members, sizeof members, "\"messageId\":\"%s\",", id + 1);
    assert_string_equal(format_one(state, order(text, members, "")).id, id + 1);
    snprintf(members, sizeof members, "\"messageId\":\"%s\",", id);
    format_refused(state, order(text, members, ""), ERR_OUT_OF_RANGE, "/messageId");
    format_refused(state, order(text, "\"messageId\":[1],", ""), ERR_BAD_TYPE,
                   "/messageId");
    format_refused(state, order(text, "\"messageId\":1.5,", ""), ERR_BAD_TYPE,
                   "/messageId");
    assert_string_equal(format_one(state, order(text, "\"messageId\":17,", "")).id,
                        "17");
    assert_string_equal(format_one(state, order(text, "", "")).id, "");
    format_refused(state, order(text, "", "\"epoch\":-2"), ERR_OUT_OF_RANGE,
                   "/properties/epoch");
    format_refused(state, order(text, "", "\"epoch\":1.5"), ERR_BAD_VALUE,
                   "/properties/epoch");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_times, format_drop),
        cmocka_unit_test_teardown(test_bad_times, format_drop),
        cmocka_unit_test_teardown(test_money, format_drop),
        cmocka_unit_test_teardown(test_money_is_exact, format_drop),
        cmocka_unit_test_teardown(test_bad_money, format_drop),
        cmocka_unit_test_teardown(test_currency, format_drop),
        cmocka_unit_test_teardown(test_quantity, format_drop),
        cmocka_unit_test_teardown(test_ids, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
