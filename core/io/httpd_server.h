/* httpd_server.h: the server's struct, shared by httpd.c (loop, start, end) and
 * httpd_serve.c (requests). Internal to core/io. */
#ifndef BARKER_CORE_IO_HTTPD_SERVER_H
#define BARKER_CORE_IO_HTTPD_SERVER_H

#include "core/base/idmap.h"
#include "core/base/list.h"
#include "core/io/httpd.h"
#include <microhttpd.h>
#include <uv.h>

struct httpd {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    size_t max_body_bytes;
    httpd_fn fn;
    httpd_gone_fn gone;
    void *arg;
    int port;
    struct list requests;
    struct idmap waiting; /* suspended requests, by ticket */
    /* libmicrohttpd does not look at a suspended connection, so we watch for its
     * client hanging up: one epoll, one-shot, keyed by ticket; a stale event finds
     * no ticket. */
    int gone_fd;
    uv_poll_t run_poll, gone_poll;
    struct loop_timer *timer;
    int64_t timer_due_ms; /* 0 = the timer is off */
    bool running, again, closing;
    bool deferred;
    int holds; /* owner, deferred call, open poll handles: the last one frees */
};

/* Has libmicrohttpd run again before the loop blocks. */
void httpd_run_soon(struct httpd *h);
/* Tells the owners of hung-up waiting requests; of all of them if `every`. */
void httpd_serve_gone(struct httpd *h, bool every);

/* The callbacks of the MHD daemon; arg is the server, *slot the request. */
enum MHD_Result httpd_serve_request(void *arg, struct MHD_Connection *c,
                                    const char *path, const char *method,
                                    const char *version, const char *bytes, size_t *n,
                                    void **slot);
void httpd_serve_completed(void *arg, struct MHD_Connection *c, void **slot,
                           enum MHD_RequestTerminationCode why);

#endif
