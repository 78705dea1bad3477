/* provider_stream.c: see provider_stream.h. */
#include "workers/llm/provider_stream.h"
#include "workers/llm/provider_scan.h"
#include <stdio.h>
#include <string.h>

#define EVENT_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define ERROR_MAX_BYTES ((size_t)64 * 1024)
#define KEPT_MAX_BYTES ((size_t)2 * 1024 * 1024) /* of a reply that is no stream */

static bool is_null(const struct json_span *s)
{
    return s->len == 4 && memcmp(s->at, "null", 4) == 0;
}

/* Sets what is wrong with an event; otherwise it is for the dialect. */
static bool is_wrong(struct provider_stream *s, const struct sse_event *e)
{
    const struct json_span data = {e->data, e->data_len};
    struct json_member error = {.name = "error"};
    enum err failed = json_scan_members(&data, &error, 1);
    if (failed == ERR_NOT_FOUND || strcmp(e->type, "error") == 0 ||
        (!failed && error.value.at && !is_null(&error.value)))
        provider_stream_error(s, &data);
    else if (failed)
        s->text = ERR_BAD_JSON;
    else
        return false;
    return true;
}

/* The last usage that tells numbers is the one that counts: an event without any must
 * not undo it. */
static void read_event(struct provider_stream *s, const struct sse_event *e)
{
    struct provider_reply *out = s->out;
    const struct json_span data = {e->data, e->data_len};
    const struct {
        int64_t in, out, cached, written;
        bool known;
    } before = {out->tokens_in, out->tokens_out, out->tokens_cached,
                out->tokens_written, out->has_usage};
    s->provider->stream(s, e->type, &data);
    s->begun = s->begun || out->text.len > 0;
    if (out->has_usage || !before.known)
        return;
    out->tokens_in = before.in;
    out->tokens_out = before.out;
    out->tokens_cached = before.cached;
    out->tokens_written = before.written;
    out->has_usage = true;
}

static enum err on_event(void *arg, const struct sse_event *e)
{
    struct provider_stream *s = arg;
    size_t blank = strspn(e->data, " \t\n");
    if (s->done || blank == e->data_len)
        return ERR_OK;
    s->any = true;
    if (strcmp(e->data + blank, "[DONE]") == 0)
        s->done = true;
    else if (!is_wrong(s, e))
        read_event(s, e);
    return s->text || s->error.len > 0 ? ERR_CANCELLED : ERR_OK;
}

void provider_stream_init(struct provider_stream *s, const struct provider *p,
                          struct provider_reply *out)
{
    *s = (struct provider_stream){.provider = p, .out = out};
    sse_init(&s->sse, EVENT_MAX_BYTES, EVENT_MAX_BYTES, on_event, s);
    buf_init(&s->error, ERROR_MAX_BYTES);
}

void provider_stream_fini(struct provider_stream *s)
{
    sse_fini(&s->sse);
    buf_fini(&s->error);
}

static bool says_stream(const struct http_reply *http)
{
    const char *type = http_reply_header(http, "content-type");
    return http->status >= 200 && http->status < 300 && type &&
           strcasestr(type, "text/event-stream");
}

static enum http_take keep(struct provider_stream *s, size_t n)
{
    if (n > KEPT_MAX_BYTES - s->kept_bytes) {
        s->limit = ERR_LIMIT;
        return HTTP_STOP;
    }
    s->kept_bytes += n;
    s->begun = s->begun || s->is_other;
    return HTTP_KEEP;
}

static bool is_blank(char c)
{
    static const char blanks[] = " \t\r\n\xef\xbb\xbf"; /* a byte order mark, too */
    return memchr(blanks, c, sizeof blanks - 1) != NULL;
}

/* Could, or do, these bytes begin an event stream? */
static bool begins_stream(const char *head, size_t n, bool *whole)
{
    static const char *const fields[] = {":", "data:", "event:", "id:", "retry:"};
    *whole = false;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (strncmp(fields[i], head, n) == 0) {
            *whole = fields[i][n] == '\0';
            return true;
        }
    }
    return false;
}

/* Some servers send their streams as text/plain, or as nothing at all. Returns how many
 * bytes were looked at. */
static size_t sniff(struct provider_stream *s, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && !s->is_stream && !s->is_other) {
        char c = bytes[at++];
        if (s->head_len == 0 && is_blank(c))
            continue;
        s->head[s->head_len++] = c;
        s->is_other = !begins_stream(s->head, s->head_len, &s->is_stream);
    }
    return at;
}

static enum http_take take(struct provider_stream *s, const char *bytes, size_t n)
{
    enum err e = sse_feed(&s->sse, bytes, n);
    if (e && e != ERR_CANCELLED)
        s->limit = e;
    return e ? HTTP_STOP : HTTP_TAKE;
}

