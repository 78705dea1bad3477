/* http_headers.h: reply headers of one transfer, bounded. Internal to core/io.
 * Keeps "name\0value\0" pairs of the last header block up to 16 KiB; a header that
 * does not fit, or that holds a NUL, is left out. */
#ifndef BARKER_CORE_IO_HTTP_HEADERS_H
#define BARKER_CORE_IO_HTTP_HEADERS_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define HTTP_HEADERS_MAX_BYTES ((size_t)16 * 1024)

struct http_headers {
    struct buf pairs;
    int status;    /* of the block's status line; 0 = none seen */
    uint64_t seen; /* a bit by the first four letters of each name */
};

void http_headers_init(struct http_headers *h);
void http_headers_fini(struct http_headers *h);
void http_headers_clear(struct http_headers *h);
/* One raw line, "Name: value\r\n". A status line starts a new block. */
void http_headers_add_line(struct http_headers *h, const char *line, size_t n);
/* Value of the last header of that name (case ignored), or NULL. **Borrowed**. */
const char *http_headers_get(const struct http_headers *h, const char *name);
/* False: there is surely no name that begins so; four letters of it count. */
bool http_headers_may_have(const struct http_headers *h, const char *start);
/* As http_reply_next(). */
const char *http_headers_next(const struct http_headers *h, const char *before,
                              const char **value);

#endif
