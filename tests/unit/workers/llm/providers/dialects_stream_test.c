/* dialects_stream_test.c: streamed replies of every dialect, split at every byte and
 * cut at every byte. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "workers/llm/provider_stream.h"
#include <stdlib.h>

#define EVENTS "Content-Type: text/event-stream; charset=utf-8\n"
#define CJK "\xe5\xa5\xbd\xf0\x9f\x98\x80" /* a Han character and an emoji */

/* --- bodies, one dialect after the other --- */
#define CHUNK(rest)                                                                    \
    "data: {\"id\":\"cc-1\",\"object\":\"chat.completion.chunk\",\"model\":\"m-2026\"" \
    "," rest "}\n\n"
#define DELTA(delta, finish)                                                           \
    "\"choices\":[{\"index\":0,\"delta\":{" delta "},\"finish_reason\":" finish "}]"
#define SAY(text) CHUNK(DELTA("\"content\":\"" text "\"", "null"))
#define STOP CHUNK(DELTA("", "\"stop\""))
#define USAGE(in, out)                                                                 \
    "\"usage\":{\"prompt_tokens\":" in ",\"completion_tokens\":" out                   \
    ",\"prompt_tokens_details\":{\"cached_tokens\":2}}"
#define LAST_USAGE CHUNK("\"choices\":[]," USAGE("12", "5"))
#define DONE "data: [DONE]\n\n"
#define ROLE CHUNK(DELTA("\"role\":\"assistant\",\"content\":\"\"", "null"))
#define CHAT_TEXT ROLE SAY("Hel") SAY("lo " CJK) SAY("\\u4e2d\\ud83d\\ude00")
#define CHAT_WORDS "Hello " CJK "\xe4\xb8\xad\xf0\x9f\x98\x80"
#define OVERLOADED                                                                     \
    "data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n"

#define TEXT(text, finish, more)                                                       \
    "data: {\"id\":\"cc-1\",\"model\":\"m-2026\",\"choices\":[{\"index\":0,\"text\":"  \
    "\"" text "\",\"finish_reason\":" finish "}]" more "}\n\n"

#define NAMED(type, rest) "event: " type "\ndata: {\"type\":\"" type "\"" rest "}\n\n"
#define RESPONSE(rest)                                                                 \
    ",\"response\":{\"id\":\"cc-1\",\"model\":\"m-2026\",\"error\":null," rest "}"
#define CREATED NAMED("response.created", RESPONSE("\"status\":\"in_progress\""))
#define OUT_TEXT(text) NAMED("response.output_text.delta", ",\"delta\":\"" text "\"")
#define R_USAGE                                                                        \
    "\"usage\":{\"input_tokens\":12,\"output_tokens\":5,"                              \
    "\"input_tokens_details\":{\"cached_tokens\":2}}"
#define COMPLETED                                                                      \
    NAMED("response.completed",                                                        \
          RESPONSE("\"status\":\"completed\",\"output\":[{\"type\":\"message\","       \
                   "\"content\":[{\"type\":\"output_text\",\"text\":\"Hello " CJK      \
                   "\"}]}]," R_USAGE))

#define MESSAGE_START                                                                  \
    NAMED("message_start",                                                             \
          ",\"message\":{\"id\":\"cc-1\",\"model\":\"m-2026\",\"content\":[],"         \
          "\"usage\":{\"input_tokens\":7,\"cache_read_input_tokens\":2,"               \
          "\"cache_creation_input_tokens\":3,"                                         \
          "\"output_tokens\":1}}")                                                     \
    NAMED("content_block_start",                                                       \
          ",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}")          \
    NAMED("ping", "")
#define BLOCK(type, key, text)                                                         \
    NAMED("content_block_delta",                                                       \
          ",\"index\":0,\"delta\":{\"type\":\"" type "\",\"" key "\":\"" text "\"}")
#define BLOCK_TEXT(text) BLOCK("text_delta", "text", text)
#define MESSAGE_END(reason)                                                            \
    NAMED("content_block_stop", ",\"index\":0")                                        \
    NAMED("message_delta", ",\"delta\":{\"stop_reason\":\"" reason                     \
                           "\",\"stop_sequence\":null},\"usage\":{\"output_tokens\""   \
                           ":5}")                                                      \
    NAMED("message_stop", "")

#define PART(text)                                                                     \
    "\"content\":{\"parts\":[{\"text\":\"" text "\"}],\"role\":\"model\"}"
