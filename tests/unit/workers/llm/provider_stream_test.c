/* provider_stream_test.c: replies that are no stream, streams without an end, headers.
 * What the dialects' streams say is in providers/dialects_stream_test.c. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "workers/llm/provider_stream.h"
#include <stdlib.h>

#define EVENTS "Content-Type: text/event-stream\n"
#define SAY(text)                                                                      \
    "data: {\"choices\":[{\"delta\":{\"content\":\"" text                              \
    "\"},\"finish_reason\":null}]}\n\n"
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
        cmocka_unit_test(test_no_stream),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_header_id_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
