/* queue.h: one partition in Redis, the common argument of everything in queues/.
 * **borrows** the connection. Every function below queues/ is asynchronous: it settles
 * exactly once through its callback, on the loop, with the ticket it was given. */
#ifndef BARKER_QUEUES_QUEUE_H
#define BARKER_QUEUES_QUEUE_H

#include "core/io/redis.h"
#include "queues/keys.h"

/* Index of a script, in the order of scripts.def. */
enum queue_script_index {
#define SCRIPT(name) QUEUE_##name,
#include "queues/scripts.def"
#undef SCRIPT
    QUEUE_SCRIPT_COUNT
};

struct queue_scripts; /* the texts with their SHA-1, filled at first use */
struct queue {
    struct redis *redis;
    struct keys keys;
    struct queue_scripts *scripts; /* owns */
};

/* **borrows** the connection. ERR_BAD_VALUE for a bad prefix or partition. */
enum err queue_init(struct queue *q, struct redis *redis, const char *prefix,
                    int partition) MUST_USE;
/* Only after everything has settled, at the latest by redis_free(). */
void queue_fini(struct queue *q);

/* Common outcomes: ERR_OK; ERR_FENCED (another owner, or the job is gone);
 * ERR_REDIS; ERR_UNSENT; ERR_UNKNOWN_OUTCOME; ERR_DEADLINE; ERR_CANCELLED.
 * Every script may be sent again with the same arguments after any of the last five. */
typedef void (*queue_fn)(void *arg, uint64_t ticket, enum err e, const struct reply *r);

/* What a script says of one job: ERR_OK; ["fenced"]: ERR_FENCED; ["malformed"]:
 * ERR_INTERNAL; ["damaged"]: ERR_REDIS. Of a reply that is such a word, callbacks get
 * it as `e`. */
enum err queue_verdict(const struct reply *r) MUST_USE;

/* Runs the script named (queues/scripts.def) on this partition. */
enum err queue_script(struct queue *q, int script, const struct redis_arg *argv,
                      size_t argc, queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* Has the server compile it, without running it. */
enum err queue_compile(struct queue *q, int script, queue_fn fn, void *arg,
                       uint64_t ticket) MUST_USE;
const char *queue_script_name(int script);
/* queue_script() with a list of arguments, which ends with this call, also if it fails.
 */
struct args;
/* On a root of its own, such as keys_limits(). */
enum err queue_run_at(struct queue *q, const char *root, int script, struct args *a,
                      queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
enum err queue_run(struct queue *q, int script, struct args *a, queue_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;

#endif
