/* httpd_request.c: see httpd_request.h; the accessors of httpd.h are here as well. */
#include "core/io/httpd_request.h"
#include <errno.h>
#include <stdlib.h>

#define MAX_HEADERS 16
#define SWALLOW_FACTOR                                                                 \
    16 /* so many times the body limit are read before we hang up                      \
        */
#define SWALLOW_MIN_BYTES ((size_t)1024 * 1024)

struct httpd_request *httpd_request_new(struct httpd *server, struct MHD_Connection *c,
                                        const char *path, const char *method,
                                        size_t max_body_bytes)
{
    struct httpd_request *q = calloc(1, sizeof *q);
    if (!q) {
        return NULL;
    }
    list_init(&q->node);
    q->server = server;
    q->connection = c;
    q->path = path;
    q->method = method;
    buf_init(&q->body, max_body_bytes);
    return q;
}

void httpd_request_free(struct httpd_request *q)
{
    list_remove(&q->node);
    if (q->response) {
        MHD_destroy_response(q->response);
    }
    buf_fini(&q->body);
    free(q);
}

bool httpd_request_too_big(const struct httpd_request *q)
{
    const char *length = httpd_header(q, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (!length) {
        return false;
    }
    errno = 0; /* libmicrohttpd has refused what is not a number */
    unsigned long long n = strtoull(length, NULL, 10);
    return errno == ERANGE || n > q->body.max_bytes;
}

/* A client that is still sending would lose an early 413 to a connection reset, so the
 * rest of its body is read and forgotten, up to a bound. */
bool httpd_request_receive(struct httpd_request *q, const char *bytes, size_t n)
{
    size_t limit = q->body.max_bytes;
    q->body_seen += n;
    if (q->state == HTTPD_RECEIVING && buf_append(&q->body, bytes, n)) {
        q->state = HTTPD_TOO_BIG;
        buf_fini(&q->body);
        buf_init(&q->body, limit);
    }
    size_t most = limit * SWALLOW_FACTOR;
    return q->body_seen <= (most > SWALLOW_MIN_BYTES ? most : SWALLOW_MIN_BYTES);
}

void httpd_request_answer(struct httpd_request *q, const struct httpd_answer *a)
{
    static char empty[] = "";
    void *body = a->body_len ? (void *)a->body : empty;
    enum MHD_ResponseMemoryMode mode =
        a->body_len ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT;
    q->response = a->piece_bytes
                      ? httpd_pace_new(q, a)
                      : MHD_create_response_from_buffer(a->body_len, body, mode);
    bool ok = q->response != NULL;
    if (ok && a->content_type) {
        ok = MHD_add_response_header(q->response, MHD_HTTP_HEADER_CONTENT_TYPE,
                                     a->content_type) == MHD_YES;
    }
    for (int i = 0; ok && i < MAX_HEADERS && a->headers[i][0]; i++) {
        ok = MHD_add_response_header(q->response, a->headers[i][0], a->headers[i][1]) ==
             MHD_YES;
    }
    q->status = a->status;
    q->state = ok ? HTTPD_ANSWERED : HTTPD_DROPPED;
}

bool httpd_request_queue(struct httpd_request *q)
{
    enum MHD_Result r =
        MHD_queue_response(q->connection, (unsigned)q->status, q->response);
    MHD_destroy_response(q->response); /* the connection holds its own count */
    q->response = NULL;
    q->state = HTTPD_SENT;
    return r == MHD_YES;
}

const char *httpd_method(const struct httpd_request *q)
{
    return q->method;
}

const char *httpd_path(const struct httpd_request *q)
{
    return q->path;
}

const char *httpd_query(const struct httpd_request *q, const char *key)
{
    return MHD_lookup_connection_value(q->connection, MHD_GET_ARGUMENT_KIND, key);
}

const char *httpd_header(const struct httpd_request *q, const char *name)
{
    return MHD_lookup_connection_value(q->connection, MHD_HEADER_KIND, name);
}

const char *httpd_body(const struct httpd_request *q, size_t *len)
{
    *len = q->body.len;
    return buf_str(&q->body);
}

void httpd_set_user(struct httpd_request *q, void *user)
{
    q->user = user;
}

void *httpd_user(const struct httpd_request *q)
{
    return q->user;
}
