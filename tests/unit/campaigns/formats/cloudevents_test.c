/* cloudevents_test.c: CloudEvents 1.0, with data as JSON or in base64. */
#include "tests/unit/campaigns/formats/format_fixture.h"

#define HEAD "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"click\""
#define EVENT(more) "{" HEAD more "}"

static void test_array(void **state)
{
    char *text = format_file(FORMAT_FIXTURES "cloudevents-array.json");
    const struct format_fixture *f = format_try(state, text);
    free(text);
    assert_int_equal(f->count, 2);
    assert_string_equal(f->events[0].type, "click");
    assert_string_equal(f->events[0].variant, "v1");
    assert_string_equal(f->events[1].type, "csat");
    assert_string_equal(f->events[1].campaign, "mugs");
    assert_string_equal(f->events[1].user, "u-1");
    assert_int_equal(f->events[1].value_micro, 5000000);
    assert_int_equal(f->refused_count, 1);
    assert_string_equal(f->refused[0].path, "/2/data_base64");
}

static void test_types(void **state)
{
    static const struct {
        const char *type, *is;
    } rows[] = {{"com.shop.purchase", "conversion"},
                {"conversion", "conversion"},
                {"com.shop.order.AddToCart", "cart"},
                {"com.shop.wish_list", "wish_list"}};
    char text[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(
            text, sizeof text,
            "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"%s\","
            "\"subject\":\"c/v\"}",
            rows[i].type);
        assert_string_equal(format_one(state, text).type, rows[i].is);
    }
    format_refused(
        state,
        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\",\"type\":\"a.\","
        "\"subject\":\"c/v\"}",
        ERR_BAD_VALUE, "/type");
}

/* Ids of ours go before the subject, which counts only if it is two names. */
static void test_subject(void **state)
{
    struct format_event e = format_one(
        state,
        EVENT(",\"subject\":\"c/v\",\"data\":{\"campaign\":\"d\",\"variant\":\"w\","
              "\"count\":3}"));
    assert_string_equal(e.campaign, "d");
    assert_string_equal(e.variant, "w");
    assert_int_equal(e.count, 3);
    format_refused(state,
                   EVENT(",\"subject\":\"order-17\",\"data\":{\"campaign\":\"d\"}"),
                   ERR_MISSING, "/data/variant_id");
    format_refused(state, EVENT(",\"subject\":\"c/v/w\""), ERR_BAD_ID, "/subject");
    format_refused(state, EVENT(""), ERR_MISSING, "/data/campaign_id");
}

static void test_ids(void **state)
{
    char a[80];
    snprintf(a, sizeof a, "%s", format_one(state, EVENT(",\"subject\":\"c/v\"")).id);
    assert_true(*a);
    assert_string_equal(format_one(state, EVENT(",\"subject\":\"c/w\"")).id, a);
    assert_string_not_equal(
        format_one(state,
                   "{\"specversion\":\"1.0\",\"id\":\"a1\",\"source\":\"/\",\"type\":"
                   "\"click\",\"subject\":\"c/v\"}")
            .id,
        a);
}

static void test_bad(void **state)
{
    static const struct {
        const char *more;
        enum err code;
        const char *path;
    } rows[] = {
        {",\"data\":\"text\"", ERR_BAD_TYPE, "/data"},
        {",\"data\":[]", ERR_BAD_TYPE, "/data"},
        {",\"data\":{},\"data_base64\":\"e30=\"", ERR_BAD_VALUE, "/data_base64"},
        {",\"data_base64\":\"????\"", ERR_BAD_VALUE, "/data_base64"},
        {",\"data_base64\":7", ERR_BAD_VALUE, "/data_base64"},
        {",\"data_base64\":\"aGVsbG8=\"", ERR_BAD_VALUE, "/data_base64"},
        {",\"data_base64\":\"WzFd\"", ERR_BAD_VALUE, "/data_base64"}, /* [1] */
        /* {"campaign":"c","variant":"v","value":-1}: the pointer goes on inside */
        {",\"data_base64\":\"eyJjYW1wYWlnbiI6ImMiLCJ2YXJpYW50IjoidiIsInZhbHVlIjotMX0="
         "\"",
         ERR_OUT_OF_RANGE, "/data_base64/value"},
        {",\"subject\":\"c/v\",\"time\":\"2026-11-27\"", ERR_BAD_VALUE, "/time"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        snprintf(text, sizeof text, "{" HEAD "%s}", rows[i].more);
        format_refused(state, text, rows[i].code, rows[i].path);
    }
    format_refused(state,
                   "{\"specversion\":\"1.0\",\"source\":\"/a\",\"type\":\"click\"}",
                   ERR_MISSING, "/id");
    format_refused(state, "{\"specversion\":\"1.0\",\"id\":\"1\",\"type\":\"click\"}",
                   ERR_MISSING, "/source");
    format_refused(state, "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/a\"}",
                   ERR_MISSING, "/type");
    format_refused(state, "{\"specversion\":\"0.3\",\"id\":\"1\"}", ERR_BAD_VALUE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_array, format_drop),
        cmocka_unit_test_teardown(test_types, format_drop),
        cmocka_unit_test_teardown(test_subject, format_drop),
        cmocka_unit_test_teardown(test_ids, format_drop),
        cmocka_unit_test_teardown(test_bad, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
