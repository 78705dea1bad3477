/* httpd.c: the server's start and end, and libmicrohttpd's epoll fd and timeouts on the
 * loop. */
#include "core/io/httpd_listen.h"
#include "core/io/httpd_server.h"
#include "core/io/loop_uv.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define DEFAULT_IDLE_MS 60000
#define DEFAULT_CONNECTIONS 2048
#define MAX_ROUNDS 16 /* of MHD_run in one go, before others have their turn */

static void httpd_release(struct httpd *h)
{
    if (--h->holds == 0) {
        idmap_fini(&h->waiting);
        free(h);
    }
}

static void httpd_run(struct httpd *h);
static void httpd_finish(struct httpd *h);

static void on_deferred(void *arg)
{
    struct httpd *h = arg;
    h->deferred = false;
    if (!h->closing) {
        httpd_run(h);
    }
    httpd_release(h);
}

static void timer_set(struct httpd *h, int64_t delay_ms)
{
    int64_t due = loop_now_ms(h->loop) + delay_ms;
    if (h->timer_due_ms && h->timer_due_ms <= due) {
        return; /* it fires earlier, and asks again then */
    }
    h->timer_due_ms = due;
    loop_timer_start(h->timer, delay_ms, 0);
}

void httpd_run_soon(struct httpd *h)
{
    if (h->running) {
        h->again = true;
        return;
    }
    if (h->deferred) {
        return;
    }
    h->deferred = loop_defer(h->loop, on_deferred, h) == ERR_OK;
    if (h->deferred) {
        h->holds++;
    } else {
        timer_set(h, 0);
    }
}

static void httpd_run(struct httpd *h)
{
    h->running = true;
    for (int round = 0; round < MAX_ROUNDS && (round == 0 || h->again); round++) {
        h->again = false;
        (void)MHD_run(h->daemon);
    }
    h->running = false;
    if (h->closing) {
        httpd_finish(h);
        return;
    }
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    bool timed = MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES;
    if (h->again || (timed && wait_ms == 0)) {
        httpd_run_soon(h);
    } else if (timed) {
        timer_set(h, (int64_t)wait_ms);
    }
}

static void on_timer(void *arg)
{
    struct httpd *h = arg;
    h->timer_due_ms = 0;
    httpd_run(h);
}

static void on_run_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    httpd_run(poll->data);
}

static void on_gone_poll(uv_poll_t *poll, int status, int events)
{
    (void)status, (void)events;
    httpd_serve_gone(poll->data, false);
}

static struct MHD_Daemon *daemon_start(struct httpd *h, const struct httpd_options *o,
                                       int fd)
{
    int64_t idle_ms = o->idle_timeout_ms > 0 ? o->idle_timeout_ms : DEFAULT_IDLE_MS;
    int most = o->max_connections > 0 ? o->max_connections : DEFAULT_CONNECTIONS;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, httpd_serve_request, h,
        MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)most,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)((idle_ms + 999) / 1000),
        MHD_OPTION_NOTIFY_COMPLETED, httpd_serve_completed, NULL, MHD_OPTION_END);
}

static bool poll_start(struct httpd *h, uv_poll_t *poll, int fd, uv_poll_cb fn)
{
    if (uv_poll_init(loop_uv(h->loop), poll, fd) != 0) {
        return false;
    }
    poll->data = h;
    h->holds++;
    return uv_poll_start(poll, UV_READABLE, fn) == 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
    httpd_release(handle->data);
}

static void poll_close(uv_poll_t *poll)
{
    if (poll->data) {
        uv_close((uv_handle_t *)poll, on_poll_closed);
    }
}

/* Also undoes a half-made server. */
static void httpd_finish(struct httpd *h)
{
    poll_close(&h->run_poll); /* before its fd is closed below */
    poll_close(&h->gone_poll);
    if (h->daemon) {
        MHD_stop_daemon(h->daemon); /* frees the requests in their completed callback */
    }
    if (h->gone_fd >= 0) {
        (void)close(h->gone_fd);
    }
    if (h->timer) {
        loop_timer_free(h->timer);
    }
    httpd_release(h);
}

static enum err httpd_start(struct httpd *h, const struct httpd_options *o,
                            struct err_detail *d)
{
    int fd = -1;
    enum err e = httpd_listen(o->listen, &fd, &h->port, d);
    if (e) {
        return e;
    }
    h->daemon = daemon_start(h, o, fd);
    if (!h->daemon) {
        if (fcntl(fd, F_GETFD) != -1) {
            (void)close(fd); /* the library closes it on some of its failures */
        }
        return err_set(d, ERR_IO, "", "the HTTP server did not start");
    }
    const union MHD_DaemonInfo *i =
        MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->gone_fd = epoll_create1(EPOLL_CLOEXEC);
    if (h->gone_fd < 0 || loop_timer_new(h->loop, on_timer, h, &h->timer) ||
        !poll_start(h, &h->gone_poll, h->gone_fd, on_gone_poll) ||
        !poll_start(h, &h->run_poll, i->epoll_fd, on_run_poll)) {
        return err_set(d, ERR_IO, "", "the HTTP server did not start");
    }
    return ERR_OK;
}

enum err httpd_new(struct loop *l, const struct httpd_options *o, httpd_fn fn,
                   httpd_gone_fn gone, void *arg, struct httpd **out,
                   struct err_detail *d)
{
    struct httpd *h = calloc(1, sizeof *h);
    if (!h) {
        return err_set(d, ERR_NOMEM, "", "out of memory");
    }
    h->loop = l;
    h->fn = fn;
    h->gone = gone;
    h->arg = arg;
    h->max_body_bytes = o->max_body_bytes;
    h->gone_fd = -1;
    h->holds = 1;
    list_init(&h->requests);
    idmap_init(&h->waiting);
    enum err e = httpd_start(h, o, d);
    if (e) {
        h->closing = true;
        httpd_finish(h);
        return e;
    }
    httpd_run_soon(h);
    *out = h;
    return ERR_OK;
}

void httpd_free(struct httpd *h)
{
    check(!h->closing);
    h->closing = true;
    httpd_serve_gone(h, true);
    if (!h->running) {
        httpd_finish(h); /* else at the end of httpd_run() */
    }
}

int httpd_port(const struct httpd *h)
{
    return h->port;
}
