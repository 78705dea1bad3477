/* http.h: HTTP client, curl multi on the loop.
 *
 * Easy handles are pooled; connections are spread over several multis per loop, because
 * one multi slows down with many connections to a host (guides/BENCH.md §2). A zero
 * timeout of curl is served in the same loop turn, never inside curl's callback.
 * Each request has a deadline from birth and settles exactly once, from a deferred
 * call, never inside http_send() or http_cancel(). A POST or PATCH of which anything
 * was written is never sent twice; other methods are, on a fresh connection, when a
 * kept-alive one turns out to be dead. A body may be taken as it comes, and refused in
 * the middle. Certificates are always verified; no proxy is
 * used; redirects are not followed. */
#ifndef BARKER_CORE_IO_HTTP_H
#define BARKER_CORE_IO_HTTP_H

#include "core/base/err.h"
#include "core/io/loop.h"

struct http;

struct http_options {
    int multis;          /* 0 = by the connections, 4 to 128 */
    int max_connections; /* warm connections kept; 0 = 256 */
    /* PEM certificates to trust in place of the system's; NULL or "": the system's */
    const char *ca_file;
};

struct http_header {
    const char *name, *value;
};

struct http_reply;
enum http_take {
    HTTP_KEEP, /* the bytes go into the reply's body, as without on_body */
    HTTP_TAKE, /* they were taken: the reply's body does not have them */
    HTTP_STOP, /* no more: as http_cancel(); of these bytes nothing is kept */
};
/* Bytes of the body as they come. so_far has status and headers only. Must not call
 * http_send(), http_cancel() or http_free(). */
typedef enum http_take (*http_body_fn)(void *arg, uint64_t ticket,
                                       const struct http_reply *so_far,
                                       const char *bytes, size_t n);

/* Limits of time within a transfer, each told apart in http_reply.limit; 0 = none. The
 * one that is broken first ends it, some 50 ms late at most. */
struct http_limits {
    int64_t tls_ms;         /* of an https URL: from TCP to TLS; connect_timeout_ms
                             * bounds the two together, and the name with them */
    int64_t send_ms;        /* from the connection until the request is written whole */
    int64_t first_byte_ms;  /* from the connection to the status line; 1xx is none */
    int64_t first_token_ms; /* from the connection until http_first_token(); without
                             * on_body, until the first byte of the body. Nothing that
                             * comes before, such as a comment or a ping, resets it */
    int64_t idle_ms;        /* from then on: between bytes of the body, any of them */
};
enum http_limit {
    HTTP_LIMIT_NONE,
    HTTP_LIMIT_CONNECT,
    HTTP_LIMIT_TLS,
    HTTP_LIMIT_SEND,
    HTTP_LIMIT_FIRST_BYTE,
    HTTP_LIMIT_FIRST_TOKEN,
    HTTP_LIMIT_IDLE,
    HTTP_LIMIT_TOTAL,
};

/* All pointers are **borrowed** until http_send() returns, but `body`: until settled.
 */
struct http_request {
    const char *method; /* "GET", "POST" */
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
    int64_t connect_timeout_ms; /* 0 = bounded by the deadline only */
    int64_t deadline_ms;        /* relative; covers everything; <= 0: already passed */
    struct http_limits limits;
    size_t max_reply_bytes; /* body cap: over it ERR_LIMIT; 0 = 1 MiB */
    http_body_fn on_body;   /* NULL: the body is kept. arg and ticket as of fn */
};

/* **Borrowed** by the callback. err: ERR_OK (any status), ERR_UNSENT (connect, DNS, TLS
 * failed: nothing was sent; or send_ms: not whole), ERR_UNKNOWN_OUTCOME (lost after
 * sending), ERR_TRUNCATED, ERR_LIMIT, ERR_DEADLINE, ERR_CANCELLED. `sent` tells for
 * DEADLINE and CANCELLED whether the request may have reached the server. */
struct http_reply {
    enum err err;
    bool sent;
    int status;
    const char *body; /* NUL-terminated; what on_body left */
    size_t body_len;
    const char *message;   /* curl's text of a failure, the limit's, or "" */
    enum http_limit limit; /* of time, which ended it */
    int64_t total_us, first_byte_us, connect_us;
    int64_t first_token_us; /* 0 = none came */
    const struct http_headers *headers;
};
/* Value of the last header of that name (case ignored), or NULL. Kept up to 16 KiB. */
const char *http_reply_header(const struct http_reply *r, const char *name);

/* False: there is surely no header whose name begins so; at least four letters. */
bool http_reply_may_have(const struct http_reply *r, const char *start);
/* Their names one by one, in the order they came, each with its value: after the one
 * before, NULL: the first one. NULL: there is no more. **Borrowed**. */
const char *http_reply_next(const struct http_reply *r, const char *before,
                            const char **value);

typedef void (*http_fn)(void *arg, uint64_t ticket, const struct http_reply *r);

enum err http_new(struct loop *l, const struct http_options *o,
                  struct http **out) MUST_USE;
/* Settles everything first, with ERR_CANCELLED what has not ended by itself; so fn is
 * called from within. Before loop_free(). A callback may call it. */
void http_free(struct http *h);
/* *id names the request for http_cancel(). On a returned error fn is not called:
 * ERR_NOMEM, ERR_BAD_VALUE (a line break in a header), ERR_CANCELLED (in http_free()).
 */
enum err http_send(struct http *h, const struct http_request *q, http_fn fn, void *arg,
                   uint64_t ticket, uint64_t *id) MUST_USE;
/* Closes the transfer in this loop turn; settles with ERR_CANCELLED. Unknown id, or a
 * request that has ended and is about to settle: no-op, its reply is kept. */
void http_cancel(struct http *h, uint64_t id);
/* What was asked for has begun to come. For on_body; said again, or of an unknown id:
 * no-op. */
void http_first_token(struct http *h, uint64_t id);
size_t http_in_flight(const struct http *h);

#endif
