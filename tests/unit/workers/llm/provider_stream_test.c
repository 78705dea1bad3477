/* provider_stream_test.c: replies that are no stream, streams without an end, headers.
 * What the dialects' streams say is in providers/dialects_stream_test.c. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "workers/llm/provider_stream.h"
#include <stdlib.h>

#define EVENTS "Content-Type: text/event-stream\n"
#define SAY(text)                                                                      \
    "data: {\"choices\":[{\"delta\":{\"content\":\"" text                              \
    "\"},\"finish_reason\":null}]}\n\n"
#define STOP "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define OVERLOADED "data: {\"error\":{\"type\":\"overloaded_error\"}}\n\n"

/* Errors, and answers of servers that do not stream. */
static void test_no_stream(void **state)
{
    (void)state;
    static const char json[] = "{\"choices\":[{\"message\":{\"content\":\"a\"},"
                               "\"finish_reason\":\"stop\"}]}";
    static const struct {
        int status;
        const char *headers, *body;
        enum err transfer, code;
    } replies[] = {
        {200, "Content-Type: application/json\n", json, ERR_OK, ERR_OK},
        {200, "", json, ERR_OK, ERR_OK},
        {200, "Content-Type: application/json\n", json, ERR_TRUNCATED, ERR_TRUNCATED},
        {200, "Content-Type: text/html\n", "<html>", ERR_OK, ERR_SERVER},
        {429, EVENTS, "{\"error\":{\"message\":\"slow\"}}", ERR_OK, ERR_RATE},
        {502, "Content-Type: text/html\n", "<html>", ERR_OK, ERR_SERVER},
        {0, "", "", ERR_UNSENT, ERR_UNSENT},
    };
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct reply_fixture f;
        struct provider_stream s;
        fixture_set(&f, replies[i].status, replies[i].headers, replies[i].body);
        provider_stream_init(&s, provider_find("openai_chat"), &f.reply);
        for (size_t at = 0; at < f.http.body_len; at++)
            assert_int_equal(provider_stream_feed(&s, &f.http, replies[i].body + at, 1),
                             HTTP_KEEP);
        f.http.err = replies[i].transfer;
        provider_stream_end(&s, &f.http, NOW_MS);
        assert_int_equal(f.reply.code, replies[i].code);
        provider_stream_fini(&s);
        fixture_end(&f);
    }
}

/* Streams without their type, whole and a byte at a time. */
static void test_sniffed(void **state)
{
    (void)state;
    static const char rest[] = SAY("a") STOP "data: [DONE]\n\n";
    static const char *const starts[] = {"",         ": ping\n\n", "\xef\xbb\xbf",
                                         " \r\n\n",  "event: x\n", "id: 1\n",
                                         "retry:9\n"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts * 2; i++) {
        struct reply_fixture f;
        struct provider_stream s;
        char body[256];
        size_t n = (size_t)snprintf(body, sizeof body, "%s%s", starts[i / 2], rest);
        fixture_set(&f, 200, i % 3 ? "Content-Type: text/plain\n" : "", "");
        provider_stream_init(&s, provider_find("openai_chat"), &f.reply);
        for (size_t at = 0, step = i % 2 ? n : 1; at < n; at += step)
            assert_true(provider_stream_feed(&s, &f.http, body + at, step) !=
                        HTTP_STOP);
        provider_stream_end(&s, &f.http, NOW_MS);
        assert_int_equal(f.reply.code, ERR_OK);
        assert_string_equal(buf_str(&f.reply.text), "a");
        provider_stream_fini(&s);
        fixture_end(&f);
    }
}

/* What looks like one at first, or comes with another status, is none. */
static void test_not_sniffed(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *body;
        enum http_take take;
        bool begun;
    } replies[] = {{200, "  \r\n ", HTTP_TAKE, false},
                   {200, " dat", HTTP_KEEP, false},
                   {200, "date: x", HTTP_KEEP, true},
                   {200, "\n{\"a\":1}", HTTP_KEEP, true},
                   {500, "data: x\n\n", HTTP_KEEP, true}};
    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct reply_fixture f;
        struct provider_stream s;
        fixture_set(&f, replies[i].status, "", replies[i].body);
        provider_stream_init(&s, provider_find("openai_chat"), &f.reply);
        assert_int_equal(
            provider_stream_feed(&s, &f.http, replies[i].body, f.http.body_len),
            replies[i].take);
        assert_int_equal(s.begun, replies[i].begun);
        provider_stream_end(&s, &f.http, NOW_MS);
        assert_true(f.reply.code == ERR_SERVER || f.reply.code == ERR_TRUNCATED);
        provider_stream_fini(&s);
        fixture_end(&f);
    }
}

