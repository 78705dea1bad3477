/* provider_error_test.c: error replies as seen in the wild, by what they mean. */
#include "tests/unit/workers/llm/reply_fixture.h"

struct error_case {
    const char *name;
    int status;
    const char *headers, *body;
    enum err code;
    bool retryable;
};

#define OPENAI(type, code)                                                             \
    "{\"error\":{\"message\":\"m\",\"type\":\"" type                                   \
    "\",\"param\":null,\"code\":\"" code "\"}}"
#define HTML "<html><head><title>502 Bad Gateway</title></head></html>"

static const struct error_case money[] = {
    {"quota by type", 429, "Retry-After: 1\n",
     "{\"error\":{\"message\":\"m\",\"type\":\"insufficient_quota\",\"code\":null}}",
     ERR_MONEY, false},
    {"quota by code", 429, "", OPENAI("requests", "insufficient_quota"), ERR_MONEY,
     false},
    {"credit", 429, "", OPENAI("billing", "credit_balance_exhausted"), ERR_MONEY,
     false},
    {"organisation", 429, "", OPENAI("x", "organization_spend_limit_exceeded"),
     ERR_MONEY, false},
    {"project", 429, "", OPENAI("x", "project_spend_limit_exceeded"), ERR_MONEY, false},
    {"usage", 429, "", OPENAI("x", "organization_usage_limit_exceeded"), ERR_MONEY,
     false},
    {"money beats x-should-retry", 429, "x-should-retry: true\n",
     OPENAI("insufficient_quota", "rate"), ERR_MONEY, false},
    {"402", 402, "", "{\"error\":{\"message\":\"Insufficient Balance\"}}", ERR_MONEY,
     false},
    {"DashScope", 400, "", "{\"code\":\"Arrearage\",\"message\":\"overdue\"}",
     ERR_MONEY, false},
    {"a code beats its type", 429, "",
     OPENAI("rate_limit_error", "enforced_spend_limit_reached"), ERR_MONEY, false},
    {"inside a 200", 200, "", OPENAI("insufficient_quota", "insufficient_quota"),
     ERR_MONEY, false},
};
static const struct error_case retried[] = {
    {"rate", 429, "", OPENAI("tokens", "rate_limit_exceeded"), ERR_RATE, true},
    {"slow down", 503, "", OPENAI("x", "slow_down"), ERR_RATE, true},
    {"a code as number", 429, "", "{\"error\":{\"code\":\"429\",\"message\":\"m\"}}",
     ERR_RATE, true},
    {"429 of no known shape", 429, "", "slow", ERR_RATE, true},
    {"Google in an array", 429, "",
     "[{\"error\":{\"code\":429,\"message\":\"m\",\"status\":\"RESOURCE_EXHAUSTED\"}}]",
     ERR_RATE, true},
    {"DashScope", 429, "", "{\"code\":\"Throttling.RateQuota\",\"message\":\"m\"}",
     ERR_RATE, true},
    {"in flight", 429, "", "{\"error\":{\"message\":\"Too many concurrent requests\"}}",
     ERR_CONCURRENCY, true},
    {"TGI", 429, "",
     "{\"error\":\"Model is overloaded\",\"error_type\":\"overloaded\"}", ERR_OVERLOAD,
     true},
    {"529", 529, "",
     "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}",
     ERR_OVERLOAD, true},
    {"529 without a word", 529, "", "", ERR_OVERLOAD, true},
    {"queue full", 503, "", "{\"error\":\"server busy\"}", ERR_OVERLOAD, true},
    {"overload inside a 200", 200, "",
     "{\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}", ERR_OVERLOAD,
     true},
    {"500", 500, "", OPENAI("server_error", "x"), ERR_SERVER, true},
    {"HTML 502", 502, "", HTML, ERR_SERVER, true},
    {"HTML inside a 200", 200, "", HTML, ERR_SERVER, true},
    {"520 of a CDN", 520, "", "", ERR_SERVER, true},
    {"408", 408, "", "", ERR_SERVER, true},
    {"409", 409, "", "{}", ERR_SERVER, true},
    {"425", 425, "", "", ERR_SERVER, true},
    {"an error of no kind inside a 200", 200, "", "{\"error\":{\"message\":\"lost\"}}",
     ERR_SERVER, true},
    {"status inside a 200", 200, "", "{\"error\":{\"code\":429,\"message\":\"m\"}}",
     ERR_RATE, true},
    {"told to retry", 400, "x-should-retry: true\n", "{}", ERR_BAD_REQUEST, true},
};
static const struct error_case final[] = {
    {"401", 401, "", OPENAI("invalid_request_error", "invalid_api_key"), ERR_AUTH,
     false},
    {"403 as HTML", 403, "", HTML, ERR_AUTH, false},
    {"key inside a 200", 200, "", "{\"error\":{\"code\":401,\"message\":\"m\"}}",
     ERR_AUTH, false},
    {"400", 400, "", OPENAI("invalid_request_error", "x"), ERR_BAD_REQUEST, false},
    {"404", 404, "", OPENAI("invalid_request_error", "model_not_found"),
     ERR_BAD_REQUEST, false},
    {"413", 413, "", HTML, ERR_BAD_REQUEST, false},
    {"422 of FastAPI", 422, "", "{\"detail\":[{\"msg\":\"bad\"}]}", ERR_BAD_REQUEST,
     false},
    {"context", 400, "", OPENAI("invalid_request_error", "context_length_exceeded"),
     ERR_BAD_REQUEST, false},
    {"flat, of older vLLM", 400, "",
     "{\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\",\"code\":"
     "400}",
     ERR_BAD_REQUEST, false},
    {"flat inside a 200", 200, "",
     "{\"object\":\"error\",\"message\":\"m\",\"type\":\"BadRequestError\"}",
     ERR_BAD_REQUEST, false},
    {"redirect", 302, "Location: https://x/\n", "", ERR_BAD_REQUEST, false},
    {"filter of Azure", 400, "", OPENAI("x", "content_filter"), ERR_CONTENT, false},
    {"filter of DashScope", 400, "", OPENAI("x", "data_inspection_failed"), ERR_CONTENT,
     false},
    {"told not to retry", 503, "x-should-retry: false\n", "", ERR_OVERLOAD, false},
};

