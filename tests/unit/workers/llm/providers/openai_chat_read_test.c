/* openai_chat_read_test.c: replies with status 200 as servers write them, whole, odd,
 * and cut at every byte. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "core/base/utf8.h"
#include <stdlib.h>

#define USAGE                                                                          \
    "\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5,\"total_tokens\":17}"
#define MESSAGE(message, finish)                                                       \
    "{\"id\":\"cc-1\",\"object\":\"chat.completion\",\"model\":\"m-2026\","            \
    "\"choices\":"                                                                     \
    "[{\"index\":0,\"message\":{\"role\":\"assistant\"," message                       \
    "},\"finish_reason\":" finish "}]," USAGE "}"
#define NORMAL MESSAGE("\"content\":\"Hello\",\"refusal\":null", "\"stop\"")

static void read_into(struct reply_fixture *f, int status, const char *headers,
                      const char *body)
{
    fixture_set(f, status, headers, body);
    provider_find("openai_chat")->read(&f->http, NOW_MS, &f->reply);
}

static void test_normal(void **state)
{
    (void)state;
    struct reply_fixture f;
    read_into(&f, 200, "", NORMAL);
    expect_class("normal", &f.reply, ERR_OK, false);
    assert_string_equal(buf_str(&f.reply.text), "Hello");
    assert_string_equal(f.reply.finish, "stop");
    assert_string_equal(f.reply.model, "m-2026");
    assert_string_equal(f.reply.request_id, "cc-1");
    assert_string_equal(f.reply.message, "");
    assert_true(f.reply.has_usage);
    assert_int_equal(f.reply.tokens_in, 12);
    assert_int_equal(f.reply.tokens_out, 5);
    assert_int_equal(f.reply.tokens_cached, 0);
    fixture_end(&f);
}

static void test_request_id(void **state)
{
    (void)state;
    struct reply_fixture f;
    read_into(&f, 200, "X-Request-Id: first\nX-Request-Id: req_9\n", NORMAL);
    assert_string_equal(f.reply.request_id, "req_9");
    fixture_end(&f);
}

struct text_case {
    const char *name, *body;
    enum err code;
    bool retryable;
    const char *text, *finish;
};

static const struct text_case cases[] = {
    {"escapes", MESSAGE("\"content\":\"a\\n\\u4e2d\\ud83d\\ude00\"", "\"stop\""),
     ERR_OK, false, "a\n\xe4\xb8\xad\xf0\x9f\x98\x80", "stop"},
    {"CJK as it is", MESSAGE("\"content\":\"\xe4\xb8\xad\xe6\x96\x87\"", "\"stop\""),
     ERR_OK, false, "\xe4\xb8\xad\xe6\x96\x87", "stop"},
    {"blank lines first", "\n\n \r\n" NORMAL, ERR_OK, false, "Hello", "stop"},
    {"reasoning is not the answer",
     MESSAGE("\"reasoning_content\":\"hm\",\"content\":\"42\"", "\"stop\""), ERR_OK,
     false, "42", "stop"},
    {"length", MESSAGE("\"content\":\"Hel\"", "\"length\""), ERR_OK, false, "Hel",
     "length"},
    {"length by another name", MESSAGE("\"content\":\"Hel\"", "\"max_tokens\""), ERR_OK,
     false, "Hel", "length"},
    {"length before any text", MESSAGE("\"content\":\"\"", "\"length\""), ERR_TRUNCATED,
     true, "", "length"},
    {"refusal", MESSAGE("\"content\":null,\"refusal\":\"I cannot\"", "\"stop\""),
     ERR_CONTENT, false, "", "stop"},
    {"filter", MESSAGE("\"content\":\"part\"", "\"content_filter\""), ERR_CONTENT,
     false, "part", "content_filter"},
    {"no text", MESSAGE("\"content\":\"\"", "\"stop\""), ERR_BAD_OUTPUT, true, "",
     "stop"},
    {"no content", MESSAGE("\"name\":\"x\"", "\"stop\""), ERR_BAD_OUTPUT, true, "",
     "stop"},
    {"tool call",
     MESSAGE("\"content\":null,\"tool_calls\":[{\"id\":\"1\",\"type\":\"function\","
             "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]",
             "\"tool_calls\""),
     ERR_OK, false, "{}", "tool_calls"}, /* the input of a forced tool */
    {"no finish", MESSAGE("\"content\":\"Hel\"", "null"), ERR_TRUNCATED, true, "Hel",
     ""},
    {"lone surrogate", MESSAGE("\"content\":\"\\ud83d\"", "\"stop\""), ERR_OK, false,
     "\xef\xbf\xbd", "stop"},
    {"damaged text", MESSAGE("\"content\":\"\xff\"", "\"stop\""), ERR_SERVER, true, "",
     "stop"},
    {"error while writing",
     "{\"choices\":[{\"error\":{\"code\":502,\"message\":\"upstream\"},"
     "\"finish_reason\":\"error\",\"message\":{\"content\":\"He\"}}]}",
     ERR_SERVER, true, "He", "error"},
    {"no choices", "{\"choices\":[]," USAGE "}", ERR_SERVER, true, "", ""},
    {"error object", "{\"error\":{\"message\":\"m\",\"code\":\"insufficient_quota\"}}",
     ERR_MONEY, false, "", ""},
    {"choices and error", "{\"choices\":[],\"error\":{\"message\":\"m\",\"code\":429}}",
     ERR_RATE, true, "", ""},
    {"empty", "", ERR_SERVER, true, "", ""},
    {"blank", " \n", ERR_SERVER, true, "", ""},
    {"HTML", "<html>busy</html>", ERR_SERVER, true, "", ""},
    {"text", "Network connection lost", ERR_SERVER, true, "", ""},
    {"another JSON", "[1,2]", ERR_SERVER, true, "", ""},
    {"null", "null", ERR_SERVER, true, "", ""},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct text_case *c = &cases[i];
        struct reply_fixture f;
        read_into(&f, 200, "", c->body);
        expect_class(c->name, &f.reply, c->code, c->retryable);
        if (strcmp(buf_str(&f.reply.text), c->text) != 0 ||
            strcmp(f.reply.finish, c->finish) != 0)
            fail_msg("%s: '%s', '%s'", c->name, buf_str(&f.reply.text), f.reply.finish);
        assert_true((c->code == ERR_OK) == (f.reply.message[0] == '\0'));
        fixture_end(&f);
    }
}

