/* Which limit of time ends a transfer: the client against peers that fall silent at
 * each stage, drip, or only ping. The totals are generous: no test waits for one but
 * where it is the answer. */
#include "tests/unit/core/io/http_fixture.h"

#define HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define MIB ((size_t)1024 * 1024)
#define SHORT 60

/* Accepts one connection, reads a request, writes `head`, then `piece` every
 * `pause_ms` until the client hangs up, or `count` of them. */
struct dripper {
    const char *head, *piece;
    int pause_ms, count;
    int fd, port;
    pthread_t thread;
    atomic_bool wrote_all;
};

static bool write_text(int fd, const char *text)
{
    size_t n = strlen(text);
    return send(fd, text, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static void *drip(void *arg)
{
    struct dripper *d = arg;
    char c;
    int fd = accept(d->fd, NULL, NULL);
    if (fd < 0)
        return NULL;
    bool open = raw_read_request(fd) && write_text(fd, d->head);
    for (int i = 0; open && (d->count == 0 || i < d->count); i++) {
        (void)usleep((useconds_t)d->pause_ms * 1000);
        open = write_text(fd, d->piece);
    }
    atomic_store(&d->wrote_all, true);
    while (read(fd, &c, 1) > 0)
        ; /* until the client hangs up */
    (void)close(fd);
    return NULL;
}

struct fixture {
    struct client c;
    struct dripper d;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    client_start(&f->c);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    client_stop(&f->c);
    if (f->d.port) {
        (void)shutdown(f->d.fd, SHUT_RDWR);
        assert_int_equal(pthread_join(f->d.thread, NULL), 0);
        (void)close(f->d.fd);
    }
    loop_free(f->c.loop);
    free(f);
    return 0;
}

static struct http_request serve(struct fixture *f, const struct dripper *d)
{
    f->d.head = d->head;
    f->d.piece = d->piece;
    f->d.pause_ms = d->pause_ms;
    f->d.count = d->count;
    f->d.fd = local_listen(4, &f->d.port);
    assert_int_equal(pthread_create(&f->d.thread, NULL, drip, &f->d), 0);
    return post(client_url(&f->c, f->d.port, "/"), "{}");
}

static void expect(const struct outcome *o, enum http_limit limit, const char *message)
{
    bool unsent = limit < HTTP_LIMIT_FIRST_BYTE;
    assert_int_equal(o->reply.limit, limit);
    assert_int_equal(o->reply.err, unsent ? ERR_UNSENT : ERR_DEADLINE);
    assert_int_equal(o->reply.sent, !unsent);
    assert_string_equal(o->message, message);
}

static void silence_after_the_request(void **state)
{
    struct fixture *f = *state;
    struct http_request q =
        serve(f, &(struct dripper){.head = "", .piece = "", .count = 1});
    q.limits = (struct http_limits){.tls_ms = 1, /* it is no https */
                                    .send_ms = 1,
                                    .first_byte_ms = SHORT,
                                    .first_token_ms = WAIT_MS,
                                    .idle_ms = 1};
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_FIRST_BYTE, "no reply for 60 ms");
    assert_int_equal(f->c.out[0].reply.first_token_us, 0);
    assert_int_equal(http_in_flight(f->c.http), 0);
}

/* The earlier one of two that run is the one that ends it. */
static void silence_before_the_first_token(void **state)
{
    struct fixture *f = *state;
    struct http_request q =
        serve(f, &(struct dripper){.head = "", .piece = "", .count = 1});
    q.limits.first_byte_ms = WAIT_MS;
    q.limits.first_token_ms = SHORT;
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_FIRST_TOKEN, "no token for 60 ms");
}

static void headers_alone(void **state)
{
    struct fixture *f = *state;
    struct http_request q =
        serve(f, &(struct dripper){.head = HEAD, .piece = "", .count = 1});
    q.limits.first_byte_ms = 2 * SHORT;
    q.limits.first_token_ms = 10 * SHORT;
    q.limits.idle_ms = SHORT; /* nothing has begun that could go on */
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_FIRST_TOKEN, "no token for 600 ms");
    assert_int_equal(f->c.out[0].reply.status, 200);
}

