/* http_sockets.h: the sockets of one curl multi as uv_poll handles. Internal to
 * core/io.
 *
 * curl forgets a kept-alive socket after each reply and asks for it again with the next
 * request; as uv_poll_start costs two system calls and uv_poll_init two more, the
 * handle of an established connection stays registered ("parked") in between. It is
 * closed when the socket is closed (curl tells through its close callback), or when
 * anything happens on it while parked. A handle is always closed before its fd is. */
#ifndef BARKER_CORE_IO_HTTP_SOCKETS_H
#define BARKER_CORE_IO_HTTP_SOCKETS_H

#include <curl/curl.h>
#include <stddef.h>

struct uv_loop_s;
struct http_socket;

/* bits: CURL_CSELECT_IN, _OUT, _ERR */
typedef void (*http_sockets_fn)(void *arg, curl_socket_t fd, int bits);

struct http_sockets {
    struct uv_loop_s *uv;
    http_sockets_fn fn;
    void *arg;
    struct http_socket **by_fd; /* **owns** the table, the entries own themselves */
    size_t cap;
};

void http_sockets_init(struct http_sockets *t, struct uv_loop_s *uv, http_sockets_fn fn,
                       void *arg);
void http_sockets_fini(struct http_sockets *t);
/* What curl wants to know of fd: CURL_POLL_IN, _OUT, _INOUT, _NONE or _REMOVE. */
void http_sockets_watch(struct http_sockets *t, curl_socket_t fd, int what);
/* CURLOPT_OPENSOCKETFUNCTION and CURLOPT_CLOSESOCKETFUNCTION; arg is the table. */
curl_socket_t http_sockets_open(void *arg, curlsocktype purpose,
                                struct curl_sockaddr *address);
int http_sockets_close(void *arg, curl_socket_t fd);

#endif
