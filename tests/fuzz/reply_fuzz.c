/* reply_fuzz.c: HTTP replies of an LLM endpoint: a status line, header lines, an empty
 * line, the body. Without a status line it is 200. The body is read as one reply and as
 * a stream of events, whole and byte by byte. */
#include "campaigns/checks/repair.h"
#include "core/io/http_headers.h"
#include "tests/fuzz/fuzz.h"
#include "workers/llm/price.h"
#include "workers/llm/provider_stream.h"

#define NOW_MS INT64_C(1793880000000) /* Thu, 05 Nov 2026 12:00:00 GMT */
#define RETRY_MAX_MS (INT64_C(24) * 3600 * 1000)

/* Takes the header lines; returns where the body begins. */
static size_t read_headers(struct http_headers *headers, const char *text, size_t n)
{
    size_t at = 0;
    while (at < n) {
        const char *line = text + at, *stop = memchr(line, '\n', n - at);
        size_t len = stop ? (size_t)(stop - line) + 1 : n - at;
        at += len;
        if (len <= 2 && (line[0] == '\n' || (len == 2 && line[0] == '\r')))
            break;
        http_headers_add_line(headers, line, len);
    }
    return at;
}

static void check_reply(const struct provider_reply *r)
{
    static const struct price price = {15000, 75000, 1500, 18750};
    check(r->code < ERR_COUNT);
    check(r->code == ERR_OK ? !r->retryable && r->text.len > 0 : r->message[0] != 0);
    check(r->retry_after_ms >= -1 && r->retry_after_ms <= RETRY_MAX_MS);
    check(utf8_invalid_at(buf_str(&r->text), r->text.len) == r->text.len);
    fuzz_check_text(r->finish, sizeof r->finish);
    fuzz_check_text(r->model, sizeof r->model);
    fuzz_check_text(r->request_id, sizeof r->request_id);
    fuzz_check_text(r->message, sizeof r->message);
    if (r->has_usage) {
        check(r->tokens_in > 0 && r->tokens_out >= 0);
        check(r->tokens_cached >= 0 && r->tokens_written >= 0);
        check(r->tokens_cached + r->tokens_written <= r->tokens_in);
        struct price_usage u = {r->tokens_in, r->tokens_out, r->tokens_cached,
                                r->tokens_written};
        check(price_cost_nano(&price, &u) > 0);
    }
}

static void read_content(const struct provider_reply *r)
{
    struct err_detail d = {.code = ERR_OK};
    struct json *value = NULL;
    bool repaired;
    if (!repair_parse(buf_str(&r->text), r->text.len, &value, &repaired, &d))
        json_free(value);
}

static void read_stream(const struct provider *p, const struct http_reply *whole,
                        size_t piece, struct provider_reply *out)
{
    struct provider_stream s;
    struct http_reply http = *whole;
    enum http_take take = HTTP_TAKE;
    provider_reply_init(out);
    provider_stream_init(&s, p, out);
    s.is_stream = true;
    for (size_t at = 0; at < whole->body_len && take != HTTP_STOP;) {
        size_t left = whole->body_len - at, n = piece < left ? piece : left;
        take = provider_stream_feed(&s, &http, whole->body + at, n);
        at += n;
    }
    http.err = take == HTTP_STOP ? ERR_CANCELLED : ERR_OK;
    http.body = "";
    http.body_len = 0;
    provider_stream_end(&s, &http, NOW_MS);
    provider_stream_fini(&s);
    check_reply(out);
}

/* Split in any way, it says the same. */
static void check_stream(const struct provider *p, const struct http_reply *http)
{
    struct provider_reply one, other;
    read_stream(p, http, SIZE_MAX, &one);
    read_stream(p, http, 1, &other);
    check(one.code == other.code && one.retryable == other.retryable);
    check(strcmp(one.finish, other.finish) == 0);
    check(one.text.len == other.text.len);
    check(memcmp(buf_str(&one.text), buf_str(&other.text), one.text.len) == 0);
    check(one.has_usage == other.has_usage && one.tokens_in == other.tokens_in);
    provider_reply_fini(&one);
    provider_reply_fini(&other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct http_headers headers;
    http_headers_init(&headers);
    size_t at = read_headers(&headers, (const char *)data, n);
    char *body = fuzz_string(data + at, n - at);
    struct http_reply http = {.sent = true,
                              .status = headers.status ? headers.status : 200,
                              .body = body,
                              .body_len = n - at,
                              .message = "",
                              .headers = &headers};
    const struct provider *p;
    for (size_t i = 0; (p = provider_at(i)); i++) {
        struct provider_reply reply;
        provider_reply_init(&reply);
        p->read(&http, NOW_MS, &reply);
        check_reply(&reply);
        read_content(&reply);
        provider_reply_fini(&reply);
        if (p->stream)
            check_stream(p, &http);
    }
    free(body);
    http_headers_fini(&headers);
    return 0;
}
