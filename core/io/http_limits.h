/* http_limits.h: limits of time of the transfers of one HTTP client, but for those that
 * curl keeps (connect, total). Internal to core/io.
 *
 * One timing wheel and one timer for all. Nothing is done as bytes come but to note the
 * time: when the instant that was set has come, it is seen what runs now and when that
 * would be broken. This is done after the I/O of a loop turn, so that bytes which lay
 * in the socket while the process stood still have come. */
#ifndef BARKER_CORE_IO_HTTP_LIMITS_H
#define BARKER_CORE_IO_HTTP_LIMITS_H

#include "core/io/http_call.h"

struct http_limiter;

/* The transfer still runs; must end it. */
typedef void (*http_limiter_fn)(void *arg, struct http_call *c, enum http_limit broken);

enum err http_limiter_new(struct loop *l, http_limiter_fn fn, void *arg,
                          struct http_limiter **out) MUST_USE;
void http_limiter_free(struct http_limiter *t); /* NULL is fine; no transfer is left */
/* The time of this loop turn: what is noted for each piece of a body costs no clock. */
int64_t http_limiter_now_us(const struct http_limiter *t);
/* A limit of c has begun to run. */
void http_limiter_watch(struct http_limiter *t, struct http_call *c);
void http_limiter_forget(struct http_limiter *t, struct http_call *c);
/* "no token for 30000 ms" */
void http_limit_print(enum http_limit which, int64_t ms, char *out, size_t size);

#endif