/* Bytes that could be either are kept; of a stream nobody reads them. */
static enum http_take find_out(struct provider_stream *s,
                               const struct http_reply *so_far, const char *bytes,
                               size_t n)
{
    s->is_stream = says_stream(so_far);
    s->is_other = so_far->status < 200 || so_far->status >= 300;
    size_t seen = sniff(s, bytes, n);
    if (!s->is_stream)
        return s->is_other || s->head_len > 0 ? keep(s, n) : HTTP_TAKE;
    enum http_take first = take(s, s->head, s->head_len);
    return first == HTTP_TAKE ? take(s, bytes + seen, n - seen) : first;
}

enum http_take provider_stream_feed(struct provider_stream *s,
                                    const struct http_reply *so_far, const char *bytes,
                                    size_t n)
{
    if (s->is_other)
        return keep(s, n);
    return s->is_stream ? take(s, bytes, n) : find_out(s, so_far, bytes, n);
}

void provider_stream_thought(struct provider_stream *s)
{
    s->begun = true;
}

void provider_stream_text(struct provider_stream *s, enum err e)
{
    if (e && e != ERR_NOT_FOUND)
        s->text = e;
}

void provider_stream_refusal(struct provider_stream *s, const struct json_span *in,
                             const char *path)
{
    size_t len = strlen(s->refusal);
    provider_scan_word(in, path, s->refusal + len, sizeof s->refusal - len);
    s->begun = s->begun || *s->refusal;
}

/* Of an object that does not fit, its beginning is enough to be classified by. */
void provider_stream_error(struct provider_stream *s, const struct json_span *object)
{
    size_t n = object->len < ERROR_MAX_BYTES ? object->len : ERROR_MAX_BYTES;
    buf_clear(&s->error);
    if (buf_append(&s->error, object->at, n))
        s->text = ERR_NOMEM;
}

void provider_stream_model(struct provider_stream *s, const struct json_span *in,
                           const char *path)
{
    struct provider_reply *out = s->out;
    if (!*out->model)
        provider_scan_word(in, path, out->model, sizeof out->model);
}

void provider_stream_id(struct provider_stream *s, const struct json_span *in,
                        const char *path)
{
    struct provider_reply *out = s->out;
    if (*out->reply_id)
        return;
    provider_scan_word(in, path, out->reply_id, sizeof out->reply_id);
    if (!*out->request_id)
        memcpy(out->request_id, out->reply_id, sizeof out->request_id);
}

static void read_error(struct provider_stream *s, const struct http_reply *http,
                       int64_t now_ms)
{
    struct http_reply error = *http;
    error.body = buf_str(&s->error);
    error.body_len = s->error.len;
    provider_read_error(&error, now_ms, s->out);
}

static void end_incomplete(struct provider_stream *s, const struct http_reply *http)
{
    struct provider_reply *out = s->out;
    if (http->err)
        provider_read_failure(http, out);
    else if (!s->any)
        provider_fail(out, ERR_SERVER, true, "an empty stream with status %d",
                      http->status);
    else
        provider_fail(out, ERR_TRUNCATED, true, "the stream ended before its end");
    if (out->code == ERR_TRUNCATED || (out->code == ERR_DEADLINE && out->text.len > 0))
        (void)snprintf(out->finish, sizeof out->finish, "truncated");
}

/* Some servers end with the last word, others have an event for it. */
static bool is_complete(const struct provider_stream *s, const struct http_reply *http)
{
    bool may_just_end = !s->provider->stream_has_end && *s->out->finish;
    return s->done || (may_just_end && !http->err);
}

static void end_stream(struct provider_stream *s, const struct http_reply *http,
                       int64_t now_ms)
{
    struct provider_reply *out = s->out;
    bool complete = is_complete(s, http);
    if (s->error.len > 0)
        read_error(s, http, now_ms);
    else if (s->limit)
        provider_fail(out, ERR_LIMIT, false, "the reply is too large");
    else if (s->text || (!out->code && complete))
        provider_judge_text(out, s->text, s->refusal);
    else if (!out->code)
        end_incomplete(s, http);
    if (out->code && out->code != ERR_CONTENT && !complete)
        /* what was counted so far is not the whole */
        out->has_usage = false;
}

void provider_stream_end(struct provider_stream *s, const struct http_reply *http,
                         int64_t now_ms)
{
    if (s->is_stream) {
        (void)provider_read_header_id(http, s->out);
        end_stream(s, http, now_ms);
    } else if (s->limit) {
        provider_fail(s->out, ERR_LIMIT, false, "the reply is too large");
    } else if (http->err) {
        provider_read_failure(http, s->out);
    } else {
        s->provider->read(http, now_ms, s->out);
    }
}