static void test_usage(void **state)
{
    (void)state;
#define WITH(usage)                                                                    \
    "{\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}"       \
    "]" usage "}"
    static const struct {
        const char *body;
        bool has;
        int64_t in, out, cached;
    } rows[] = {
        {WITH(""), false, 0, 0, 0},
        {WITH(",\"usage\":null"), false, 0, 0, 0},
        {WITH(",\"usage\":{}"), false, 0, 0, 0},
        {WITH(",\"usage\":{\"prompt_tokens\":0,\"completion_tokens\":0}"), false, 0, 0,
         0},
        {WITH(",\"usage\":{\"prompt_tokens\":9.0,\"completion_tokens\":4}"), true, 9, 4,
         0},
        {WITH(",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
              "\"prompt_tokens_details\":{\"cached_tokens\":8}}"),
         true, 9, 4, 8},
        {WITH(",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
              "\"prompt_tokens_details\":null,\"prompt_cache_hit_tokens\":7}"),
         true, 9, 4, 7},
        {WITH(",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4,"
              "\"prompt_tokens_details\":{\"cached_tokens\":80}}"),
         true, 9, 4, 9},
        {WITH(",\"usage\":{\"prompt_tokens\":-1,\"completion_tokens\":4}"), false, 0, 0,
         0},
        {WITH(",\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":1e300}"), false, 0,
         0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply_fixture f;
        read_into(&f, 200, "", rows[i].body);
        expect_class(rows[i].body, &f.reply, ERR_OK, false);
        bool same = f.reply.tokens_in == rows[i].in &&
                    f.reply.tokens_out == rows[i].out &&
                    f.reply.tokens_cached == rows[i].cached;
        if (f.reply.has_usage != rows[i].has || (rows[i].has && !same))
            fail_msg("%s", rows[i].body);
        fixture_end(&f);
    }
}

/* A reply that lost its end is never taken for a whole one; nor is it ever a crash, a
 * verdict on the key or a broken character. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    static const char body[] = MESSAGE(
        "\"content\":\"\xe4\xb8\xad\\ud83d\\ude00 \xf0\x9f\x98\x80\"", "\"stop\"");
    for (size_t n = 0; n < sizeof body - 1; n++) {
        char *cut = strndup(body, n); /* its own block: a read past it is seen */
        struct reply_fixture f;
        read_into(&f, 200, "", cut);
        if (!f.reply.retryable ||
            (f.reply.code != ERR_TRUNCATED && f.reply.code != ERR_SERVER))
            fail_msg("%zu bytes: %s %s", n, err_code(f.reply.code), f.reply.message);
        size_t len = f.reply.text.len;
        assert_int_equal(utf8_invalid_at(buf_str(&f.reply.text), len), len);
        fixture_end(&f);
        free(cut);
    }
}

static void test_text_too_large(void **state)
{
    (void)state;
    size_t size = (size_t)1536 * 1024;
    char *body = malloc(size);
    assert_non_null(body);
    int n = snprintf(body, size, "{\"choices\":[{\"message\":{\"content\":\"");
    size_t at = (size_t)n, fill = size - at - 64;
    memset(body + at, 'a', fill);
    (void)snprintf(body + at + fill, 64, "\"},\"finish_reason\":\"stop\"}]}");
    struct reply_fixture f;
    read_into(&f, 200, "", body);
    expect_class("too large", &f.reply, ERR_LIMIT, false);
    fixture_end(&f);
    free(body);
}

static void test_error_status(void **state)
{
    (void)state;
    struct reply_fixture f;
    read_into(&f, 429, "Retry-After: 2\nX-Request-Id: r\n", "{\"error\":{}}");
    expect_class("429", &f.reply, ERR_RATE, true);
    assert_int_equal(f.reply.retry_after_ms, 2000);
    assert_string_equal(f.reply.request_id, "r");
    fixture_end(&f);
    read_into(&f, 500, "", NORMAL); /* a whole answer under an error is none */
    expect_class("500", &f.reply, ERR_SERVER, true);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normal),
        cmocka_unit_test(test_request_id),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_text_too_large),
        cmocka_unit_test(test_error_status),
        cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
