/* http_headers.c: see http_headers.h. */
#include "core/io/http_headers.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

void http_headers_init(struct http_headers *h)
{
    buf_init(&h->pairs, HTTP_HEADERS_MAX_BYTES);
    h->status = 0;
    h->seen = 0;
}

void http_headers_fini(struct http_headers *h)
{
    buf_fini(&h->pairs);
}

void http_headers_clear(struct http_headers *h)
{
    buf_clear(&h->pairs);
    h->status = 0;
    h->seen = 0;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200": the three digits after the first space. */
static int status_read(const char *line, size_t n)
{
    const char *space = memchr(line, ' ', n);
    if (!space || (size_t)(line + n - space) < 4) {
        return 0;
    }
    int status = 0;
    for (int i = 1; i <= 3; i++) {
        if (!isdigit((unsigned char)space[i])) {
            return 0;
        }
        status = status * 10 + (space[i] - '0');
    }
    return status;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Of names that begin alike, whatever the case, the same bit. */
static uint64_t mark_of(const char *name, size_t n)
{
    uint32_t letters = 0;
    memcpy(&letters, name, n < sizeof letters ? n : sizeof letters);
    return UINT64_C(1) << (((letters | 0x20202020u) * 0x9E3779B1u) >> 26);
}

void http_headers_add_line(struct http_headers *h, const char *line, size_t n)
{
    if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
        http_headers_clear(h);
        h->status = status_read(line, n);
        return;
    }
    const char *colon = memchr(line, ':', n);
    if (!colon || memchr(line, '\0', n)) {
        return;
    }
    const char *value = colon + 1, *end = line + n;
    while (value < end && is_blank(*value)) {
        value++;
    }
    while (end > value && is_blank(end[-1])) {
        end--;
    }
    size_t name_len = (size_t)(colon - line), value_len = (size_t)(end - value);
    if (h->pairs.len + name_len + value_len + 2 > h->pairs.max_bytes) {
        return; /* checked here so that a half pair is never kept */
    }
    h->seen |= mark_of(line, name_len);
    (void)buf_append(&h->pairs, line, name_len);
    (void)buf_append_char(&h->pairs, '\0');
    (void)buf_append(&h->pairs, value, value_len);
    (void)buf_append_char(&h->pairs, '\0');
}

bool http_headers_may_have(const struct http_headers *h, const char *start)
{
    return (h->seen & mark_of(start, strnlen(start, sizeof(uint32_t)))) != 0;
}

const char *http_headers_get(const struct http_headers *h, const char *name)
{
    if (!http_headers_may_have(h, name) || buf_status(&h->pairs)) {
        return NULL; /* out of memory half-way: the pairs may be torn */
    }
    const char *found = NULL, *p = buf_str(&h->pairs), *end = p + h->pairs.len;
    while (p < end) {
        const char *value = p + strlen(p) + 1;
        if (((*p ^ *name) & ~0x20) == 0 && strcasecmp(p, name) == 0) {
            found = value;
        }
        p = value + strlen(value) + 1;
    }
    return found;
}

const char *http_headers_next(const struct http_headers *h, const char *before,
                              const char **value)
{
    if (buf_status(&h->pairs)) {
        return NULL;
    }
    const char *p = buf_str(&h->pairs), *end = p + h->pairs.len;
    if (before) {
        p = before + strlen(before) + 1;
        p += strlen(p) + 1;
    }
    if (p >= end) {
        return NULL;
    }
    *value = p + strlen(p) + 1;
    return p;
}
