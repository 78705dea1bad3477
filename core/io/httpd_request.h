/* httpd_request.h: one request of the server and its states. Internal to core/io. */
#ifndef BARKER_CORE_IO_HTTPD_REQUEST_H
#define BARKER_CORE_IO_HTTPD_REQUEST_H

#include "core/base/buf.h"
#include "core/base/list.h"
#include "core/io/httpd.h"
#include <microhttpd.h>

enum httpd_state {
    HTTPD_RECEIVING, /* the body is coming in */
    HTTPD_TOO_BIG,   /* swallows the rest of the body, then 413 */
    HTTPD_HANDLING,  /* inside the handler */
    HTTPD_WAITING,   /* suspended, the handler's owner will answer */
    HTTPD_ANSWERED,  /* the response is made, not yet queued */
    HTTPD_DROPPED,   /* the connection is to be closed */
    HTTPD_SENT,      /* the response is the connection's */
    HTTPD_STALLED,   /* the same, suspended in the middle of its body */
};

struct httpd_request {
    struct list node; /* in the server's list of requests */
    struct httpd *server;
    struct MHD_Connection *connection;
    const char *path, *method; /* **borrowed** from the connection */
    struct buf body;
    size_t body_seen; /* swallowed bytes included */
    struct MHD_Response *response;
    int status;
    enum httpd_state state;
    uint64_t id; /* while waiting: its ticket in the server's map */
    void *user;
};

struct httpd_request *httpd_request_new(struct httpd *server, struct MHD_Connection *c,
                                        const char *path, const char *method,
                                        size_t max_body_bytes);
void httpd_request_free(struct httpd_request *q);
/* The Content-Length the client declared is over the limit. */
bool httpd_request_too_big(const struct httpd_request *q);
/* Adds body bytes. False: so much over the limit that the connection must close. */
bool httpd_request_receive(struct httpd_request *q, const char *bytes, size_t n);
/* Makes the response; out of memory, the request is dropped instead. */
void httpd_request_answer(struct httpd_request *q, const struct httpd_answer *a);
/* A response whose body goes out in pieces, see struct httpd_answer; or NULL. */
struct MHD_Response *httpd_pace_new(struct httpd_request *q,
                                    const struct httpd_answer *a);
/* Suspends a request that is being answered until its client or the server leaves.
 * False: it left, or there is no memory for the watch. */
bool httpd_request_stall(struct httpd_request *q);
/* Hands the response to the connection. False: close it. */
bool httpd_request_queue(struct httpd_request *q);

#endif
