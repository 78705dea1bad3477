/* dialects_read_test.c: replies of the dialects beside chat, as their documents have
 * them (LLM_WIRE), whole and cut at every byte. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "core/base/utf8.h"
#include <stdlib.h>

#define RESPONSES(status, output, more)                                                \
    "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"" status "\"," more       \
    "\"model\":\"m-2026\",\"output\":[" output "],\"usage\":{\"input_tokens\":12,"     \
    "\"input_tokens_details\":{\"cached_tokens\":4},\"output_tokens\":5,"              \
    "\"total_tokens\":17}}"
#define OUTPUT(content)                                                                \
    "{\"type\":\"reasoning\",\"summary\":[]},{\"type\":\"message\",\"role\":"          \
    "\"assistant\",\"content\":[" content "]}"
#define OUTPUT_TEXT(text)                                                              \
    "{\"type\":\"output_text\",\"text\":\"" text "\",\"annotations\":[]}"

#define COMPLETION(text, finish)                                                       \
    "{\"id\":\"cmpl-1\",\"object\":\"text_completion\",\"model\":\"m-2026\","          \
    "\"choices\":[{\"text\":" text ",\"index\":0,\"finish_reason\":" finish            \
    "}],\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":5}}"

#define ANTHROPIC(content, reason)                                                     \
    "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\"model\":"         \
    "\"m-2026\",\"content\":[" content "],\"stop_reason\":\"" reason                   \
    "\",\"usage\":{\"input_tokens\":6,\"cache_creation_input_tokens\":2,"              \
    "\"cache_read_input_tokens\":4,\"output_tokens\":5}}"
#define BLOCK(text) "{\"type\":\"text\",\"text\":\"" text "\"}"

#define GEMINI(parts, reason)                                                          \
    "{\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[" parts              \
    "]},\"finishReason\":\"" reason "\",\"index\":0}],\"usageMetadata\":{"             \
    "\"promptTokenCount\":12,\"cachedContentTokenCount\":4,"                           \
    "\"candidatesTokenCount\":3,\"thoughtsTokenCount\":2,\"totalTokenCount\":17},"     \
    "\"modelVersion\":\"m-2026\",\"responseId\":\"r1\"}"
#define PART(text) "{\"text\":\"" text "\"}"

#define AZURE                                                                          \
    "{\"id\":\"cc-1\",\"model\":\"m-2026\",\"prompt_filter_results\":[],\"choices\":[" \
    "{\"content_filter_results\":{},\"finish_reason\":\"stop\",\"index\":0,"           \
    "\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"}}],\"usage\":{"         \
    "\"prompt_tokens\":12,\"completion_tokens\":5,\"prompt_tokens_details\":{"         \
    "\"cached_tokens\":4}}}"

struct text_case {
    const char *dialect, *name;
    int status;
    const char *body;
    enum err code;
    bool retryable;
    const char *text, *finish;
};

static const struct text_case normal[] = {
    {"openai_responses", "normal", 200,
     RESPONSES("completed", OUTPUT(OUTPUT_TEXT("Hello")), ""), ERR_OK, false, "Hello",
     "stop"},
    {"anthropic", "normal", 200, ANTHROPIC(BLOCK("Hello"), "end_turn"), ERR_OK, false,
     "Hello", "stop"},
    {"gemini", "normal", 200, GEMINI(PART("Hello"), "STOP"), ERR_OK, false, "Hello",
     "stop"},
    {"azure_openai", "normal", 200, AZURE, ERR_OK, false, "Hello", "stop"},
};

static const struct text_case cases[] = {
    {"openai_responses", "two parts", 200,
     RESPONSES("completed", OUTPUT(OUTPUT_TEXT("a\\n") "," OUTPUT_TEXT("\\u4e2d")), ""),
     ERR_OK, false, "a\n\xe4\xb8\xad", "stop"},
    {"openai_responses", "length", 200,
     RESPONSES("incomplete", OUTPUT(OUTPUT_TEXT("Hel")),
               "\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"),
     ERR_OK, false, "Hel", "length"},
    {"openai_responses", "filter", 200,
     RESPONSES("incomplete", OUTPUT(OUTPUT_TEXT("Hel")),
               "\"incomplete_details\":{\"reason\":\"content_filter\"},"),
     ERR_CONTENT, false, "Hel", "content_filter"},
    {"openai_responses", "refusal", 200,
     RESPONSES("completed", OUTPUT("{\"type\":\"refusal\",\"refusal\":\"I cannot\"}"),
               ""),
     ERR_CONTENT, false, "", "stop"},
    {"openai_responses", "tool", 200,
     RESPONSES("completed",
               "{\"type\":\"function_call\",\"name\":\"copy\",\"arguments\":"
               "\"{\\\"text\\\":1}\"}",
               ""),
     ERR_OK, false, "{\"text\":1}", "stop"},
    {"openai_responses", "failed inside 200", 200,
     "{\"id\":\"resp_1\",\"status\":\"failed\",\"output\":[],\"error\":{\"code\":"
     "\"server_error\",\"message\":\"it broke\"}}",
     ERR_SERVER, true, "", ""},
    {"openai_responses", "nothing", 200, "", ERR_SERVER, true, "", ""},
    {"openai_completions", "normal", 200, COMPLETION("\"Hello\"", "\"stop\""), ERR_OK,
     false, "Hello", "stop"},
    {"openai_completions", "length", 200, COMPLETION("\"Hel\"", "\"length\""), ERR_OK,
     false, "Hel", "length"},
    {"openai_completions", "no text", 200, COMPLETION("\"\"", "\"stop\""),
     ERR_BAD_OUTPUT, true, "", "stop"},
    {"openai_completions", "chat body", 200, AZURE, ERR_BAD_OUTPUT, true, "", "stop"},
    {"openai_completions", "error", 400,
     "{\"error\":{\"message\":\"no such model\",\"type\":\"invalid_request_error\"}}",
     ERR_BAD_REQUEST, false, "", ""},
    {"anthropic", "thinking is not the answer", 200,
     ANTHROPIC(
         "{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"x\"}," BLOCK("42"),
         "end_turn"),
     ERR_OK, false, "42", "stop"},
    {"anthropic", "tool", 200,
     ANTHROPIC("{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"copy\",\"input\":"
               "{\"text\":\"a\"}}",
               "tool_use"),
     ERR_OK, false, "{\"text\":\"a\"}", "stop"},
    {"anthropic", "length", 200, ANTHROPIC(BLOCK("Hel"), "max_tokens"), ERR_OK, false,
     "Hel", "length"},
    {"anthropic", "refusal", 200, ANTHROPIC("", "refusal"), ERR_CONTENT, false, "",
     "refusal"},
    {"anthropic", "empty", 200, ANTHROPIC("", "end_turn"), ERR_BAD_OUTPUT, true, "",
     "stop"},
    {"anthropic", "overload inside 200", 200,
     "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
     "\"Overloaded\"}}",
     ERR_OVERLOAD, true, "", ""},
    {"anthropic", "529", 529,
     "{\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":"
     "\"Overloaded\"},\"request_id\":\"req_1\"}",
     ERR_OVERLOAD, true, "", ""},
    {"anthropic", "rate", 429,
     "{\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"message\":\"x\"}}",
     ERR_RATE, true, "", ""},
    {"anthropic", "money", 402,
     "{\"type\":\"error\",\"error\":{\"type\":\"billing_error\",\"message\":\"x\"}}",
     ERR_MONEY, false, "", ""},
    {"anthropic", "key", 401,
     "{\"type\":\"error\",\"error\":{\"type\":\"authentication_error\",\"message\":"
     "\"invalid x-api-key\"}}",
     ERR_AUTH, false, "", ""},
    {"gemini", "thoughts are not the answer", 200,
     GEMINI("{\"text\":\"hm\",\"thought\":true}," PART("4") "," PART("2"), "STOP"),
     ERR_OK, false, "42", "stop"},
    {"gemini", "length", 200, GEMINI(PART("Hel"), "MAX_TOKENS"), ERR_OK, false, "Hel",
     "length"},
    {"gemini", "safety", 200, GEMINI("", "SAFETY"), ERR_CONTENT, false, "",
     "content_filter"},
    {"gemini", "blocked prompt", 200,
     "{\"promptFeedback\":{\"blockReason\":\"SAFETY\"},\"usageMetadata\":{"
     "\"promptTokenCount\":12}}",
     ERR_CONTENT, false, "", ""},
    {"gemini", "rate", 429,
     "{\"error\":{\"code\":429,\"message\":\"x\",\"status\":\"RESOURCE_EXHAUSTED\"}}",
     ERR_RATE, true, "", ""},
    {"gemini", "in an array", 400,
     "[{\"error\":{\"code\":400,\"message\":\"x\",\"status\":\"INVALID_ARGUMENT\"}}]",
     ERR_BAD_REQUEST, false, "", ""},
    {"azure_openai", "filter", 400,
     "{\"error\":{\"code\":\"content_filter\",\"message\":\"x\",\"status\":400}}",
     ERR_CONTENT, false, "", ""},
    {"azure_openai", "code is a number in text", 429,
     "{\"error\":{\"code\":\"429\",\"message\":\"retry after 6 seconds\"}}", ERR_RATE,
     true, "", ""},
    {"azure_openai", "HTML", 502, "<html>Bad gateway</html>", ERR_SERVER, true, "", ""},
};

static void read_into(struct reply_fixture *f, const struct text_case *c,
                      const char *headers, const char *body)
{
    fixture_set(f, c->status, headers, body);
    provider_find(c->dialect)->read(&f->http, NOW_MS, &f->reply);
}

static void expect(const struct text_case *c)
{
    struct reply_fixture f;
    char name[128];
    snprintf(name, sizeof name, "%s: %s", c->dialect, c->name);
    read_into(&f, c, "", c->body);
    expect_class(name, &f.reply, c->code, c->retryable);
    if (strcmp(buf_str(&f.reply.text), c->text) != 0 ||
        strcmp(f.reply.finish, c->finish) != 0)
        fail_msg("%s: text '%s' finish '%s'", name, buf_str(&f.reply.text),
                 f.reply.finish);
    fixture_end(&f);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(&cases[i]);
}

/* Cached tokens are part of the input, whatever the vendor's sum is. */
static void test_usage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof normal / sizeof *normal; i++) {
        struct reply_fixture f;
        expect(&normal[i]);
        read_into(&f, &normal[i], "", normal[i].body);
        assert_true(f.reply.has_usage);
        assert_int_equal(f.reply.tokens_in, 12);
        assert_int_equal(f.reply.tokens_out, 5);
        assert_int_equal(f.reply.tokens_cached, 4);
        bool writes = strcmp(normal[i].dialect, "anthropic") == 0;
        assert_int_equal(f.reply.tokens_written, writes ? 2 : 0);
        assert_string_equal(f.reply.model, "m-2026");
        assert_true(f.reply.request_id[0]);
        fixture_end(&f);
        read_into(&f, &normal[i], "request-id: req_7\n", normal[i].body);
        assert_string_equal(f.reply.request_id, "req_7");
        fixture_end(&f);
    }
}

/* What arrives cut is never taken for an answer. */
static void test_cut_everywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof normal / sizeof *normal; i++) {
        size_t whole = strlen(normal[i].body);
        for (size_t n = 0; n < whole; n++) {
            struct reply_fixture f;
            char *part = strndup(normal[i].body, n);
            read_into(&f, &normal[i], "", part);
            if (f.reply.code == ERR_OK)
                fail_msg("%s cut to %zu bytes is an answer", normal[i].dialect, n);
            assert_true(f.reply.retryable);
            assert_int_equal(utf8_invalid_at(f.reply.message, strlen(f.reply.message)),
                             strlen(f.reply.message));
            fixture_end(&f);
            free(part);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_cut_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