#define GEMINI(candidate, made)                                                        \
    "data: {\"candidates\":[{" candidate ",\"index\":0}],\"usageMetadata\":{"          \
    "\"promptTokenCount\":12,\"candidatesTokenCount\":" made                           \
    ",\"thoughtsTokenCount\":1,\"cachedContentTokenCount\":2},"                        \
    "\"modelVersion\":\"m-2026\",\"responseId\":\"cc-1\"}\r\n\r\n"

struct stream_case {
    const char *dialect, *name, *body;
    enum err transfer; /* how it ended */
    enum err code;
    bool retryable;
    const char *text, *finish;
    int64_t in, out, cached; /* in 0: no usage */
};

static const struct stream_case answers[] = {
    {"openai_chat", "normal", CHAT_TEXT STOP LAST_USAGE DONE, ERR_OK, ERR_OK, false,
     CHAT_WORDS, "stop", 12, 5, 2},
    {"openai_completions", "normal",
     TEXT("Hel", "null", "")
         TEXT("lo " CJK, "\"stop\"", ",\"usage\":null,\"error\":null")
             TEXT("", "null", "," USAGE("12", "5")) DONE,
     ERR_OK, ERR_OK, false, "Hello " CJK, "stop", 12, 5, 2},
    {"openai_responses", "normal",
     CREATED OUT_TEXT("Hel") OUT_TEXT("lo " CJK) COMPLETED, ERR_OK, ERR_OK, false,
     "Hello " CJK, "stop", 12, 5, 2},
    {"anthropic", "normal",
     MESSAGE_START BLOCK("thinking_delta", "thinking", "hm") BLOCK_TEXT("Hel")
         BLOCK_TEXT("lo " CJK) MESSAGE_END("end_turn"),
     ERR_OK, ERR_OK, false, "Hello " CJK, "stop", 12, 5, 2},
    {"gemini", "normal",
     GEMINI(PART("Hel"), "1")
         GEMINI("\"content\":{\"parts\":[{\"text\":\"hm\",\"thought\":true}]}", "1")
             GEMINI(PART("lo " CJK) ",\"finishReason\":\"STOP\"", "4"),
     ERR_OK, ERR_OK, false, "Hello " CJK, "stop", 12, 5, 2},
};

