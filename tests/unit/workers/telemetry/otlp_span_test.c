/* otlp_span_test.c: the words of a span, its ids, and the address of a server. */
#include "workers/telemetry/otlp_span.h"
#include "core/base/json.h"
#include "tests/unit/workers/telemetry/otlp_fixture.h"
#include "workers/telemetry/semconv.h"

static struct json *span_of(const struct otlp_call *c)
{
    struct buf out;
    struct json *j = NULL;
    struct err_detail d;
    buf_init(&out, 16384);
    assert_int_equal(otlp_span_write(c, 0xab, &out), ERR_OK);
    assert_int_equal(json_parse(buf_str(&out), out.len, &json_limits_reply, &j, &d),
                     ERR_OK);
    buf_fini(&out);
    return j;
}

/* The value of an attribute: {"stringValue": …}; NULL: there is none of that name. */
static const struct json *value_of(const struct json *span, const char *key)
{
    json_each (item, json_get(span, "attributes"))
        if (strcmp(json_str(json_get(item, "key"), ""), key) == 0)
            return json_get(item, "value");
    return NULL;
}

static const char *text_of(const struct json *span, const char *key, const char *type)
{
    return json_str(json_get(value_of(span, key), type), "");
}

static void test_a_good_call(void **state)
{
    (void)state;
    struct otlp_call c = good_call();
    struct json *j = span_of(&c);
    assert_int_equal(strlen(json_str(json_get(j, "traceId"), "")), 32);
    assert_string_equal(json_str(json_get(j, "spanId"), ""), "00000000000000ab");
    assert_int_equal(strlen(json_str(json_get(j, "parentSpanId"), "")), 16);
    assert_string_equal(json_str(json_get(j, "name"), ""), "chat small");
    assert_int_equal(json_int(json_get(j, "kind"), 0), 3);
    assert_string_equal(json_str(json_get(j, "startTimeUnixNano"), ""),
                        "1700000001000000001");
    assert_string_equal(json_str(json_get(j, "endTimeUnixNano"), ""),
                        "1700000001500000002");
    assert_null(json_get(j, "status"));
    assert_string_equal(text_of(j, "gen_ai.usage.input_tokens", "intValue"),
                        "9007199254740993"); /* no double could hold it */
    const struct json *why =
        json_get(json_get(value_of(j, "gen_ai.response.finish_reasons"), "arrayValue"),
                 "values");
    assert_int_equal(json_count(why), 1);
    assert_string_equal(json_str(json_get(json_at(why, 0), "stringValue"), ""), "stop");
    assert_string_equal(text_of(j, "server.address", "stringValue"), "api.example");
    assert_string_equal(text_of(j, "server.port", "intValue"), "8443");
    assert_string_equal(text_of(j, "barker.attempt", "intValue"), "3");
    assert_true(json_num(json_get(value_of(j, "barker.cost_usd"), "doubleValue"), 0) ==
                1.5e-6);
    assert_null(value_of(j, "error.type"));
    assert_null(value_of(j, "gen_ai.request.stream"));
    json_free(j);
}

static void test_a_call_that_failed(void **state)
{
    (void)state;
    struct otlp_call c = good_call();
    c.code = ERR_RATE;
    c.first_token_us = 1500;
    c.stream = true;
    c.usage = c.finish = c.model = c.reply_id = "";
    c.status = 429;
    struct json *j = span_of(&c);
    assert_int_equal(json_int(json_get(json_get(j, "status"), "code"), 0), 2);
    assert_string_equal(text_of(j, "error.type", "stringValue"), err_code(ERR_RATE));
    assert_string_equal(text_of(j, "http.response.status_code", "intValue"), "429");
    assert_null(value_of(j, "gen_ai.usage.input_tokens")); /* not known is not 0 */
    assert_null(value_of(j, "gen_ai.response.finish_reasons"));
    assert_null(value_of(j, "gen_ai.response.model"));
    assert_true(json_num(json_get(value_of(j, "gen_ai.response.time_to_first_chunk"),
                                  "doubleValue"),
                         0) == 0.0015);
    assert_true(
        json_bool(json_get(value_of(j, "gen_ai.request.stream"), "boolValue"), false));
    json_free(j);
}

static void test_hostile_words(void **state)
{
    (void)state;
    struct otlp_call c = good_call();
    c.finish = "st\"op\\\n\x01";
    c.model = "caf\xc3\xa9 \xff";
    struct json *j = span_of(&c); /* it parses */
    assert_string_equal(text_of(j, "gen_ai.response.model", "stringValue"),
                        "caf\xc3\xa9 \xef\xbf\xbd");
    json_free(j);
}

static void test_ids_follow_from_the_campaign(void **state)
{
    (void)state;
    char trace[OTLP_TRACE_ID], other[OTLP_TRACE_ID], stage[OTLP_SPAN_ID],
        next[OTLP_SPAN_ID];
    otlp_trace_id("camp", 1, trace);
    otlp_trace_id("camp", 1, other);
    assert_string_equal(trace, other);
    otlp_trace_id("camp", 2, other); /* the same id, used again later */
    assert_string_not_equal(trace, other);
    otlp_trace_id("camq", 1, other);
    assert_string_not_equal(trace, other);
    otlp_stage_id("camp", 1, "write", 1, stage);
    otlp_stage_id("camp", 1, "write", 2, next);
    assert_string_not_equal(stage, next);
    otlp_stage_id("camp", 1, "rank", 1, next);
    assert_string_not_equal(stage, next);
}

static void test_names_of_dialects(void **state)
{
    (void)state;
    assert_string_equal(semconv_provider("azure_openai"), "azure.ai.openai");
    assert_string_equal(semconv_operation("openai_completions"), "text_completion");
    assert_string_equal(semconv_operation("gemini"), "generate_content");
    assert_string_equal(semconv_operation("openai_embeddings"), "embeddings");
    assert_string_equal(semconv_operation("openai_moderations"), "moderation");
    assert_string_equal(semconv_provider("acme"), "acme");
    assert_string_equal(semconv_operation("acme"), "chat");
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host;
        int port;
    } rows[] = {
        {"http://a.example", "a.example", 80},
        {"HTTPS://a.example/v1", "a.example", 443},
        {"https://a.example:8443?x=1", "a.example", 8443},
        {"http://u:p@b@a.example:1/", "a.example", 1},
        {"http://[::1]:4318/v1/traces", "::1", 4318},
        {"http://[fe80::2]/", "fe80::2", 80},
        {"http://a.example:/x", "a.example", 80},
        {"ftp://a.example", NULL, 0},
        {"a.example:4318", NULL, 0},
        {"http://", NULL, 0},
        {"http://:4318", NULL, 0},
        {"http://user@/", NULL, 0},
        {"http://[::1", NULL, 0},
        {"http://a.example:0", NULL, 0},
        {"http://a.example:70000", NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[64];
        int port = -1;
        bool ok = otlp_split_url(rows[i].url, host, sizeof host, &port);
        assert_int_equal(ok, rows[i].host != NULL);
        if (!ok)
            continue;
        assert_string_equal(host, rows[i].host);
        assert_int_equal(port, rows[i].port);
    }
    char small[4];
    int port;
    assert_false(otlp_split_url("http://abcd", small, sizeof small, &port));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_call),
        cmocka_unit_test(test_a_call_that_failed),
        cmocka_unit_test(test_hostile_words),
        cmocka_unit_test(test_ids_follow_from_the_campaign),
        cmocka_unit_test(test_names_of_dialects),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
