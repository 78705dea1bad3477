/* redis_link.h: one connection to a Redis server, from name lookup to close: the
 * transport on uv and the reply codec. Knows no commands; redis_session.c drives it.
 * All callbacks come from the loop, none from inside a call. */
#ifndef BARKER_CORE_IO_REDIS_LINK_H
#define BARKER_CORE_IO_REDIS_LINK_H

#include "core/io/loop.h"
#include "core/io/redis_url.h"
#include "core/io/reply.h"
#include <stdbool.h>
#include <stddef.h>

/* A reply of more bytes than this ends the connection. */
#define REDIS_REPLY_MAX_BYTES ((size_t)64 << 20)
#define REDIS_REPLY_MAX_ELEMENTS ((size_t)1 << 20) /* of one array in a reply */

struct redis_link;

struct redis_link_events {
    void (*connected)(void *arg);
    void (*reply)(void *arg, const struct reply *r);
    void (*written)(void *arg);               /* one redis_link_write() went out */
    void (*lost)(void *arg, const char *why); /* once, unless closed before */
    void (*gone)(void *arg);                  /* the last one: arg is free to die */
};

/* Starts to connect, trying each address of the host in turn, for ever: the caller has
 * the deadline. **Borrows** url and events, which live until `gone`. */
enum err redis_link_open(struct loop *l, const struct redis_url *url,
                         const struct redis_link_events *events, void *arg,
                         struct redis_link **out) MUST_USE;

/* One write at a time, once connected. **Takes** bytes (malloc'd), also on error. */
enum err redis_link_write(struct redis_link *k, char *bytes, size_t n) MUST_USE;
bool redis_link_is_writing(const struct redis_link *k);

/* Ends it; only `gone` is called after that, later on the loop. */
void redis_link_close(struct redis_link *k);

#endif