static void interim_answers_are_none(void **state)
{
    struct fixture *f = *state;
    struct http_request q = serve(
        f, &(struct dripper){
               .head = "", .piece = "HTTP/1.1 103 Early Hints\r\n\r\n", .pause_ms = 5});
    q.limits.first_byte_ms = SHORT;
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_FIRST_BYTE, "no reply for 60 ms");
}

static void half_a_body(void **state)
{
    struct fixture *f = *state;
    struct http_request q = serve(
        f, &(struct dripper){.head = HEAD "4\r\nhalf\r\n", .piece = "", .count = 1});
    q.limits = (struct http_limits){
        .send_ms = 1, .first_byte_ms = 1000, .first_token_ms = 1000, .idle_ms = 2000};
    const struct outcome *o = client_exchange(&f->c, &q);
    expect(o, HTTP_LIMIT_IDLE, "nothing more for 2000 ms");
    assert_string_equal(o->text, "half");
    assert_true(o->reply.first_token_us > 0);
    assert_true(o->reply.first_token_us < o->reply.total_us);
}

/* Every byte counts, so only the total ends it. */
static void drip_a_byte(void **state)
{
    struct fixture *f = *state;
    struct http_request q = serve(
        f, &(struct dripper){.head = HEAD, .piece = "1\r\nx\r\n", .pause_ms = 10});
    q.limits = (struct http_limits){.first_token_ms = WAIT_MS, .idle_ms = 700};
    q.deadline_ms = 1600;
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_TOTAL, "not complete for 1600 ms");
}

/* Takes the body; 'x' is content, all else is none. */
struct taking {
    struct outcome out; /* first: the arg of outcome_record() too */
    struct fixture *f;
    bool never, begun;
};

static enum http_take on_piece(void *arg, uint64_t ticket,
                               const struct http_reply *so_far, const char *bytes,
                               size_t n)
{
    struct taking *t = arg;
    (void)ticket, (void)so_far;
    if (!t->never && memchr(bytes, 'x', n)) {
        http_first_token(t->f->c.http, t->f->c.id);
        http_first_token(t->f->c.http, t->f->c.id);
        http_first_token(t->f->c.http, 123456);
        t->begun = true;
    }
    return HTTP_TAKE;
}

static const struct outcome *take(struct fixture *f, struct taking *t,
                                  struct http_request *q)
{
    t->f = f;
    q->on_body = on_piece;
    assert_int_equal(http_send(f->c.http, q, outcome_record, t, 0, &f->c.id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &t->out.done, WAIT_MS), ERR_OK);
    assert_int_equal(t->out.calls, 1);
    return &t->out;
}

/* A ping is life, but no token; and what has not begun cannot be idle. */
static void pings_for_ever(void **state)
{
    struct fixture *f = *state;
    struct taking t = {0};
    struct http_request q =
        serve(f, &(struct dripper){.head = HEAD, .piece = "1\r\n:\r\n", .pause_ms = 5});
    q.limits = (struct http_limits){.first_token_ms = 300, .idle_ms = 1};
    expect(take(f, &t, &q), HTTP_LIMIT_FIRST_TOKEN, "no token for 300 ms");
    assert_int_equal(t.out.reply.first_token_us, 0);
}

static void pings_keep_alive_what_has_begun(void **state)
{
    struct fixture *f = *state;
    struct taking t = {0};
    struct http_request q =
        serve(f, &(struct dripper){
                     .head = HEAD "1\r\nx\r\n", .piece = "1\r\n:\r\n", .pause_ms = 5});
    q.limits = (struct http_limits){.first_token_ms = 400, .idle_ms = WAIT_MS / 2};
    q.deadline_ms = 1000;
    expect(take(f, &t, &q), HTTP_LIMIT_TOTAL, "not complete for 1000 ms");
    assert_true(t.out.reply.first_token_us > 0);
}

