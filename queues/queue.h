/* queue.h: one partition in Redis, the common argument of everything in queues/.
 * **borrows** the connection. Every function below queues/ is asynchronous: it settles
 * exactly once through its callback, on the loop, with the ticket it was given. */
#ifndef BARKER_QUEUES_QUEUE_H
#define BARKER_QUEUES_QUEUE_H

#include "core/io/redis.h"
#include "queues/keys.h"

struct queue {
    struct redis *redis;
    struct keys keys;
};

/* Common outcomes: ERR_OK; ERR_FENCED (another owner, or the job is gone);
 * ERR_REDIS; ERR_UNSENT; ERR_UNKNOWN_OUTCOME; ERR_DEADLINE; ERR_CANCELLED.
 * Every script may be sent again with the same arguments after any of the last five. */
typedef void (*queue_fn)(void *arg, uint64_t ticket, enum err e, const struct reply *r);

/* Runs the script named (queues/scripts.def) on this partition. */
enum err queue_script(struct queue *q, int script, const struct redis_arg *argv,
                      size_t argc, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;

#endif