static void run_cases(const struct error_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct error_case *c = &cases[i];
        struct reply_fixture f;
        fixture_set(&f, c->status, c->headers, c->body);
        provider_read_error(&f.http, NOW_MS, &f.reply);
        expect_class(c->name, &f.reply, c->code, c->retryable);
        assert_non_null(strstr(f.reply.message, "HTTP "));
        fixture_end(&f);
    }
}

static void test_money(void **state)
{
    (void)state;
    run_cases(money, sizeof money / sizeof *money);
}

static void test_retried(void **state)
{
    (void)state;
    run_cases(retried, sizeof retried / sizeof *retried);
}

static void test_final(void **state)
{
    (void)state;
    run_cases(final, sizeof final / sizeof *final);
}

static void test_hint_is_kept(void **state)
{
    (void)state;
    struct reply_fixture f;
    fixture_set(&f, 503, "Retry-After: 3\n", HTML);
    provider_read_error(&f.http, NOW_MS, &f.reply);
    assert_int_equal(f.reply.retry_after_ms, 3000);
    fixture_end(&f);
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body, *message;
    } cases[] = {
        {429, OPENAI("tokens", "rate_limit_exceeded"),
         "HTTP 429 rate_limit_exceeded: m"},
        {500, "{\"error\":{\"message\":\"a\\nb\",\"type\":\"t\"}}", "HTTP 500 t: a b"},
        {404, "{\"error\":\"model 'x' not found\"}", "HTTP 404: model 'x' not found"},
        {422, "{\"detail\":[{\"msg\":\"bad\"}]}", "HTTP 422: bad"},
        {502, "\n<h1>\x1b[31mno\xff</h1>",
         "HTTP 502: a body that is not JSON: "
         "<h1> [31mno?</h1>"},
        {503, "", "HTTP 503"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        fixture_set(&f, cases[i].status, "", cases[i].body);
        provider_read_error(&f.http, NOW_MS, &f.reply);
        assert_string_equal(f.reply.message, cases[i].message);
        fixture_end(&f);
    }
}