static void silence_after_the_first_token(void **state)
{
    struct fixture *f = *state;
    struct taking t = {0};
    struct http_request q =
        serve(f, &(struct dripper){.head = HEAD "1\r\nx\r\n", .piece = "", .count = 1});
    q.limits.idle_ms = SHORT;
    expect(take(f, &t, &q), HTTP_LIMIT_IDLE, "nothing more for 60 ms");
}

static void none_is_no_limit(void **state)
{
    struct fixture *f = *state;
    struct taking t = {.never = true};
    struct http_request q = serve(f, &(struct dripper){.head = HEAD "1\r\nx\r\n",
                                                       .piece = "0\r\n\r\n",
                                                       .pause_ms = 100,
                                                       .count = 1});
    assert_int_equal(take(f, &t, &q)->reply.err, ERR_OK);
    assert_int_equal(t.out.reply.limit, HTTP_LIMIT_NONE);
}

/* The loop stands still for longer than the limit; what came meanwhile lies there. */
static void bytes_that_wait_have_come(void **state)
{
    struct fixture *f = *state;
    struct taking t = {.f = f};
    struct http_request q = serve(f, &(struct dripper){.head = HEAD "1\r\nx\r\n",
                                                       .piece = "1\r\ny\r\n0\r\n\r\n",
                                                       .pause_ms = 50,
                                                       .count = 1});
    q.limits.idle_ms = 400;
    q.on_body = on_piece;
    assert_int_equal(http_send(f->c.http, &q, outcome_record, &t, 0, &f->c.id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &t.begun, WAIT_MS), ERR_OK);
    while (!atomic_load(&f->d.wrote_all))
        (void)usleep(1000);
    (void)usleep(500 * 1000);
    assert_false(t.out.done);
    assert_int_equal(loop_run_until(f->c.loop, &t.out.done, WAIT_MS), ERR_OK);
    assert_int_equal(t.out.reply.err, ERR_OK);
}

static void no_tls(void **state)
{
    struct fixture *f = *state;
    int port, fd = local_listen(4, &port);
    (void)snprintf(f->c.url, sizeof f->c.url, "https://127.0.0.1:%d/", port);
    struct http_request q = post(f->c.url, "{}");
    q.limits = (struct http_limits){
        .tls_ms = SHORT, .send_ms = 1, .first_byte_ms = 1, .first_token_ms = 1};
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_TLS, "no TLS for 60 ms");
    q.limits.tls_ms = WAIT_MS;
    q.connect_timeout_ms = SHORT;
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_CONNECT, "no connection for 60 ms");
    (void)close(fd);
}

static void request_is_not_taken(void **state)
{
    struct fixture *f = *state;
    int port, fd = local_listen(4, &port);
    char *body = malloc(32 * MIB + 1); /* more than the buffers of a socket hold */
    assert_non_null(body);
    memset(body, 'x', 32 * MIB);
    body[32 * MIB] = '\0';
    struct http_request q = post(client_url(&f->c, port, "/"), body);
    q.limits = (struct http_limits){.send_ms = 10 * SHORT, .first_byte_ms = WAIT_MS};
    expect(client_exchange(&f->c, &q), HTTP_LIMIT_SEND,
           "the request was not taken for 600 ms");
    free(body);
    (void)close(fd);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(silence_after_the_request),
        TEST(silence_before_the_first_token),
        TEST(headers_alone),
        TEST(interim_answers_are_none),
        TEST(half_a_body),
        TEST(drip_a_byte),
        TEST(pings_for_ever),
        TEST(pings_keep_alive_what_has_begun),
        TEST(silence_after_the_first_token),
        TEST(none_is_no_limit),
        TEST(bytes_that_wait_have_come),
        TEST(no_tls),
        TEST(request_is_not_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
