/* meta_test.c: server events of Meta. */
#include "tests/unit/campaigns/formats/format_fixture.h"

#define OURS "\"custom_data\":{\"campaign_id\":\"c\",\"variant_id\":\"v1\"}"

/* The time is in seconds; 13 digits are a mistake that is seen and told. */
static void test_time(void **state)
{
    struct format_event e = format_one(
        state, "{\"event_name\":\"Purchase\",\"event_time\":1795771800," OURS "}");
    assert_int_equal(e.ts_ms, 1795771800000);
    assert_false(e.ts_fixed);
    char *text = format_file(FORMAT_FIXTURES "meta-millis.json");
    e = format_one(state, text);
    free(text);
    assert_int_equal(e.ts_ms, 1795771800250);
    assert_true(e.ts_fixed);
    assert_string_equal(e.type, "cart");
    assert_string_equal(e.user, "u-9");
    assert_int_equal(e.quantity, 3);
    format_refused(state,
                   "{\"event_name\":\"Purchase\",\"event_time\":\"soon\"," OURS "}",
                   ERR_BAD_VALUE, "/event_time");
}

static void id_of(void **state, const char *name, const char *id, char out[80])
{
    char text[300];
    snprintf(text, sizeof text,
             "{\"event_name\":\"%s\",\"event_time\":1795771800,\"event_id\":%s," OURS
             "}",
             name, id);
    snprintf(out, 80, "%s", format_one(state, text).id);
}

static void test_ids(void **state)
{
    char a[80], b[80];
    id_of(state, "Purchase", "\"1\"", a);
    id_of(state, "Purchase", "1", b);
    assert_string_equal(a, b);
    assert_true(*a);
    id_of(state, "Lead", "\"1\"", b);
    assert_string_not_equal(a, b);
    id_of(state, "Purchase", "\"2\"", b);
    assert_string_not_equal(a, b);
    id_of(state, "Purchase", "null", b);
    assert_string_equal(b, "");
}

static void test_list(void **state)
{
    const struct format_fixture *f = format_try(
        state,
        "{\"data\":[{\"event_name\":\"Purchase\",\"event_time\":1795771800," OURS "},"
        "{\"event_name\":\"Purchase\"},{\"event_time\":1795771800},"
        "{\"event_name\":\"Purchase\",\"event_time\":1795771800,\"custom_data\":{"
        "\"campaign_id\":\"c\",\"variant_id\":\"v1\",\"value\":\"NaN\"}}],"
        "\"test_event_code\":\"T\"}");
    assert_int_equal(f->count, 1);
    assert_int_equal(f->refused_count, 3);
    assert_string_equal(f->refused[0].path, "/data/1/event_time");
    assert_string_equal(f->refused[1].path, "/data/2/event_name");
    assert_string_equal(f->refused[2].path, "/data/3/custom_data/value");
    format_refused(state, "{\"data\":[]}", ERR_BAD_VALUE, "");
    format_refused(state, "{\"data\":[{\"x\":1}]}", ERR_BAD_VALUE, "");
    format_refused(
        state,
        "{\"event_name\":\"Purchase\",\"event_time\":1795771800,\"user_data\":{"
        "\"external_id\":{}}," OURS "}",
        ERR_BAD_TYPE, "/user_data/external_id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_time, format_drop),
        cmocka_unit_test_teardown(test_ids, format_drop),
        cmocka_unit_test_teardown(test_list, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
