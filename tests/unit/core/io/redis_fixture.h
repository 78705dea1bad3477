/* redis_fixture.h: for the Redis tests: a client with recorded outcomes and states, and
 * a scripted peer on a thread for what a real server never does. */
#ifndef BARKER_TESTS_REDIS_FIXTURE_H
#define BARKER_TESTS_REDIS_FIXTURE_H

#include "core/io/redis.h"
#include "tests/fakes/redis_server.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */

struct outcome {
    int calls, wanted; /* wanted: done only after so many; 0 = the first */
    bool done;
    enum err e;
    uint64_t ticket;
    enum reply_type type;
    int64_t number;
    size_t count;
    char text[200];
};

static inline void outcome_record(void *arg, uint64_t ticket, enum err e,
                                  const struct reply *r)
{
    struct outcome *o = arg;
    o->calls++;
    o->done = o->calls >= o->wanted;
    o->e = e;
    o->ticket = ticket;
    o->type = reply_type(r);
    o->number = reply_int(r);
    o->count = reply_count(r);
    (void)snprintf(o->text, sizeof o->text, "%s", reply_str(r, NULL));
}

struct client {
    struct loop *loop;
    struct redis *redis;
    bool up, down; /* has been told so since the last look */
    int changes;
    char why[256];
};

static inline void on_client_state(void *arg, bool up, const char *error)
{
    struct client *c = arg;
    assert_int_equal(up, redis_is_up(c->redis));
    c->up = up;
    c->down = !up;
    c->changes++;
    (void)snprintf(c->why, sizeof c->why, "%s", error);
}

static inline void client_open(struct client *c, const struct redis_options *o)
{
    struct err_detail d = {0};
    *c = (struct client){0};
    assert_int_equal(loop_new(&c->loop), ERR_OK);
    assert_int_equal(redis_open(c->loop, o, &c->redis, &d), ERR_OK);
    redis_on_state(c->redis, on_client_state, c);
}

static inline void client_start(struct client *c, const char *url)
{
    client_open(c, &(struct redis_options){.url = url});
}

static inline void client_stop(struct client *c)
{
    if (c->redis) {
        redis_free(c->redis);
    }
    loop_free(c->loop);
}

static inline void client_wait(struct client *c, const bool *done)
{
    assert_int_equal(loop_run_until(c->loop, done, WAIT_MS), ERR_OK);
}

/* Sends the words, waits for the outcome. */
#define client_ask(c, o, ...)                                                          \
    do {                                                                               \
        *(o) = (struct outcome){0};                                                    \
        assert_int_equal(                                                              \
            redis_do((c)->redis, outcome_record, (o), 7, __VA_ARGS__, NULL), ERR_OK);  \
        assert_int_equal((o)->calls, 0);                                               \
        client_wait((c), &(o)->done);                                                  \
        assert_int_equal((o)->ticket, 7);                                              \
    } while (0)

/* Accepts connections one after the other. On each it waits for `greet` bytes, says
 * `hello`, waits for `read` more bytes, says `say` (say_len bytes), and closes. With
 * `hold` it keeps the connection until the client closes it. */
struct peer {
    size_t greet, read, say_len;
    const char *hello, *say;
    bool hold;
    int listener, port, accepted;
    char url[64];
    pthread_t thread;
};

static inline void peer_read(int fd, size_t n)
{
    char byte;
    while (n > 0 && read(fd, &byte, 1) == 1) {
        n--;
    }
}

static inline void peer_say(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = send(fd, bytes, n, MSG_NOSIGNAL);
        if (done <= 0) {
            return;
        }
        bytes += done;
        n -= (size_t)done;
    }
}

static inline void *peer_run(void *arg)
{
    struct peer *p = arg;
    int fd = -1;
    while ((fd = accept(p->listener, NULL, NULL)) >= 0) {
        __atomic_add_fetch(&p->accepted, 1, __ATOMIC_SEQ_CST);
        peer_read(fd, p->greet);
        peer_say(fd, p->hello, strlen(p->hello));
        peer_read(fd, p->read);
        peer_say(fd, p->say, p->say_len);
        if (p->hold) {
            peer_read(fd, SIZE_MAX);
        }
        (void)close(fd);
    }
    return NULL;
}

#define PING_BYTES 14 /* *1 $4 PING, the greeting without AUTH and SELECT */

static inline void peer_start(struct peer *p)
{
    struct sockaddr_in a = redis_server_loopback(0);
    socklen_t len = sizeof a;
    p->greet = p->greet ? p->greet : PING_BYTES;
    p->hello = p->hello ? p->hello : "+PONG\r\n";
    p->say_len = p->say && !p->say_len ? strlen(p->say) : p->say_len;
    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &len), 0);
    assert_int_equal(listen(p->listener, 16), 0);
    p->port = ntohs(a.sin_port);
    (void)snprintf(p->url, sizeof p->url, "redis://127.0.0.1:%d", p->port);
    assert_int_equal(pthread_create(&p->thread, NULL, peer_run, p), 0);
}

/* After client_stop(), so that no connection is left to wait for. */
static inline void peer_stop(struct peer *p)
{
    (void)shutdown(p->listener, SHUT_RDWR);
    (void)pthread_join(p->thread, NULL);
    (void)close(p->listener);
}

#endif