/* When the first token has come: the limits of time depend on it. */
static void test_begun(void **state)
{
    (void)state;
    static const struct {
        const char *dialect, *body;
        bool begun;
    } cases[] = {
        {"openai_chat", ": ping\n\n", false},
        {"openai_chat",
         "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\","
         "\"reasoning\":null,\"reasoning_content\":\"\"}}]}\n\n",
         false},
        {"openai_chat", SAY("a"), true},
        {"openai_chat", "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n",
         true},
        {"openai_chat",
         "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n", true},
        {"openai_chat", "data: {\"choices\":[{\"delta\":{\"refusal\":\"no\"}}]}\n\n",
         true},
        {"openai_completions", "data: {\"choices\":[{\"text\":\"a\"}]}\n\n", true},
        {"openai_responses",
         "data: {\"type\":\"response.created\",\"response\":{}}\n\n", false},
        {"openai_responses",
         "data: {\"type\":\"response.reasoning_text.delta\",\"delta\":\"hm\"}\n\n",
         true},
        {"anthropic", "event: ping\ndata: {\"type\": \"ping\"}\n\n", false},
        {"anthropic", "data: {\"type\":\"message_start\",\"message\":{}}\n\n", false},
        {"anthropic",
         "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":"
         "\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
         true},
        {"gemini", "data: {\"candidates\":[{\"index\":0}]}\n\n", false},
        {"gemini",
         "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"hm\","
         "\"thought\":true}]}}]}\n\n",
         true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        struct provider_stream s;
        fixture_set(&f, 200, EVENTS, "");
        provider_stream_init(&s, provider_find(cases[i].dialect), &f.reply);
        assert_int_equal(
            provider_stream_feed(&s, &f.http, cases[i].body, strlen(cases[i].body)),
            HTTP_TAKE);
        if (s.begun != cases[i].begun)
            fail_msg("%s: %s", cases[i].dialect, cases[i].body);
        provider_stream_fini(&s);
        fixture_end(&f);
    }
}

/* Feeds `piece` until it is refused; returns how many were taken. */
static size_t feed_endless(const char *headers, const char *piece, enum err code)
{
    struct reply_fixture f;
    struct provider_stream s;
    size_t count = 0, n = strlen(piece);
    fixture_set(&f, 200, headers, "");
    provider_stream_init(&s, provider_find("openai_chat"), &f.reply);
    while (provider_stream_feed(&s, &f.http, piece, n) != HTTP_STOP)
        assert_true(++count < 100000);
    f.http.err = ERR_CANCELLED;
    provider_stream_end(&s, &f.http, NOW_MS);
    assert_int_equal(f.reply.code, code);
    assert_false(f.reply.retryable);
    provider_stream_fini(&s);
    fixture_end(&f);
    return count;
}

static void test_bounds(void **state)
{
    (void)state;
    char letters[1025];
    memset(letters, 'x', 1024);
    letters[1024] = '\0';
    assert_int_equal(feed_endless("", letters, ERR_LIMIT), 2048);
    assert_int_equal(feed_endless(EVENTS, letters, ERR_LIMIT), 4096); /* one line */
    char event[2048];
    (void)snprintf(event, sizeof event, SAY("%s"), letters);
    assert_int_equal(feed_endless(EVENTS, event, ERR_LIMIT), 1024); /* the text */
}

static void test_header_id_wins(void **state)
{
    (void)state;
    struct reply_fixture f;
    struct provider_stream s;
    fixture_set(&f, 200, EVENTS "X-Request-Id: req_9\nRetry-After: 7\n", "");
    provider_stream_init(&s, provider_find("openai_chat"), &f.reply);
    const char *body = SAY("a") OVERLOADED;
    assert_int_equal(provider_stream_feed(&s, &f.http, body, strlen(body)), HTTP_STOP);
    f.http.err = ERR_CANCELLED;
    provider_stream_end(&s, &f.http, NOW_MS);
    assert_string_equal(f.reply.request_id, "req_9");
    assert_int_equal(f.reply.retry_after_ms, 7000);
    provider_stream_fini(&s);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_stream),   cmocka_unit_test(test_sniffed),
        cmocka_unit_test(test_not_sniffed), cmocka_unit_test(test_begun),
        cmocka_unit_test(test_bounds),      cmocka_unit_test(test_header_id_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
