/* httpd_serve.c: the life of a request from its first byte to the answer, and clients
 * that hang up before it. */
#include "core/io/httpd_request.h"
#include "core/io/httpd_server.h"
#include <errno.h>
#include <sys/epoll.h>

#define MAX_GONE 64 /* events read at once */

/* The request goes back to libmicrohttpd, which calls httpd_serve_request() once more.
 */
static void request_resume(struct httpd_request *q)
{
    (void)idmap_take(&q->server->waiting, q->id);
    q->id = 0;
    MHD_resume_connection(q->connection);
    httpd_run_soon(q->server);
}

/* The callback comes last: it may free the server, and the request with it. */
static void request_gone(struct httpd_request *q)
{
    struct httpd *h = q->server;
    bool answered = q->state == HTTPD_STALLED;
    q->state = HTTPD_DROPPED;
    request_resume(q);
    if (!answered) {
        h->gone(h->arg, q, q->user);
    }
}

static void all_gone(struct httpd *h)
{
    list_each (node, &h->requests) {
        struct httpd_request *q = list_item(node, struct httpd_request, node);
        if (q->state == HTTPD_WAITING || q->state == HTTPD_STALLED) {
            request_gone(q);
        }
    }
}

void httpd_serve_gone(struct httpd *h, bool every)
{
    struct epoll_event seen[MAX_GONE];
    if (every) {
        all_gone(h);
        return;
    }
    int n = epoll_wait(h->gone_fd, seen, MAX_GONE, 0);
    for (int i = 0; i < n && !h->closing; i++) {
        struct httpd_request *q = idmap_get(&h->waiting, seen[i].data.u64);
        if (q) {
            request_gone(q);
        }
    }
}

/* False: no memory for the ticket or the watch. */
static bool request_wait(struct httpd_request *q)
{
    struct httpd *h = q->server;
    const union MHD_ConnectionInfo *i =
        MHD_get_connection_info(q->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    q->id = idmap_put(&h->waiting, q);
    if (!i || !q->id) {
        return false;
    }
    struct epoll_event e = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = q->id};
    int fd = i->connect_fd;
    if (epoll_ctl(h->gone_fd, EPOLL_CTL_MOD, fd, &e) != 0 &&
        (errno != ENOENT || epoll_ctl(h->gone_fd, EPOLL_CTL_ADD, fd, &e) != 0)) {
        (void)idmap_take(&h->waiting, q->id);
        return false;
    }
    q->state = HTTPD_WAITING;
    MHD_suspend_connection(q->connection);
    return true;
}

bool httpd_request_stall(struct httpd_request *q)
{
    if (q->state == HTTPD_DROPPED || q->server->closing || !request_wait(q)) {
        return false;
    }
    q->state = HTTPD_STALLED;
    return true;
}

static bool request_handle(struct httpd_request *q)
{
    struct httpd *h = q->server;
    if (h->closing) {
        return false;
    }
    q->state = HTTPD_HANDLING;
    h->fn(h->arg, q);
    if (q->state != HTTPD_HANDLING) {
        return true;
    }
    if (h->closing) {
        return false; /* freed from within the handler */
    }
    if (!request_wait(q)) {
        q->state = HTTPD_DROPPED;
        h->gone(h->arg, q, q->user);
    }
    return true;
}

static void request_refuse(struct httpd_request *q)
{
    static const char text[] = "the body is too large\n";
    httpd_request_answer(q, &(struct httpd_answer){.status = 413,
                                                   .content_type = "text/plain",
                                                   .body = text,
                                                   .body_len = sizeof text - 1});
}

static bool request_step(struct httpd_request *q)
{
    if (q->state == HTTPD_TOO_BIG) {
        request_refuse(q);
    } else if (q->state == HTTPD_RECEIVING && !request_handle(q)) {
        return false;
    }
    if (q->state == HTTPD_ANSWERED) {
        return httpd_request_queue(q);
    }
    return q->state != HTTPD_DROPPED;
}

/* A client that waits for "100 Continue" has sent no body yet: refuse at once. */
static bool request_begin(struct httpd *h, struct httpd_request *q)
{
    list_push(&h->requests, &q->node);
    if (!httpd_request_too_big(q)) {
        return true;
    }
    q->state = HTTPD_TOO_BIG;
    return !httpd_header(q, MHD_HTTP_HEADER_EXPECT) || request_step(q);
}

enum MHD_Result httpd_serve_request(void *arg, struct MHD_Connection *c,
                                    const char *path, const char *method,
                                    const char *version, const char *bytes, size_t *n,
                                    void **slot)
{
    struct httpd *h = arg;
    struct httpd_request *q = *slot;
    (void)version;
    bool go_on;
    if (!q) {
        q = httpd_request_new(h, c, path, method, h->max_body_bytes);
        *slot = q;
        go_on = q && request_begin(h, q);
    } else if (*n > 0) {
        go_on = httpd_request_receive(q, bytes, *n);
        *n = 0;
    } else {
        go_on = request_step(q);
    }
    return go_on ? MHD_YES : MHD_NO;
}

void httpd_serve_completed(void *arg, struct MHD_Connection *c, void **slot,
                           enum MHD_RequestTerminationCode why)
{
    (void)arg, (void)c, (void)why;
    if (*slot) {
        httpd_request_free(*slot);
        *slot = NULL;
    }
}

void httpd_answer(struct httpd_request *q, const struct httpd_answer *a)
{
    check(q->state == HTTPD_HANDLING || q->state == HTTPD_WAITING);
    bool waiting = q->state == HTTPD_WAITING;
    httpd_request_answer(q, a);
    if (waiting) {
        request_resume(q);
    }
}

void httpd_drop(struct httpd_request *q)
{
    check(q->state == HTTPD_HANDLING || q->state == HTTPD_WAITING);
    bool waiting = q->state == HTTPD_WAITING;
    q->state = HTTPD_DROPPED;
    if (waiting) {
        request_resume(q);
    }
}
