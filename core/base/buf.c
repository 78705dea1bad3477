/* buf.c: doubling up to the cap; the first failure sticks. */
#include "core/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max_bytes)
{
    check(max_bytes < SIZE_MAX / 2);
    *b = (struct buf){.max_bytes = max_bytes};
}

void buf_fini(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max_bytes = b->max_bytes};
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->failed = ERR_OK;
    if (b->data)
        b->data[0] = '\0';
}

enum err buf_reserve(struct buf *b, size_t n)
{
    if (b->failed)
        return b->failed;
    if (n > b->max_bytes - b->len)
        return b->failed = ERR_LIMIT;
    size_t need = b->len + n + 1;
    if (need <= b->cap_bytes)
        return ERR_OK;
    /* cap_bytes <= max_bytes + 1 < SIZE_MAX / 2 + 1, so doubling does not wrap */
    size_t cap = b->cap_bytes ? b->cap_bytes * 2 : 64;
    if (cap < need)
        cap = need;
    if (cap > b->max_bytes + 1)
        cap = b->max_bytes + 1;
    char *data = realloc(b->data, cap);
    if (!data)
        return b->failed = ERR_NOMEM;
    data[b->len] = '\0';
    b->data = data;
    b->cap_bytes = cap;
    return ERR_OK;
}

enum err buf_append(struct buf *b, const void *bytes, size_t n)
{
    bool fits = !b->failed && n < b->cap_bytes - b->len; /* as nearly always */
    enum err e = fits ? ERR_OK : buf_reserve(b, n);
    if (e)
        return e;
    if (n > 0)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
    return ERR_OK;
}

enum err buf_append_str(struct buf *b, const char *s)
{
    return buf_append(b, s, strlen(s));
}

enum err buf_append_char(struct buf *b, char c)
{
    if (b->failed || b->len + 1 >= b->cap_bytes)
        return buf_append(b, &c, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
    return ERR_OK;
}

/* Into the room there is; once more if that was too little. */
enum err buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    size_t room = b->failed ? 0 : b->cap_bytes - b->len;
    int len = vsnprintf(room ? b->data + b->len : NULL, room, fmt, args);
    va_end(args);
    enum err e = len < 0 ? (b->failed = ERR_LIMIT) : buf_reserve(b, (size_t)len);
    if (!e && (size_t)len >= room)
        vsnprintf(b->data + b->len, (size_t)len + 1, fmt, again);
    if (!e)
        b->len += (size_t)len;
    else if (room)
        b->data[b->len] = '\0';
    va_end(again);
    return e;
}

void buf_consume(struct buf *b, size_t n)
{
    check(n <= b->len);
    if (n == 0)
        return;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = '\0';
}

const char *buf_str(const struct buf *b)
{
    return b->data ? b->data : "";
}

enum err buf_status(const struct buf *b)
{
    return b->failed;
}

char *buf_take(struct buf *b, size_t *len)
{
    bool some = b->len > 0 && !b->failed;
    if (len)
        *len = some ? b->len : 0;
    if (!some)
        return NULL;
    char *data = b->data;
    b->data = NULL;
    b->len = b->cap_bytes = 0;
    return data;
}
