/* http_call.h: one transfer of the HTTP client: its easy handle, what came back and
 * how it ended. Internal to core/io. Calls are pooled: an easy handle, the error text
 * and the reply buffers are made once and used again. */
#ifndef BARKER_CORE_IO_HTTP_CALL_H
#define BARKER_CORE_IO_HTTP_CALL_H

#include "core/base/buf.h"
#include "core/base/list.h"
#include "core/base/wheel.h"
#include "core/io/http.h"
#include "core/io/http_headers.h"
#include <curl/curl.h>

struct http_multi;
struct http_limiter;

struct http_call {
    struct list node;
    CURL *easy;               /* **owns** */
    struct curl_slist *lines; /* **owns**: request headers, one block of memory */
    struct http_multi *multi; /* while the transfer runs, else NULL */
    uint64_t id, ticket;
    http_fn fn;
    http_body_fn on_body;
    void *arg;
    struct buf body;
    size_t body_bytes; /* that came, kept or not */
    struct http_headers headers;
    int64_t born_us, total_us, deadline_ms, connect_ms;
    int64_t upload_bytes; /* of the request's body */
    struct http_limits limits;
    struct http_limiter *limiter; /* borrows */
    struct wheel_item due;
    /* when TCP was seen to stand (if it matters), the connection stood, content began,
     * bytes came last; 0 = not yet */
    int64_t tcp_us, ready_us, token_us, last_us;
    enum http_limit broken;
    enum err err; /* ERR_OK until it failed */
    bool sent;    /* bytes of the request were written; set when it ended */
    bool repeatable;
    char message[CURL_ERROR_SIZE];
};

struct http_call *http_call_new(void); /* NULL: out of memory */
void http_call_free(struct http_call *c);
/* Sets the handle up for q. ca_file NULL: the system's certificates. ERR_BAD_VALUE: a
 * header with a line break. */
enum err http_call_prepare(struct http_call *c, const struct http_request *q,
                           const char *ca_file) MUST_USE;
/* The transfer ended with curl's `code`: decides err, sent and message. */
void http_call_end(struct http_call *c, CURLcode code);
/* It is ended by us. */
void http_call_abort(struct http_call *c);
void http_call_break(struct http_call *c, enum http_limit limit);
/* Content has begun to come. */
void http_call_token(struct http_call *c);
/* **Borrows** the call's memory. */
void http_call_reply(const struct http_call *c, struct http_reply *r);
/* Forgets the request, for the pool. */
void http_call_reset(struct http_call *c);

struct http_pool {
    struct list idle;
    size_t count, max;
};
void http_pool_init(struct http_pool *p, size_t max);
void http_pool_fini(struct http_pool *p);
struct http_call *http_pool_take(struct http_pool *p);         /* NULL: out of memory */
void http_pool_give(struct http_pool *p, struct http_call *c); /* **takes** c */

#endif
