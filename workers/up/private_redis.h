/* private_redis.h: the redis-server or valkey-server of `barker up`, on
 * <folder>/redis.sock. One that an earlier run left behind and that still answers there
 * is adopted; it is started again when it dies. One that still runs but cannot be
 * reached is never doubled: the start fails and names it. In a session of its own, so
 * that Ctrl-C reaches the supervisor only. */
#ifndef BARKER_WORKERS_UP_PRIVATE_REDIS_H
#define BARKER_WORKERS_UP_PRIVATE_REDIS_H

#include "core/io/loop.h"
#include "core/io/redis.h"

struct private_redis;

/* It has ended after private_redis_stop() (ERR_OK), or will not run: d says why. Called
 * once, from the loop. */
typedef void (*private_redis_fn)(void *arg, enum err e, const struct err_detail *d);

/* Both **borrowed**. */
struct private_redis_options {
    const char *folder;  /* an absolute path of a folder that is there */
    const char *program; /* as redis_program.h wants it */
};

enum err private_redis_start(struct loop *l, const struct private_redis_options *o,
                             private_redis_fn ended, void *arg,
                             struct private_redis **out, struct err_detail *d) MUST_USE;
/* Ends the server after it has written everything. `r` is a connection to it. */
void private_redis_stop(struct private_redis *p, struct redis *r);
void private_redis_free(struct private_redis *p); /* the server, if any, stays */

#endif
