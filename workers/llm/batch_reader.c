/* batch_reader.c: see batch_reader.h. */
#include "workers/llm/batch_reader.h"
#include "core/io/http_headers.h"
#include <string.h>

void batch_reader_init(struct batch_reader *r)
{
    buf_init(&r->line, BATCH_LINE_MAX_BYTES);
    r->is_overlong = false;
    r->broken = r->foreign = r->twice = 0;
    r->failed = ERR_OK;
}

void batch_reader_fini(struct batch_reader *r)
{
    buf_fini(&r->line);
}

/* The slot of an id, to be settled now; or -1. At most 256 calls are of one iteration.
 */
static int take_slot(struct batch_reader *r, const char *id)
{
    struct batch_place at;
    if (!batch_id_read(id, r->campaign, r->stage, &at) ||
        at.iteration != r->iteration) {
        r->foreign++;
        return -1;
    }
    for (int i = 0; i < r->count; i++) {
        struct batch_slot *s = &r->slots[i];
        if (s->index != at.index || s->attempt != at.attempt)
            continue;
        if (s->is_settled) {
            r->twice++;
            return -1;
        }
        s->is_settled = true;
        return i;
    }
    r->foreign++;
    return -1;
}

/* A reply's body ends with a NUL; in the line something follows it, which is put back.
 */
static void read_answer(const struct batch_reader *r, const struct batch_line *line,
                        struct provider_reply *out)
{
    struct http_headers headers;
    char *end = r->line.data + (line->body.at - r->line.data) + line->body.len;
    char after = *end;
    http_headers_init(&headers);
    struct http_reply http = {.sent = true,
                              .status = line->status,
                              .body = line->body.at,
                              .body_len = line->body.len,
                              .message = "",
                              .headers = &headers};
    *end = '\0';
    if (line->fate == BATCH_ANSWERED)
        r->provider->read(&http, r->now_ms, out);
    else
        provider_read_error(&http, r->now_ms, out);
    *end = after;
    http_headers_fini(&headers);
}

static void hide_key(const struct batch_reader *r, struct provider_reply *out)
{
    char *const words[] = {out->message, out->model, out->finish, out->request_id,
                           out->reply_id};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        provider_hide_key(words[i], r->key);
}

static void read_fate(const struct batch_reader *r, const struct batch_line *line,
                      struct provider_reply *out)
{
    switch (line->fate) {
    case BATCH_EXPIRED:
        provider_fail(out, ERR_DEADLINE, true, "the batch expired before this call");
        break;
    case BATCH_CANCELLED:
        provider_fail(out, ERR_CANCELLED, true,
                      "the batch was cancelled before this call");
        break;
    default:
        read_answer(r, line, out);
        hide_key(r, out);
        break;
    }
}

static enum err take_line(struct batch_reader *r)
{
    struct json_span span = {buf_str(&r->line), r->line.len};
    struct batch_line line = {.id = ""};
    struct provider_reply reply;
    if (strspn(span.at, " \t\r") == span.len)
        return ERR_OK;
    if (r->provider->batch->read_line(&span, &line)) {
        r->broken++;
        return ERR_OK;
    }
    int slot = take_slot(r, line.id);
    if (slot < 0)
        return ERR_OK;
    provider_reply_init(&reply);
    read_fate(r, &line, &reply);
    enum err e = r->fn(r->arg, slot, &reply);
    provider_reply_fini(&reply);
    return e;
}

static void end_line(struct batch_reader *r)
{
    if (r->is_overlong)
        r->broken++;
    else
        r->failed = take_line(r);
    r->is_overlong = false;
    buf_clear(&r->line);
}

enum err batch_reader_feed(struct batch_reader *r, const char *bytes, size_t n)
{
    for (size_t at = 0; at < n && !r->failed;) {
        const char *stop = memchr(bytes + at, '\n', n - at);
        size_t len = stop ? (size_t)(stop - bytes) - at : n - at;
        enum err e = buf_append(&r->line, bytes + at, len); /* LIMIT until cleared */
        if (e == ERR_LIMIT)
            r->is_overlong = true;
        else
            r->failed = e;
        at += len + (stop != NULL);
        if (stop && !r->failed)
            end_line(r);
    }
    return r->failed;
}

enum err batch_reader_end(struct batch_reader *r)
{
    if (!r->failed)
        end_line(r);
    return r->failed;
}

int batch_reader_missing(const struct batch_reader *r)
{
    int missing = 0;
    for (int i = 0; i < r->count; i++)
        missing += !r->slots[i].is_settled;
    return missing;
}
