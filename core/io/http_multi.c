/* http_multi.c: see http_multi.h. */
#include "core/io/http_multi.h"
#include "core/io/http_sockets.h"
#include "core/io/loop_uv.h"
#include <stdlib.h>

struct http_multi {
    struct loop *loop;
    CURLM *curl;
    struct http_sockets sockets;
    struct loop_timer *timer;
    http_multi_fn fn;
    void *arg;
    size_t load;
    bool due;      /* curl wants to run now */
    bool deferred; /* a deferred call holds a pointer to us */
    bool closing;
};

/* A removed handle takes its message with it: copy first. */
static void multi_drain(struct http_multi *m)
{
    int left;
    for (CURLMsg *msg; (msg = curl_multi_info_read(m->curl, &left));) {
        if (msg->msg != CURLMSG_DONE) {
            continue;
        }
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        http_multi_remove(m, easy);
        m->fn(m->arg, easy, result);
    }
}

static void multi_act(struct http_multi *m, curl_socket_t fd, int bits)
{
    int running;
    (void)curl_multi_socket_action(m->curl, fd, bits, &running);
    multi_drain(m);
}

static void on_socket(void *arg, curl_socket_t fd, int bits)
{
    multi_act(arg, fd, bits);
}

static void on_timer(void *arg)
{
    struct http_multi *m = arg;
    m->due = false;
    multi_act(m, CURL_SOCKET_TIMEOUT, 0);
}

void http_multi_kick(struct http_multi *m)
{
    if (m->due) {
        on_timer(m);
    }
}

static void on_deferred(void *arg)
{
    struct http_multi *m = arg;
    m->deferred = false;
    if (m->closing) {
        free(m);
        return;
    }
    http_multi_kick(m);
}

static int on_timer_wanted(CURLM *curl, long timeout_ms, void *arg)
{
    struct http_multi *m = arg;
    (void)curl;
    if (m->closing) {
        return 0;
    }
    m->due = timeout_ms == 0;
    if (timeout_ms > 0) {
        loop_timer_start(m->timer, timeout_ms, 0);
        return 0;
    }
    loop_timer_stop(m->timer);
    if (m->due && !m->deferred) {
        m->deferred = loop_defer(m->loop, on_deferred, m) == ERR_OK;
        if (!m->deferred) {
            loop_timer_start(m->timer, 0, 0); /* out of memory: one turn later */
        }
    }
    return 0;
}

static int on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *of)
{
    struct http_multi *m = arg;
    (void)easy, (void)of;
    http_sockets_watch(&m->sockets, fd, what);
    return 0;
}

enum err http_multi_new(struct loop *l, long max_idle, http_multi_fn fn, void *arg,
                        struct http_multi **out)
{
    struct http_multi *m = calloc(1, sizeof *m);
    if (!m) {
        return ERR_NOMEM;
    }
    *m = (struct http_multi){.loop = l, .fn = fn, .arg = arg};
    m->curl = curl_multi_init();
    if (!m->curl || loop_timer_new(l, on_timer, m, &m->timer)) {
        (void)curl_multi_cleanup(m->curl);
        free(m);
        return ERR_NOMEM;
    }
    http_sockets_init(&m->sockets, loop_uv(l), on_socket, m);
    (void)curl_multi_setopt(m->curl, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    (void)curl_multi_setopt(m->curl, CURLMOPT_SOCKETDATA, m);
    (void)curl_multi_setopt(m->curl, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    (void)curl_multi_setopt(m->curl, CURLMOPT_TIMERDATA, m);
    (void)curl_multi_setopt(m->curl, CURLMOPT_MAXCONNECTS, max_idle);
    *out = m;
    return ERR_OK;
}

void http_multi_free(struct http_multi *m)
{
    check(m->load == 0);
    m->closing = true;
    (void)curl_multi_cleanup(m->curl); /* closes its sockets through the table */
    http_sockets_fini(&m->sockets);
    loop_timer_free(m->timer);
    if (!m->deferred) {
        free(m);
    }
}

enum err http_multi_add(struct http_multi *m, CURL *easy)
{
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, http_sockets_open);
    (void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &m->sockets);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, http_sockets_close);
    (void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &m->sockets);
    if (curl_multi_add_handle(m->curl, easy) != CURLM_OK) {
        return ERR_NOMEM;
    }
    m->load++;
    return ERR_OK;
}

void http_multi_remove(struct http_multi *m, CURL *easy)
{
    check(curl_multi_remove_handle(m->curl, easy) == CURLM_OK);
    m->load--;
}

size_t http_multi_load(const struct http_multi *m)
{
    return m->load;
}
