/* http_multi.h: one curl multi on the loop: sockets, timer, finished transfers.
 * Internal to core/io. curl is entered from the loop's callbacks and deferred calls
 * only, never from within one of curl's own callbacks. */
#ifndef BARKER_CORE_IO_HTTP_MULTI_H
#define BARKER_CORE_IO_HTTP_MULTI_H

#include "core/io/loop.h"
#include <curl/curl.h>

struct http_multi;

/* The transfer is over and its handle already removed. Must not free the multi. */
typedef void (*http_multi_fn)(void *arg, CURL *easy, CURLcode result);

enum err http_multi_new(struct loop *l, long max_idle, http_multi_fn fn, void *arg,
                        struct http_multi **out) MUST_USE;
/* All transfers must have been removed. Closes the kept connections. */
void http_multi_free(struct http_multi *m);
/* Starts the transfer; sets the socket options of the handle. */
enum err http_multi_add(struct http_multi *m, CURL *easy) MUST_USE;
void http_multi_remove(struct http_multi *m, CURL *easy); /* closes it at once */
/* Serves a zero timeout of curl now rather than in the deferred call. */
void http_multi_kick(struct http_multi *m);
size_t http_multi_load(const struct http_multi *m); /* transfers running */

#endif
