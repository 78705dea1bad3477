/* httpd.h: HTTP/1.1 server, libmicrohttpd driven by its epoll fd inside our loop.
 * No thread of its own. A request is answered now or later (suspended meanwhile). */
#ifndef BARKER_CORE_IO_HTTPD_H
#define BARKER_CORE_IO_HTTPD_H

#include "core/base/err.h"
#include "core/io/loop.h"

struct httpd;
struct httpd_request; /* lives until answered and its connection is done with it */

struct httpd_options {
    const char *listen;      /* "127.0.0.1:8700", "[::1]:8700"; port 0 = any */
    size_t max_body_bytes;   /* over it: 413, the handler is not called */
    int64_t idle_timeout_ms; /* 0 = 60000; rounded up to seconds */
    int max_connections;     /* 0 = 2048 */
};

/* Called once per request when the body is complete. Must lead to exactly one
 * httpd_answer() or httpd_drop(), at once or later. */
typedef void (*httpd_fn)(void *arg, struct httpd_request *q);
/* The client went away before the answer, or the server is being freed: the handle is
 * dead after this call. A client that shuts down its sending side counts as gone. */
typedef void (*httpd_gone_fn)(void *arg, struct httpd_request *q, void *user);

enum err httpd_new(struct loop *l, const struct httpd_options *o, httpd_fn fn,
                   httpd_gone_fn gone, void *arg, struct httpd **out,
                   struct err_detail *d) MUST_USE;
/* Closes all connections; calls gone for each waiting request. Before loop_free(). The
 * callbacks may call it. */
void httpd_free(struct httpd *h);
int httpd_port(const struct httpd *h);

const char *httpd_method(const struct httpd_request *q);
const char *httpd_path(const struct httpd_request *q);
const char *httpd_query(const struct httpd_request *q, const char *key);   /* or NULL */
const char *httpd_header(const struct httpd_request *q, const char *name); /* or NULL */
const char *httpd_body(const struct httpd_request *q, size_t *len);
void httpd_set_user(struct httpd_request *q, void *user); /* **borrowed** */
void *httpd_user(const struct httpd_request *q);

enum httpd_stop {
    HTTPD_NO_STOP,
    HTTPD_CUT,   /* the connection is closed without an end of the body */
    HTTPD_STALL, /* nothing comes any more, until the client or the server leaves */
};
struct httpd_answer {
    int status;
    const char *content_type;
    const char *body; /* copied */
    size_t body_len;
    const char *headers[16][2]; /* ended by {NULL, NULL} */
    /* 0: the body goes out whole. Else chunked, each chunk of so many bytes. */
    size_t piece_bytes;
    enum httpd_stop stop; /* with piece_bytes: after stop_at bytes of the body */
    size_t stop_at;
};
void httpd_answer(struct httpd_request *q, const struct httpd_answer *a);
/* Closes the connection without an answer (faults in the LLM simulator). */
void httpd_drop(struct httpd_request *q);

#endif
