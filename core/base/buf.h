/* buf.h: growing byte buffer, created with a hard cap.
 *
 * **owns** its memory. Appending past `max_bytes` (or out of memory) appends nothing,
 * sets `failed` for good and returns ERR_LIMIT / ERR_NOMEM; so a chain of appends may
 * be checked once by buf_status(). `data` is always NUL-terminated once non-NULL;
 * buf_str() is never NULL. Not thread-safe. */
#ifndef BARKER_CORE_BASE_BUF_H
#define BARKER_CORE_BASE_BUF_H

#include "core/base/err.h"
#include <stdbool.h>

struct buf {
    char *data;
    size_t len, cap_bytes, max_bytes;
    enum err failed; /* ERR_OK, ERR_LIMIT or ERR_NOMEM */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_fini(struct buf *b);
void buf_clear(struct buf *b); /* keeps the memory, clears `failed` */
/* Makes room for n more bytes; the appends of so many do not fail. */
enum err buf_reserve(struct buf *b, size_t n);
enum err buf_append(struct buf *b, const void *bytes, size_t n);
enum err buf_append_str(struct buf *b, const char *s);
enum err buf_append_char(struct buf *b, char c);
enum err buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_consume(struct buf *b, size_t n); /* drops n bytes from the front */
const char *buf_str(const struct buf *b);
enum err buf_status(const struct buf *b) MUST_USE;
/* Moves the bytes out; the caller owns them (free()). NULL if empty or failed. */
char *buf_take(struct buf *b, size_t *len);

#endif