static const struct stream_case cases[] = {
    {"openai_chat", "usage with the choice",
     SAY("a") CHUNK(DELTA("", "\"stop\"") "," USAGE("12", "5")) DONE, ERR_OK, ERR_OK,
     false, "a", "stop", 12, 5, 2},
    {"openai_chat", "usage in every chunk, null in the last",
     CHUNK(DELTA("\"content\":\"a\"", "null") "," USAGE("12", "1"))
         CHUNK(DELTA("\"content\":\"b\"", "\"stop\"") "," USAGE("12", "5"))
             CHUNK("\"choices\":[],\"usage\":null") DONE,
     ERR_OK, ERR_OK, false, "ab", "stop", 12, 5, 2},
    {"openai_chat", "no usage", SAY("a") STOP DONE, ERR_OK, ERR_OK, false, "a", "stop",
     0, 0, 0},
    {"openai_chat", "no [DONE], but a last word", SAY("a") STOP, ERR_OK, ERR_OK, false,
     "a", "stop", 0, 0, 0},
    {"openai_chat", "cut after [DONE]", SAY("a") STOP LAST_USAGE DONE, ERR_TRUNCATED,
     ERR_OK, false, "a", "stop", 12, 5, 2},
    {"openai_chat", "[DONE] without a last word", SAY("a") DONE, ERR_OK, ERR_TRUNCATED,
     true, "a", "", 0, 0, 0},
    {"openai_chat", "the connection broke after the last word", SAY("a") STOP,
     ERR_TRUNCATED, ERR_TRUNCATED, true, "a", "truncated", 0, 0, 0},
    {"openai_chat", "length", SAY("a") CHUNK(DELTA("", "\"length\"")) DONE, ERR_OK,
     ERR_OK, false, "a", "length", 0, 0, 0},
    {"openai_chat", "refusal",
     CHUNK(DELTA("\"refusal\":\"I can\"", "null"))
         CHUNK(DELTA("\"refusal\":\"not\"", "null")) STOP DONE,
     ERR_OK, ERR_CONTENT, false, "", "stop", 0, 0, 0},
    {"openai_chat", "filter", SAY("a") CHUNK(DELTA("", "\"content_filter\"")) DONE,
     ERR_OK, ERR_CONTENT, false, "a", "content_filter", 0, 0, 0},
    {"openai_chat", "a tool",
     CHUNK(DELTA("\"content\":null,\"tool_calls\":[{\"index\":0,\"id\":\"t\","
                 "\"function\":{\"name\":\"copy\",\"arguments\":\"\"}}]",
                 "null"))
         CHUNK(DELTA("\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":"
                     "\"{\\\"a\\\":\"}}]",
                     "null"))
             CHUNK(DELTA("\"content\":\"\",\"tool_calls\":[{\"index\":0,\"function\":{"
                         "\"arguments\":\"1}\"}}]",
                         "null"))
                 CHUNK(DELTA("\"tool_calls\":[{\"index\":1,\"function\":{"
                             "\"arguments\":\"{}\"}}]",
                             "\"tool_calls\"")) DONE,
     ERR_OK, ERR_OK, false, "{\"a\":1}", "tool_calls", 0, 0, 0},
    {"openai_chat", "reasoning is not the answer",
     CHUNK(DELTA("\"reasoning_content\":\"hm\"", "null")) SAY("42") STOP DONE, ERR_OK,
     ERR_OK, false, "42", "stop", 0, 0, 0},
    {"openai_chat", "comments and blank lines",
     "\xef\xbb\xbf: keep-alive\n\n\n\n: OPENROUTER PROCESSING\n\n" SAY(
         "a") ": x\n\ndata:\n\n" STOP DONE,
     ERR_OK, ERR_OK, false, "a", "stop", 0, 0, 0},
    {"openai_chat", "an error first", OVERLOADED, ERR_OK, ERR_OVERLOAD, true, "", "", 0,
     0, 0},
    {"openai_chat", "an error in the middle", SAY("a") OVERLOADED, ERR_OK, ERR_OVERLOAD,
     true, "a", "", 0, 0, 0},
    {"openai_chat", "an error after usage",
     CHUNK(DELTA("\"content\":\"a\"", "null") "," USAGE("12", "1")) OVERLOADED DONE,
     ERR_OK, ERR_OVERLOAD, true, "a", "", 0, 0, 0},
    {"openai_chat", "an error that is a word",
     "event: error\ndata: {\"message\":"
     "\"oh\"}\n\n",
     ERR_OK, ERR_SERVER, true, "", "", 0, 0, 0},
    {"openai_chat", "money first",
     "data: {\"error\":{\"code\":\"insufficient_quota\"}}"
     "\n\n",
     ERR_OK, ERR_MONEY, false, "", "", 0, 0, 0},
    {"openai_chat", "an error inside the choice",
     SAY("a") CHUNK("\"choices\":[{\"error\":{\"code\":502,\"message\":\"up\"},"
                    "\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]") DONE,
     ERR_OK, ERR_SERVER, true, "a", "error", 0, 0, 0},
    {"openai_chat", "damaged event", SAY("a") "data: {\"choices\":[{\"del\n\n" DONE,
     ERR_OK, ERR_SERVER, true, "a", "", 0, 0, 0},
    {"openai_chat", "damaged text", SAY("a") SAY("\xff") STOP DONE, ERR_OK, ERR_SERVER,
     true, "a", "", 0, 0, 0},
    {"openai_chat", "no text in a word", SAY("a") SAY("\\ud83d\\u0000") STOP DONE,
     ERR_OK, ERR_OK, false, "a\xef\xbf\xbd\xef\xbf\xbd", "stop", 0, 0, 0},
    {"openai_chat", "empty stream", "", ERR_OK, ERR_SERVER, true, "", "", 0, 0, 0},
    {"openai_chat", "comments only", ": wait\n\n", ERR_OK, ERR_SERVER, true, "", "", 0,
     0, 0},
    {"openai_chat", "no text", ROLE STOP DONE, ERR_OK, ERR_BAD_OUTPUT, true, "", "stop",
     0, 0, 0},
    {"openai_chat", "late", SAY("a"), ERR_DEADLINE, ERR_DEADLINE, true, "a",
     "truncated", 0, 0, 0},
    {"azure_openai", "begins with filter results",
     "data: {\"choices\":[],\"prompt_filter_results\":[]}\n\n" SAY("a") STOP DONE,
     ERR_OK, ERR_OK, false, "a", "stop", 0, 0, 0},
    {"openai_completions", "an error in the middle", TEXT("a", "null", "") OVERLOADED,
     ERR_OK, ERR_OVERLOAD, true, "a", "", 0, 0, 0},
    {"openai_responses", "only the last event has the text", CREATED COMPLETED, ERR_OK,
     ERR_OK, false, "Hello " CJK, "stop", 12, 5, 2},
    {"openai_responses", "incomplete",
     CREATED OUT_TEXT("a") NAMED(
         "response.incomplete",
         RESPONSE(
             "\"status\":\"incomplete\","
             "\"incomplete_details\":{\"reason\":\"max_output_tokens\"}," R_USAGE)),
     ERR_OK, ERR_OK, false, "a", "length", 12, 5, 2},
    {"openai_responses", "failed",
     CREATED OUT_TEXT("a") NAMED(
         "response.failed", ",\"response\":{\"status\":\"failed\",\"error\":{\"code\":"
                            "\"rate_limit_exceeded\",\"message\":\"slow\"}}"),
     ERR_OK, ERR_RATE, true, "a", "", 0, 0, 0},
    {"openai_responses", "an error first",
     "event: error\ndata: {\"type\":\"error\","
     "\"code\":\"server_overloaded\",\"message\":\"busy\"}\n\n",
     ERR_OK, ERR_OVERLOAD, true, "", "", 0, 0, 0},
    {"openai_responses", "refusal",
     CREATED NAMED("response.refusal.delta", ",\"delta\":\"no\"") COMPLETED, ERR_OK,
     ERR_CONTENT, false, "", "stop", 12, 5, 2},
    {"openai_responses", "a tool",
     CREATED NAMED("response.function_call_arguments.delta",
                   ",\"delta\":\"{\\\"a\\\":1}\"") COMPLETED,
     ERR_OK, ERR_OK, false, "{\"a\":1}", "stop", 12, 5, 2},
    {"anthropic", "an error first",
     NAMED("error", ",\"error\":{\"type\":"
                    "\"overloaded_error\",\"message\":\"Overloaded\"}"),
     ERR_OK, ERR_OVERLOAD, true, "", "", 0, 0, 0},
    {"anthropic", "an error in the middle",
     MESSAGE_START BLOCK_TEXT("a")
         NAMED("error", ",\"error\":{\"type\":\"api_error\",\"message\":\"oh\"}"),
     ERR_OK, ERR_SERVER, true, "a", "", 0, 0, 0},
    {"anthropic", "a tool",
     MESSAGE_START BLOCK("input_json_delta", "partial_json", "{\\\"a\\\":")
         BLOCK("input_json_delta", "partial_json", "1}") MESSAGE_END("tool_use"),
     ERR_OK, ERR_OK, false, "{\"a\":1}", "stop", 12, 5, 2},
    {"anthropic", "length", MESSAGE_START BLOCK_TEXT("a") MESSAGE_END("max_tokens"),
     ERR_OK, ERR_OK, false, "a", "length", 12, 5, 2},
    {"anthropic", "the input told again, without the cache",
     MESSAGE_START BLOCK_TEXT("a") NAMED(
         "message_delta",
         ",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"input_tokens\":7,"
         "\"output_tokens\":5}") NAMED("message_delta", ",\"delta\":{},\"usage\":{}")
         NAMED("message_stop", ""),
     ERR_OK, ERR_OK, false, "a", "stop", 12, 5, 2},
    {"anthropic", "refusal", MESSAGE_START MESSAGE_END("refusal"), ERR_OK, ERR_CONTENT,
     false, "", "refusal", 12, 5, 2},
    {"gemini", "an error first",
     "data: {\"error\":{\"code\":503,\"message\":\"busy\","
     "\"status\":\"UNAVAILABLE\"}}\r\n\r\n",
     ERR_OK, ERR_OVERLOAD, true, "", "", 0, 0, 0},
    {"gemini", "the connection broke after the last word",
     GEMINI(PART("a") ",\"finishReason\":\"STOP\"", "4"), ERR_TRUNCATED, ERR_TRUNCATED,
     true, "a", "truncated", 0, 0, 0},
    {"gemini", "blocked prompt",
     "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\""
     "},\"usageMetadata\":{\"promptTokenCount\":12,\"candidatesTokenCount\":0}}\n\n",
     ERR_OK, ERR_CONTENT, false, "", "", 12, 0, 0},
    {"gemini", "safety in the middle",
     GEMINI(PART("a"), "1") GEMINI("\"finishReason\":\"SAFETY\"", "4"), ERR_OK,
     ERR_CONTENT, false, "a", "content_filter", 12, 5, 2},
};

