/* segment_test.c: track calls, one or a batch. */
#include "tests/unit/campaigns/formats/format_fixture.h"

static void test_one(void **state)
{
    struct format_event e = format_one(
        state,
        "{\"type\":\"track\",\"event\":\"Email Link Clicked\",\"messageId\":\"m\","
        "\"userId\":\"u\",\"anonymousId\":\"n\",\"receivedAt\":"
        "\"2026-11-27T09:30:05Z\",\"timestamp\":\"2026-11-27T09:30:00Z\","
        "\"properties\":{\"campaign_id\":\"c\",\"variant_id\":\"v1\"}}");
    assert_string_equal(e.source, "segment");
    assert_string_equal(e.type, "click");
    assert_string_equal(e.id, "m");
    assert_string_equal(e.user, "u");
    assert_int_equal(e.ts_ms, 1795771800000);
    e = format_one(state,
                   "{\"type\":\"track\",\"event\":\"Signed Up\",\"anonymousId\":9,"
                   "\"userId\":null,\"receivedAt\":\"2026-11-27T09:30:05Z\","
                   "\"originalTimestamp\":\"2026-11-27T09:30:01Z\",\"context\":{"
                   "\"campaign\":{\"name\":\"c\",\"content\":\"v1\"}}}");
    assert_string_equal(e.type, "signed_up");
    assert_string_equal(e.user, "9");
    assert_int_equal(e.ts_ms, 1795771801000);
    assert_string_equal(e.id, "");
}

static void test_batch(void **state)
{
    char *text = format_file(FORMAT_FIXTURES "segment-batch.json");
    const struct format_fixture *f = format_try(state, text);
    free(text);
    assert_int_equal(f->count, 3);
    assert_string_equal(f->events[0].type, "open");
    assert_string_equal(f->events[0].variant, "v1");
    assert_string_equal(f->events[0].user, "a-1");
    assert_int_equal(f->events[0].ts_ms, 1795771800000);
    assert_string_equal(f->events[1].type, "refund");
    assert_string_equal(f->events[1].variant, "v2");
    assert_int_equal(f->events[1].value_micro, -12500000);
    assert_string_equal(f->events[2].type, "cart");
    assert_string_equal(f->events[2].variant, "v3");
    assert_int_equal(f->events[2].quantity, 3);
    assert_int_equal(f->refused_count, 2);
    assert_string_equal(f->refused[0].path, "/batch/2/properties/revenue");
    assert_string_equal(f->refused[1].path, "/batch/5");
}

/* identify, page … are passed over; what is no call at all is refused. */
static void test_other_calls(void **state)
{
    const struct format_fixture *f = format_try(
        state, "{\"batch\":[{\"type\":\"identify\"},{\"type\":\"page\"},{\"type\":"
               "\"screen\"},{\"type\":\"group\"},{\"type\":\"alias\"}]}");
    assert_int_equal(f->count + f->refused_count, 0);
    format_refused(state, "{\"batch\":[{\"type\":\"trick\",\"event\":\"x\"}]}",
                   ERR_BAD_VALUE, "/batch/0/type");
    format_refused(state, "{\"batch\":[{\"event\":\"x\"}]}", ERR_BAD_VALUE,
                   "/batch/0/type");
    format_refused(state, "{\"batch\":[{\"type\":\"track\"}]}", ERR_MISSING,
                   "/batch/0/event");
    format_refused(state, "{\"type\":\"identify\",\"userId\":\"u\"}", ERR_BAD_VALUE,
                   "");
    format_refused(state, "{\"type\":\"track\",\"event\":\"x\"}", ERR_MISSING,
                   "/properties/campaign_id");
    format_refused(state,
                   "{\"type\":\"track\",\"event\":\"a very long name of what somebody"
                   " did\",\"properties\":{\"campaign\":\"c\",\"variant\":\"v\"}}",
                   ERR_BAD_VALUE, "/event");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_one, format_drop),
        cmocka_unit_test_teardown(test_batch, format_drop),
        cmocka_unit_test_teardown(test_other_calls, format_drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
