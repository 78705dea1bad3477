/* http_fixture.h: for the HTTP tests: a client with recorded outcomes, and raw TCP
 * peers on threads of their own, for what a well-behaved peer never does. */
#ifndef BARKER_TESTS_HTTP_FIXTURE_H
#define BARKER_TESTS_HTTP_FIXTURE_H

#include "core/io/http.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */

struct outcome {
    int calls;
    bool done;
    struct http_reply reply; /* pointers are dead, but `text` */
    char text[512];          /* start of the body */
    char header[128];        /* value of X-Test */
    char message[128];
    uint64_t ticket;
};

static inline void outcome_record(void *arg, uint64_t ticket,
                                  const struct http_reply *r)
{
    struct outcome *o = arg;
    const char *header = http_reply_header(r, "x-test");
    o->calls++;
    o->done = true;
    o->reply = *r;
    o->ticket = ticket;
    (void)snprintf(o->text, sizeof o->text, "%s", r->body);
    (void)snprintf(o->header, sizeof o->header, "%s", header ? header : "(none)");
    (void)snprintf(o->message, sizeof o->message, "%s", r->message);
}

/* The client under test and what its requests came to. */
struct client {
    struct loop *loop;
    struct http *http;
    struct loop_timer *timer;
    struct outcome out[200];
    uint64_t id; /* of the last request */
    char url[128];
    bool ticked;
};

static inline void on_client_tick(void *arg)
{
    ((struct client *)arg)->ticked = true;
}

static inline void client_start(struct client *c)
{
    assert_int_equal(loop_new(&c->loop), ERR_OK);
    assert_int_equal(http_new(c->loop, NULL, &c->http), ERR_OK);
    assert_int_equal(loop_timer_new(c->loop, on_client_tick, c, &c->timer), ERR_OK);
}

/* loop_free() is left to the test. */
static inline void client_stop(struct client *c)
{
    loop_timer_free(c->timer);
    if (c->http) {
        http_free(c->http);
    }
}

static inline const char *client_url(struct client *c, int port, const char *path)
{
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d%s", port, path);
    return c->url;
}

static inline void client_pass_time(struct client *c, int64_t ms)
{
    c->ticked = false;
    loop_timer_start(c->timer, ms, 0);
    assert_int_equal(loop_run_until(c->loop, &c->ticked, WAIT_MS), ERR_OK);
}

static inline void client_until(struct client *c, const int *count, int wanted)
{
    for (int i = 0; *count < wanted && i < 2000; i++) {
        client_pass_time(c, 2);
    }
    assert_int_equal(*count, wanted);
}

static inline struct http_request get(const char *url)
{
    return (struct http_request){.method = "GET",
                                 .url = url,
                                 .connect_timeout_ms = WAIT_MS,
                                 .deadline_ms = WAIT_MS,
                                 .max_reply_bytes = (size_t)4096 * 1024};
}

static inline struct http_request post(const char *url, const char *body)
{
    struct http_request q = get(url);
    q.method = "POST";
    static const struct http_header json = {"Content-Type", "application/json"};
    q.headers = &json;
    q.header_count = 1;
    q.body = body;
    q.body_len = strlen(body);
    return q;
}

static inline void client_send_one(struct client *c, const struct http_request *q,
                                   size_t i)
{
    struct outcome *o = &c->out[i];
    *o = (struct outcome){0};
    assert_int_equal(http_send(c->http, q, outcome_record, o, i, &c->id), ERR_OK);
    assert_int_equal(o->calls, 0);
}

static inline struct outcome *client_await(struct client *c, size_t i)
{
    assert_int_equal(loop_run_until(c->loop, &c->out[i].done, WAIT_MS), ERR_OK);
    assert_int_equal(c->out[i].calls, 1);
    return &c->out[i];
}

static inline struct outcome *client_exchange(struct client *c,
                                              const struct http_request *q)
{
    client_send_one(c, q, 0);
    return client_await(c, 0);
}