/* Feeds body[0, a), then [a, b) byte by byte, then the rest, as curl would. */
static void read_split(struct reply_fixture *f, const char *dialect, const char *body,
                       size_t n, size_t a, size_t b, enum err transfer)
{
    struct provider_stream s;
    fixture_set(f, 200, EVENTS, "");
    provider_stream_init(&s, provider_find(dialect), &f->reply);
    enum http_take take = HTTP_TAKE;
    for (size_t at = 0; at < n && take == HTTP_TAKE;) {
        size_t end = at < a ? a : at < b ? at + 1 : n;
        take = provider_stream_feed(&s, &f->http, body + at, end - at);
        at = end;
    }
    f->http.err = take == HTTP_STOP ? ERR_CANCELLED : transfer;
    provider_stream_end(&s, &f->http, NOW_MS);
    provider_stream_fini(&s);
}

static void expect_case(const struct stream_case *c, size_t a, size_t b)
{
    struct reply_fixture f;
    const struct provider_reply *r = &f.reply;
    read_split(&f, c->dialect, c->body, strlen(c->body), a, b, c->transfer);
    expect_class(c->name, r, c->code, c->retryable);
    if (strcmp(buf_str(&r->text), c->text) != 0 || strcmp(r->finish, c->finish) != 0)
        fail_msg("%s %s: '%s' %s", c->dialect, c->name, buf_str(&r->text), r->finish);
    if (r->has_usage != (c->in > 0) ||
        (c->in > 0 && (r->tokens_in != c->in || r->tokens_out != c->out ||
                       r->tokens_cached != c->cached)))
        fail_msg("%s %s: usage %d %d %d %d", c->dialect, c->name, r->has_usage,
                 (int)r->tokens_in, (int)r->tokens_out, (int)r->tokens_cached);
    fixture_end(&f);
}