static void test_long_message_is_cut_at_a_character(void **state)
{
    (void)state;
    char text[2701], body[4096];
    for (size_t i = 0; i < 900; i++)
        memcpy(text + i * 3, "\xe4\xb8\xad", 4);
    (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"x%s\"}}", text);
    struct reply_fixture f;
    fixture_set(&f, 400, "", body);
    provider_read_error(&f.http, NOW_MS, &f.reply);
    size_t len = strlen(f.reply.message);
    assert_in_range(len, 200, sizeof f.reply.message - 1);
    assert_string_equal(f.reply.message + len - 3, "\xe4\xb8\xad");
    fixture_end(&f);
}

struct refusal {
    int status;
    const char *body;
    unsigned refused;
};

static void expect_refused(const struct refusal *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct reply_fixture f;
        fixture_set(&f, cases[i].status, "", cases[i].body);
        provider_read_error(&f.http, NOW_MS, &f.reply);
        if (f.reply.refused != cases[i].refused)
            fail_msg("%s: %u", cases[i].body, f.reply.refused);
        fixture_end(&f);
    }
}

static void test_refused_parameters(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {400,
         "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not "
         "supported "
         "with this model. Use 'max_completion_tokens' instead.\",\"type\":"
         "\"invalid_request_error\",\"param\":\"max_tokens\",\"code\":"
         "\"unsupported_parameter\"}}",
         PROVIDER_MAX_TOKENS},
        {400,
         "{\"error\":{\"message\":\"Unsupported value: 'temperature' does not support "
         "0.7\",\"param\":\"temperature\",\"code\":\"unsupported_value\"}}",
         PROVIDER_TEMPERATURE},
        {400,
         "{\"error\":{\"message\":\"Unsupported parameter: 'seed'.\",\"code\":\"x\"}}",
         PROVIDER_SEED},
        {400,
         "{\"error\":{\"message\":\"'response_format' of type 'json_schema' is not "
         "supported\",\"param\":\"response_format\",\"code\":null}}",
         PROVIDER_SCHEMA},
        {400,
         "{\"error\":{\"message\":\"temperature must be below 2\",\"param\":"
         "\"temperature\",\"code\":\"decimal_above_max_value\"}}",
         0},
        {400,
         "{\"error\":{\"message\":\"'messages' unsupported\",\"param\":\"messages\"}}",
         0},
        {400,
         "{\"error\":{\"message\":\"Unknown\",\"param\":\"stream_options.include_"
         "usage\","
         "\"code\":\"unsupported_parameter\"}}",
         PROVIDER_STREAM_USAGE},
        {429, "{\"error\":{\"message\":\"'seed' unsupported\",\"param\":\"seed\"}}", 0},
    };
    expect_refused(cases, sizeof cases / sizeof *cases);
}

/* Servers with a list of their own, and those that do not stream. */
static void test_refused_streams(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {400,
         "{\"error\":{\"message\":\"Your organization must be verified to stream this "
         "model.\",\"param\":\"stream\",\"code\":\"unsupported_value\"}}",
         PROVIDER_STREAM},
        {400, "{\"detail\":\"Streaming is not supported by this model\"}",
         PROVIDER_STREAM},
        {422,
         "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\","
         "\"stream_options\"],\"msg\":\"Extra inputs are not permitted\"}]}",
         PROVIDER_STREAM_USAGE},
        {422,
         "{\"detail\":[{\"type\":\"less_than\",\"loc\":[\"body\",\"temperature\"],"
         "\"msg\":\"Input should be less than 1\"}]}",
         0},
        {400,
         "{\"object\":\"error\",\"message\":\"[{'type': 'extra_forbidden', 'loc': ("
         "'body', 'stream'), 'msg': 'Extra inputs are not permitted'}]\"}",
         PROVIDER_STREAM},
    };
    expect_refused(cases, sizeof cases / sizeof *cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_money),
        cmocka_unit_test(test_retried),
        cmocka_unit_test(test_final),
        cmocka_unit_test(test_hint_is_kept),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_long_message_is_cut_at_a_character),
        cmocka_unit_test(test_refused_parameters),
        cmocka_unit_test(test_refused_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
