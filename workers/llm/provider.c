/* provider.c: the list of dialects, and what requests and replies of all have in
 * common. */
#include "workers/llm/provider.h"
#include "core/base/digits.h"
#include "core/base/utf8.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define KEY_MIN_BYTES 8
#define URL_MAX_BYTES 1024
#define AUTH_MAX_BYTES 8192
#define BODY_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define TEXT_MAX_BYTES ((size_t)1024 * 1024)

#define PROVIDER(name) extern const struct provider provider_##name;
#include "workers/providers.def"
#undef PROVIDER

static const struct provider *const providers[] = {
#define PROVIDER(name) &provider_##name,
#include "workers/providers.def"
#undef PROVIDER
};

const struct provider *provider_at(size_t i)
{
    return i < sizeof providers / sizeof *providers ? providers[i] : NULL;
}

const struct provider *provider_find(const char *name)
{
    const struct provider *p;
    for (size_t i = 0; (p = provider_at(i)) != NULL; i++)
        if (strcmp(p->name, name) == 0)
            return p;
    return NULL;
}

void provider_request_init(struct provider_request *q)
{
    *q = (struct provider_request){0};
    buf_init(&q->url, URL_MAX_BYTES);
    buf_init(&q->body, BODY_MAX_BYTES);
    buf_init(&q->auth, AUTH_MAX_BYTES);
}

void provider_request_fini(struct provider_request *q)
{
    if (q->auth.data)
        explicit_bzero(q->auth.data, q->auth.cap_bytes);
    buf_fini(&q->url);
    buf_fini(&q->body);
    buf_fini(&q->auth);
}

void provider_request_reset(struct provider_request *q)
{
    buf_clear(&q->url);
    buf_clear(&q->body);
    buf_clear(&q->auth);
    q->without = 0;
    q->stream = false;
    q->header_count = 0;
}

void provider_header(struct provider_request *q, const char *name, const char *value)
{
    check(q->header_count < PROVIDER_HEADERS_MAX);
    q->headers[q->header_count++] = (struct http_header){name, value};
}

/* campaign/stage/iteration/index/attempt; once a call, so without printf. */
static void write_call_id(struct provider_request *q, const struct port_call *call)
{
    const char *names[] = {call->campaign, call->stage};
    const int numbers[] = {call->iteration, call->index, call->attempt};
    char *at = q->call_id, *end = at + sizeof q->call_id - 3 * (DIGITS_MAX_BYTES + 1);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strnlen(names[i], (size_t)(end - at));
        memcpy(at, names[i], n);
        at += n;
        if (i == 0 && at < end)
            *at++ = '/';
    }
    for (size_t i = 0; i < 3; i++) {
        *at++ = '/';
        at += digits_write(at, numbers[i]);
    }
    *at = '\0';
}

void provider_json_headers(struct provider_request *q, const struct port_call *call)
{
    provider_header(q, "Content-Type", "application/json");
    provider_header(q, "Accept", q->stream ? "text/event-stream" : "application/json");
    write_call_id(q, call);
    provider_header(q, "X-Client-Request-Id", q->call_id);
}

void provider_key(struct provider_request *q, const char *name, const char *scheme,
                  const char *key)
{
    if (!key || !*key)
        return;
    buf_append_str(&q->auth, scheme);
    buf_append_str(&q->auth, key);
    provider_header(q, name, buf_str(&q->auth));
}

void provider_bearer(struct provider_request *q, const char *key)
{
    provider_key(q, "Authorization", "Bearer ", key);
}

void provider_reply_init(struct provider_reply *r)
{
    *r = (struct provider_reply){.retry_after_ms = -1};
    buf_init(&r->text, TEXT_MAX_BYTES);
}

void provider_reply_fini(struct provider_reply *r)
{
    buf_fini(&r->text);
}

void provider_reply_reset(struct provider_reply *r)
{
    struct buf text = r->text;
    buf_clear(&text);
    *r = (struct provider_reply){.retry_after_ms = -1, .text = text};
}

void provider_copy_text(char *out, size_t size, const char *s, size_t n)
{
    size_t used = 0;
    for (size_t at = 0; at < n;) {
        uint32_t c;
        size_t len = utf8_decode(s + at, n - at, &c);
        const char *from = s + at;
        if (len == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            from = len == 0 ? "?" : " ";
            at += len == 0 ? 1 : len;
            len = 1;
        } else {
            at += len;
        }
        if (used + len >= size)
            break;
        memcpy(out + used, from, len);
        used += len;
    }
    out[used] = '\0';
}

void provider_fail(struct provider_reply *r, enum err code, bool retryable,
                   const char *fmt, ...)
{
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->code = code;
    r->retryable = retryable;
    provider_copy_text(r->message, sizeof r->message, text, strlen(text));
}

/* What is shorter is no secret; the end of the text may be the key's beginning, cut. */
void provider_hide_key(char *text, const char *key)
{
    size_t len = key ? strlen(key) : 0, size = strlen(text);
    for (char *at = text; len >= KEY_MIN_BYTES && (at = strstr(at, key)); at += len)
        memset(at, '*', len);
    for (size_t n = len < size ? len : size; n >= KEY_MIN_BYTES; n--)
        if (memcmp(text + size - n, key, n) == 0)
            memset(text + size - n, '*', n);
}

/* What went out may have been served, and so billed: the caller knows by `sent`. */
void provider_read_failure(const struct http_reply *http, struct provider_reply *out)
{
    const char *why = http->message ? http->message : "";
    bool retryable = false;
    switch (http->err) {
    case ERR_UNSENT:
    case ERR_UNKNOWN_OUTCOME:
    case ERR_TRUNCATED:
    case ERR_DEADLINE:
        retryable = true;
        break;
    default:
        break;
    }
    const char *finish = http->err == ERR_TRUNCATED   ? "truncated"
                         : http->err == ERR_CANCELLED ? "cancelled"
                                                      : "";
    (void)snprintf(out->finish, sizeof out->finish, "%s", finish);
    provider_fail(out, http->err, retryable, "%s%s%s", err_meaning(http->err),
                  *why ? ": " : "", why);
}