static void expect_splits(const struct stream_case *c)
{
    size_t n = strlen(c->body);
    expect_case(c, n, n);
    expect_case(c, 0, n);
    for (size_t i = 0; i <= n; i++)
        expect_case(c, i, i);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct reply_fixture f;
        const struct stream_case *c = &answers[i];
        expect_splits(c);
        size_t n = strlen(c->body);
        read_split(&f, c->dialect, c->body, n, n, n, ERR_OK);
        assert_string_equal(f.reply.model, "m-2026");
        assert_string_equal(f.reply.request_id, "cc-1");
        assert_int_equal(f.reply.tokens_written,
                         strcmp(c->dialect, "anthropic") ? 0 : 3);
        fixture_end(&f);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_splits(&cases[i]);
}

/* \r\n and lone \r in the place of \n. */
static void test_other_line_ends(void **state)
{
    (void)state;
    char body[4096];
    struct stream_case c = answers[0];
    for (int both = 0; both < 2; both++) {
        size_t n = 0;
        for (const char *p = c.body; *p; p++) {
            if (*p == '\n')
                body[n++] = '\r';
            if (*p != '\n' || both)
                body[n++] = *p;
        }
        body[n] = '\0';
        c.body = body;
        expect_splits(&c);
        c.body = answers[0].body;
    }
}

/* What is cut is no answer, unless nothing but the end marks is missing. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    static const enum err ends[] = {ERR_OK, ERR_TRUNCATED, ERR_DEADLINE};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        const struct stream_case *c = &answers[i];
        size_t answered = 0, n = strlen(c->body);
        for (size_t cut = 0; cut < n * 3; cut++) {
            struct reply_fixture f;
            enum err end = ends[cut / n];
            read_split(&f, c->dialect, c->body, cut % n, 0, 0, end);
            size_t len = f.reply.text.len;
            assert_memory_equal(buf_str(&f.reply.text), c->text, len);
            if (f.reply.code == ERR_OK)
                assert_true(len == strlen(c->text) && !end);
            else
                assert_true(f.reply.retryable && !f.reply.has_usage);
            answered += f.reply.code == ERR_OK;
            fixture_end(&f);
        }
        bool has_end = provider_find(c->dialect)->stream_has_end;
        assert_true(has_end ? answered == 0 : answered < n / 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_other_line_ends),
        cmocka_unit_test(test_cut_at_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
