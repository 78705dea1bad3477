/* sse.c: see sse.h. */
#include "core/base/sse.h"
#include <string.h>

#define BOM "\xef\xbb\xbf"

void sse_init(struct sse *s, size_t max_line_bytes, size_t max_event_bytes, sse_fn fn,
              void *arg)
{
    *s = (struct sse){.fn = fn, .arg = arg, .max_line_bytes = max_line_bytes};
    buf_init(&s->line, max_line_bytes);
    buf_init(&s->type, max_line_bytes);
    buf_init(&s->data, max_event_bytes);
}

void sse_fini(struct sse *s)
{
    buf_fini(&s->line);
    buf_fini(&s->type);
    buf_fini(&s->data);
}

/* An empty line. Without any data line there is no event, only a type to forget. */
static enum err dispatch(struct sse *s)
{
    enum err e = ERR_OK;
    if (s->has_data) {
        const struct sse_event event = {.type = buf_str(&s->type),
                                        .data = buf_str(&s->data),
                                        .type_len = s->type.len,
                                        .data_len = s->data.len};
        e = s->fn(s->arg, &event);
    }
    buf_clear(&s->type);
    buf_clear(&s->data);
    s->has_data = false;
    return e;
}

static bool is_name(const char *name, const char *line, size_t n)
{
    return n == strlen(name) && memcmp(name, line, n) == 0;
}

static enum err take_field(struct sse *s, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    size_t name = colon ? (size_t)(colon - line) : n, value = colon ? name + 1 : n;
    if (value < n && line[value] == ' ')
        value++;
    if (is_name("event", line, name)) {
        buf_clear(&s->type);
        buf_append(&s->type, line + value, n - value);
    } else if (is_name("data", line, name)) {
        if (s->has_data)
            buf_append_char(&s->data, '\n');
        buf_append(&s->data, line + value, n - value);
        s->has_data = true;
    }
    enum err e = buf_status(&s->data);
    return e ? e : buf_status(&s->type);
}

static enum err take_line(struct sse *s, const char *line, size_t n)
{
    if (n > s->max_line_bytes)
        return ERR_LIMIT;
    if (!s->started && n >= strlen(BOM) && memcmp(line, BOM, strlen(BOM)) == 0) {
        line += strlen(BOM);
        n -= strlen(BOM);
    }
    s->started = true;
    return n == 0 ? dispatch(s) : take_field(s, line, n);
}

static size_t line_end(const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && bytes[i] != '\n' && bytes[i] != '\r')
        i++;
    return i;
}

/* A line that ends at bytes[n], of which the start may lie in s->line. */
static enum err end_line(struct sse *s, const char *bytes, size_t n)
{
    if (s->line.len == 0)
        return take_line(s, bytes, n);
    enum err e = buf_append(&s->line, bytes, n);
    if (!e)
        e = take_line(s, buf_str(&s->line), s->line.len);
    buf_clear(&s->line);
    return e;
}

enum err sse_feed(struct sse *s, const char *bytes, size_t n)
{
    size_t at = 0;
    while (at < n && !s->failed) {
        if (s->after_cr && bytes[at] == '\n') { /* the second half of \r\n */
            s->after_cr = false;
            at++;
            continue;
        }
        size_t len = line_end(bytes + at, n - at);
        s->after_cr = at + len < n && bytes[at + len] == '\r';
        if (at + len < n)
            s->failed = end_line(s, bytes + at, len);
        else
            s->failed = buf_append(&s->line, bytes + at, len);
        at += len + 1;
    }
    return s->failed;
}
