/* sse.h: event streams (WHATWG server-sent events), read as they come.
 *
 * Bytes may be split anywhere: the same bytes give the same events. Lines end with \n,
 * \r\n or a lone \r; one byte order mark at the start is left out; comments and the
 * fields id and retry are read over. An event that no empty line ends is none. A line
 * that a feed holds whole is read in place; of an event only its data is copied. */
#ifndef BARKER_CORE_BASE_SSE_H
#define BARKER_CORE_BASE_SSE_H

#include "core/base/buf.h"

/* **Borrowed** by the callback. Both strings are NUL-terminated; data may hold NULs. */
struct sse_event {
    const char *type; /* "" = none given */
    const char *data; /* its lines joined with \n */
    size_t type_len, data_len;
};
/* An error other than ERR_OK ends the reading; sse_feed() returns it. */
typedef enum err (*sse_fn)(void *arg, const struct sse_event *e);

/* **owns** its buffers. */
struct sse {
    sse_fn fn;
    void *arg;
    struct buf line; /* the start of a line whose end is not here yet */
    struct buf type, data;
    size_t max_line_bytes;
    bool started, after_cr, has_data;
    enum err failed;
};

/* A line (without its end) or an event's data over its bound: ERR_LIMIT. */
void sse_init(struct sse *s, size_t max_line_bytes, size_t max_event_bytes, sse_fn fn,
              void *arg);
void sse_fini(struct sse *s);
/* Calls fn for each event that ends here. ERR_LIMIT, ERR_NOMEM or what fn returned;
 * from then on always that, and nothing more is read. */
enum err sse_feed(struct sse *s, const char *bytes, size_t n) MUST_USE;

#endif
