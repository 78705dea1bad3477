/* redis.h: one multiplexed connection to a Redis or Valkey server (>= 7.0), RESP2.
 *
 * hiredis is the codec, the transport on uv is ours (guides/REDIS.md §1). Commands are
 * pipelined in call order. Each command settles exactly once, on the loop, never inside
 * the call that started it:
 *   ERR_OK               a reply that is not an error
 *   ERR_REDIS            an error reply (reply_type == REPLY_ERROR, text inside)
 *   ERR_UNSENT           never written: safe to send again
 *   ERR_UNKNOWN_OUTCOME  written, connection lost before the reply: may have happened
 *   ERR_DEADLINE         no reply in time; the connection is dropped, so that no later
 *                        reply is mistaken; written but unanswered others get
 *                        ERR_UNKNOWN_OUTCOME
 *   ERR_CANCELLED        redis_free() was called
 * Reconnects for ever with full jitter (50 ms .. 2 s); meanwhile commands wait in a
 * queue bounded in bytes (ERR_BUSY when full) until their own deadline (ERR_UNSENT).
 * LOADING, READONLY, MASTERDOWN and UNBLOCKED errors drop the connection, once what was
 * sent is answered, and reconnect; the command settles ERR_UNSENT (not applied). */
#ifndef BARKER_CORE_IO_REDIS_H
#define BARKER_CORE_IO_REDIS_H

#include "core/base/err.h"
#include "core/io/loop.h"
#include "core/io/reply.h"
#include <stdbool.h>

struct redis;

struct redis_options {
    const char *url; /* redis://[user[:pass]@]host[:port][/db], unix:///path */
    int64_t connect_timeout_ms; /* 2000 */
    int64_t command_timeout_ms; /* 5000; default deadline of a command */
    size_t queue_max_bytes;     /* 64 MiB: unsent and unanswered request bytes */
};

/* ticket is what the caller passed; reply is borrowed, NULL unless OK or ERR_REDIS. */
typedef void (*redis_fn)(void *arg, uint64_t ticket, enum err e, const struct reply *r);

/* A Lua script; name and text are static. sha1 is filled at first use. */
struct redis_script {
    const char *name, *text;
    char sha1[41];
};

struct redis_arg {
    const char *at;
    size_t len;
};

/* Checks the URL (ERR_BAD_VALUE with detail) and starts to connect. */
enum err redis_open(struct loop *l, const struct redis_options *o, struct redis **out,
                    struct err_detail *d) MUST_USE;
/* Settles everything with ERR_CANCELLED before it returns; may be called from inside
 * any callback. Before loop_free(). */
void redis_free(struct redis *r);

/* Called at each change; for logs, readiness and giving up at start. error is "" when
 * up, else the reason ("connection refused"). */
typedef void (*redis_state_fn)(void *arg, bool up, const char *error);
void redis_on_state(struct redis *r, redis_state_fn fn, void *arg);
bool redis_is_up(const struct redis *r);

/* timeout_ms 0 = the default. The arguments are copied. ERR_BUSY when the queue is
 * full, ERR_LIMIT for a command that never fits. On a returned error fn is not called.
 */
enum err redis_command(struct redis *r, const struct redis_arg *argv, size_t argc,
                       int64_t timeout_ms, redis_fn fn, void *arg,
                       uint64_t ticket) MUST_USE;
/* Same from C strings, ended by NULL. */
enum err redis_do(struct redis *r, redis_fn fn, void *arg, uint64_t ticket, ...)
    __attribute__((sentinel)) MUST_USE;
/* EVALSHA with one key; on NOSCRIPT the text is sent once with EVAL. */
enum err redis_script(struct redis *r, struct redis_script *s, const char *key,
                      const struct redis_arg *argv, size_t argc, redis_fn fn, void *arg,
                      uint64_t ticket) MUST_USE;

static inline struct redis_arg redis_bytes(const void *p, size_t n)
{
    return (struct redis_arg){(const char *)p, n};
}
struct redis_arg redis_text(const char *s); /* borrows s */

#endif