static inline int local_listen(int backlog, int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, n), 0);
    assert_int_equal(listen(fd, backlog), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

static inline int local_connect(int port)
{
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* What the raw server does with one request. */
struct raw_step {
    const char *reply; /* NULL: nothing is written */
    bool close;        /* then hang up; else keep the connection for the next step */
};

struct raw_server {
    int fd, port, stop[2];
    pthread_t thread;
    const struct raw_step *steps;
    size_t count;
    atomic_int connections, requests, hang_ups;
};

/* Reads one request with its body. False: the client hung up. */
static inline bool raw_read_request(int fd)
{
    char text[8192];
    size_t have = 0;
    for (;;) {
        ssize_t n = read(fd, text + have, sizeof text - 1 - have);
        if (n <= 0) {
            return false;
        }
        have += (size_t)n;
        text[have] = '\0';
        const char *end = strstr(text, "\r\n\r\n");
        const char *length = strcasestr(text, "content-length:");
        size_t body = length ? strtoul(length + 15, NULL, 10) : 0;
        if (end && have >= (size_t)(end + 4 - text) + body) {
            return true;
        }
    }
}

static inline void *raw_serve(void *arg)
{
    struct raw_server *s = arg;
    int fd = -1;
    for (size_t i = 0; i < s->count;) {
        fd = fd < 0 ? accept(s->fd, NULL, NULL) : fd;
        if (fd < 0) {
            return NULL; /* stopped */
        }
        atomic_fetch_add(&s->connections, 1);
        while (i < s->count && fd >= 0) {
            bool got = raw_read_request(fd);
            const struct raw_step *step = &s->steps[i];
            i += got;
            atomic_fetch_add(&s->requests, got);
            if (got && step->reply) {
                (void)!write(fd, step->reply, strlen(step->reply));
            }
            if (!got || step->close) {
                (void)close(fd);
                fd = -1;
                atomic_fetch_add(&s->hang_ups, 1);
            }
        }
    }
    char c;
    (void)!read(s->stop[0], &c, 1); /* keeps the last connection open until the end */
    if (fd >= 0) {
        (void)close(fd);
    }
    return NULL;
}

static inline void raw_server_start(struct raw_server *s, const struct raw_step *steps,
                                    size_t count)
{
    *s = (struct raw_server){.steps = steps, .count = count};
    s->fd = local_listen(16, &s->port);
    assert_int_equal(pipe(s->stop), 0);
    assert_int_equal(pthread_create(&s->thread, NULL, raw_serve, s), 0);
}

/* The client must have closed its connections, or be about to be answered. */
static inline void raw_server_stop(struct raw_server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR);
    (void)close(s->stop[1]);
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->stop[0]);
    (void)close(s->fd);
}

/* Writes text to the port, then reads until the server hangs up. */
struct raw_client {
    struct loop *loop; /* its `done` is looked at by loop_run_until() */
    int port;
    const char *text;
    char reply[4096];
    bool done; /* set on the loop */
};

static inline void raw_client_work(void *arg)
{
    struct raw_client *c = arg;
    int fd = local_connect(c->port);
    size_t have = 0;
    (void)!write(fd, c->text, strlen(c->text));
    for (ssize_t n; have < sizeof c->reply - 1; have += (size_t)n) {
        n = read(fd, c->reply + have, sizeof c->reply - 1 - have);
        if (n <= 0) {
            break;
        }
    }
    c->reply[have] = '\0';
    (void)close(fd);
}

static inline void raw_client_done(void *arg)
{
    ((struct raw_client *)arg)->done = true;
}

/* Runs the exchange on the thread pool while the loop serves it. */
static inline void raw_client_run(struct raw_client *c)
{
    assert_int_equal(loop_work(c->loop, raw_client_work, raw_client_done, c), ERR_OK);
    assert_int_equal(loop_run_until(c->loop, &c->done, WAIT_MS), ERR_OK);
}

#endif
