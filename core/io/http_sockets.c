/* http_sockets.c: see http_sockets.h. */
#include "core/io/http_sockets.h"
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

struct http_socket {
    uv_poll_t poll;
    struct http_sockets *table;
    curl_socket_t fd;
    int events;       /* what uv watches now: UV_READABLE | UV_WRITABLE, 0 = stopped */
    bool opened_here; /* curl will tell us when it closes the fd ... */
    bool established; /* ... once it has asked to read from it */
    bool parked;
};

void http_sockets_init(struct http_sockets *t, struct uv_loop_s *uv, http_sockets_fn fn,
                       void *arg)
{
    *t = (struct http_sockets){.uv = uv, .fn = fn, .arg = arg};
}

static struct http_socket *socket_get(const struct http_sockets *t, curl_socket_t fd)
{
    return fd >= 0 && (size_t)fd < t->cap ? t->by_fd[fd] : NULL;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void socket_drop(struct http_socket *s)
{
    s->table->by_fd[s->fd] = NULL;
    uv_close((uv_handle_t *)&s->poll, on_closed); /* leaves epoll at once */
}

void http_sockets_fini(struct http_sockets *t)
{
    for (size_t i = 0; i < t->cap; i++) {
        if (t->by_fd[i]) {
            socket_drop(t->by_fd[i]);
        }
    }
    free(t->by_fd);
    t->by_fd = NULL;
    t->cap = 0;
}

static bool table_grow(struct http_sockets *t, size_t fd)
{
    if (fd < t->cap) {
        return true;
    }
    size_t cap = t->cap ? t->cap : 64;
    while (cap <= fd) {
        cap *= 2;
    }
    struct http_socket **grown = realloc(t->by_fd, cap * sizeof(struct http_socket *));
    if (!grown) {
        return false;
    }
    for (size_t i = t->cap; i < cap; i++) {
        grown[i] = NULL;
    }
    t->by_fd = grown;
    t->cap = cap;
    return true;
}

static struct http_socket *socket_add(struct http_sockets *t, curl_socket_t fd)
{
    if (fd < 0 || !table_grow(t, (size_t)fd)) {
        return NULL;
    }
    struct http_socket *s = calloc(1, sizeof *s);
    if (!s || uv_poll_init(t->uv, &s->poll, fd) != 0) {
        free(s); /* a poll handle that failed to start is not known to the loop */
        return NULL;
    }
    s->poll.data = s;
    s->table = t;
    s->fd = fd;
    t->by_fd[fd] = s;
    return s;
}

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct http_socket *s = handle->data;
    struct http_sockets *t = s->table;
    if (s->parked) {
        socket_drop(s); /* the server hung up: curl sees it when it looks */
        return;
    }
    int bits = events & UV_READABLE ? CURL_CSELECT_IN : 0;
    bits |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
    curl_socket_t fd = s->fd;
    if (status < 0) {
        bits = CURL_CSELECT_ERR;
        s->events = 0; /* uv has stopped the handle by itself */
    }
    int wanted = s->established ? UV_READABLE : UV_WRITABLE;
    t->fn(t->arg, fd, bits); /* s may be gone after this */
    if (status < 0 && socket_get(t, fd) == s && !s->parked && !s->events) {
        s->events = wanted;
        (void)uv_poll_start(&s->poll, wanted, on_poll);
    }
}

static void socket_set(struct http_socket *s, int events)
{
    s->parked = false;
    if (s->events == events) {
        return;
    }
    /* Cannot fail for a known handle and fd; if it did, the deadline ends the call. */
    s->events = events;
    (void)uv_poll_start(&s->poll, events, on_poll);
}

void http_sockets_watch(struct http_sockets *t, curl_socket_t fd, int what)
{
    struct http_socket *s = socket_get(t, fd);
    if (what == CURL_POLL_REMOVE) {
        if (s && s->opened_here && s->established && s->events == UV_READABLE) {
            s->parked = true;
        } else if (s) {
            socket_drop(s);
        }
        return;
    }
    s = s ? s : socket_add(t, fd);
    if (!s) {
        return; /* out of memory: the deadline ends the call */
    }
    int events = what & CURL_POLL_IN ? UV_READABLE : 0;
    events |= what & CURL_POLL_OUT ? UV_WRITABLE : 0;
    s->established |= (what & CURL_POLL_IN) != 0;
    socket_set(s, events);
}

/* A connect attempt that failed is closed by curl without a word, and the next attempt
 * may get the same number before curl asks for anything: what we hold for that number
 * is then a dead registration, renewed here. */
curl_socket_t http_sockets_open(void *arg, curlsocktype purpose,
                                struct curl_sockaddr *address)
{
    struct http_sockets *t = arg;
    (void)purpose;
    curl_socket_t fd =
        socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    struct http_socket *old = socket_get(t, fd);
    int events = old && !old->parked ? old->events : 0;
    if (old) {
        socket_drop(old);
    }
    struct http_socket *s = socket_add(t, fd);
    if (!s) {
        (void)close(fd);
        return CURL_SOCKET_BAD;
    }
    s->opened_here = true;
    socket_set(s, events);
    return fd;
}

int http_sockets_close(void *arg, curl_socket_t fd)
{
    struct http_socket *s = socket_get(arg, fd);
    if (s) {
        socket_drop(s);
    }
    return close(fd);
}
