/* session.h: Redis for a command: opened, asked one thing at a time, closed. Every
 * operation ends by its own deadline, so waiting for it ends too. */
#ifndef BARKER_WORKERS_CLI_SESSION_H
#define BARKER_WORKERS_CLI_SESSION_H

#include "queues/queue.h"
#include "workers/cli/cli.h"

#define SESSION_URL_MAX 1024
#define SESSION_DATA_VERSION 1      /* of bk:meta, that this program knows */
#define SESSION_WAIT_MS 3000        /* for Redis, of a command */
#define SESSION_WAIT_WORKER_MS 4500 /* of a worker, which may start before Redis */

struct session {
    const struct cli *cli; /* borrows */
    struct loop *loop;
    struct redis *redis;
    struct queue queue;
    char url[SESSION_URL_MAX];
    char why[192]; /* last reason why Redis is not there */
    bool up;
};

/* Connects and checks that the data is of a version we know; with `found`, a Redis
 * without data gets its version and partition count. Returns an exit code and has said
 * why; the session need not be closed then. */
int session_open(struct session *s, struct cli *c, int64_t wait_ms, bool found);
/* Connects, no more; d says why not, nothing is printed. */
enum err session_connect(struct session *s, const struct cli *c, int64_t wait_ms,
                         struct err_detail *d) MUST_USE;
/* Settles every command still under way, with ERR_CANCELLED. */
void session_disconnect(struct session *s);
void session_close(struct session *s);

/* unix:// URL of a socket path, percent-encoded; ERR_LIMIT over the 107 bytes that a
 * socket address holds. */
enum err session_socket_url(const char *path, char out[SESSION_URL_MAX],
                            struct err_detail *d) MUST_USE;

/* What to take out of a reply, which lives only during the call. */
typedef enum err (*session_take_fn)(void *arg, const struct reply *r);

struct session_call {
    struct session *session;
    session_take_fn take; /* NULL: nothing to take */
    void *arg;
    bool done;
    enum err err;
    char message[160]; /* text of an error reply */
};
/* One operation:
 *   struct session_call call = {.session = s, .take = take, .arg = &out};
 *   rc = session_end(&call, results_read_list(&s->queue, n, session_settle, &call, 0));
 * session_end waits and returns an exit code; on failure it has said why. */
void session_settle(void *arg, uint64_t ticket, enum err e, const struct reply *r);
int session_end(struct session_call *call, enum err started);
/* The same without a word; call.message holds the text of an error reply. */
enum err session_wait(struct session_call *call, enum err started) MUST_USE;
void session_sleep(struct session *s, int64_t ms);

#endif
