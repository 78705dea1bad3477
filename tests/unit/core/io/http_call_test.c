/* How failures of a transfer are told apart: the client against a raw TCP peer. */
#include "tests/unit/core/io/http_fixture.h"

struct fixture {
    struct client c;
    struct raw_server raw;
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
    if (f->raw.port) {
        raw_server_stop(&f->raw);
    }
    loop_free(f->c.loop);
    free(f);
    return 0;
}

static void raw_start(struct fixture *f, const struct raw_step *steps, size_t count)
{
    raw_server_start(&f->raw, steps, count);
    (void)client_url(&f->c, f->raw.port, "/");
}

#define KEPT                                                                           \
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Test: 1\r\nX-test:  2 \r\n\r\nok"

static void connection_is_kept_over_idle_time(void **state)
{
    static const struct raw_step steps[] = {
        {KEPT, false}, {KEPT, false}, {KEPT, false}, {KEPT, true}, {KEPT, false}};
    struct fixture *f = *state;
    raw_start(f, steps, 5);
    struct http_request q = post(f->c.url, "{}");
    for (int i = 0; i < 4; i++) {
        assert_string_equal(client_exchange(&f->c, &q)->text, "ok");
        assert_string_equal(f->c.out[0].header, "2");
        client_pass_time(&f->c, 30);
    }
    assert_int_equal(atomic_load(&f->raw.connections), 1);
    for (int i = 0; !atomic_load(&f->raw.hang_ups) && i < 2000; i++) {
        client_pass_time(&f->c, 2);
    }
    assert_int_equal(client_exchange(&f->c, &q)->reply.err,
                     ERR_OK); /* it hung up: a new one */
    assert_int_equal(atomic_load(&f->raw.connections), 2);
}

static void refused_connection_is_unsent(void **state)
{
    struct fixture *f = *state;
    int port;
    (void)close(local_listen(1, &port));
    (void)snprintf(f->c.url, sizeof f->c.url, "http://127.0.0.1:%d/", port);
    struct http_request q = post(f->c.url, "{}");
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_UNSENT);
    assert_false(o->reply.sent);
    assert_int_equal(o->reply.status, 0);
    q.url = "gopher://127.0.0.1/";
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_UNSENT);
    (void)snprintf(f->c.url, sizeof f->c.url, "http://localhost:%d/", port);
    q.url = f->c.url; /* the resolver's thread, and often two addresses that refuse */
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_UNSENT);
}

static void connect_timeout_is_unsent(void **state)
{
    struct fixture *f = *state;
    int port, fd = local_listen(0, &port), fill[4];
    for (int i = 0; i < 4; i++) { /* a full backlog: the next SYN gets no answer */
        struct sockaddr_in at = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                 .sin_port = htons((uint16_t)port)};
        fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fill[i], (struct sockaddr *)&at, sizeof at);
    }
    (void)snprintf(f->c.url, sizeof f->c.url, "http://127.0.0.1:%d/", port);
    struct http_request q = post(f->c.url, "{}");
    q.connect_timeout_ms = 50;
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_UNSENT);
    q.deadline_ms = 50;
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_DEADLINE);
    assert_false(o->reply.sent);
    for (int i = 0; i < 4; i++) {
        (void)close(fill[i]);
    }
    (void)close(fd);
}

static void hang_up_before_reply_is_unknown(void **state)
{
    static const struct raw_step steps[] = {{NULL, true},
                                            {"HTTP/1.1 100 C\r\n\r\n", true}};
    struct fixture *f = *state;
    raw_start(f, steps, 2);
    struct http_request q = post(f->c.url, "{}");
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_true(o->reply.sent);
    assert_true(o->reply.message && http_in_flight(f->c.http) == 0);
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_UNKNOWN_OUTCOME);
}

static void swallowed_post_is_not_repeated(void **state)
{
    static const struct raw_step steps[] = {
        {KEPT, false}, {NULL, true}, {KEPT, false}, {NULL, true}, {KEPT, false}};
    struct fixture *f = *state;
    raw_start(f, steps, 5);
    struct http_request q = post(f->c.url, "{}");
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_OK);
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(atomic_load(&f->raw.requests), 2);
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_OK);
    q = get(f->c.url); /* a GET goes out again on a fresh connection */
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_OK);
    assert_int_equal(atomic_load(&f->raw.requests), 5);
}

static void cut_reply_is_truncated(void **state)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf";
    static const char chunk[] =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
    static const struct raw_step steps[] = {{head, true}, {chunk, true}};
    struct fixture *f = *state;
    raw_start(f, steps, 2);
    struct http_request q = post(f->c.url, "{}");
    for (int i = 0; i < 2; i++) {
        struct outcome *o = client_exchange(&f->c, &q);
        assert_int_equal(o->reply.err, ERR_TRUNCATED);
        assert_int_equal(o->reply.status, 200);
        assert_string_equal(o->text, "half");
    }
}

static enum http_take on_any_bytes(void *arg, uint64_t ticket,
                                   const struct http_reply *so_far, const char *bytes,
                                   size_t n)
{
    (void)arg, (void)ticket, (void)so_far, (void)bytes, (void)n;
    return HTTP_TAKE;
}

static void endless_reply_meets_its_cap(void **state)
{
    static const char chunks[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "4\r\naaaa\r\n4\r\nbbbb\r\n4\r\ncccc\r\n";
    static const struct raw_step steps[] = {{chunks, false}, {chunks, false}};
    struct fixture *f = *state;
    raw_start(f, steps, 2);
    struct http_request q = post(f->c.url, "{}");
    q.max_reply_bytes = 8;
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_LIMIT);
    q.on_body = on_any_bytes; /* the cap holds for what others take too */
    assert_int_equal(client_exchange(&f->c, &q)->reply.err, ERR_LIMIT);
}

struct stopping {
    struct outcome out; /* first: the arg of outcome_record() too */
    struct fixture *f;
    bool peer_closed;
};

static enum http_take on_first_bytes(void *arg, uint64_t ticket,
                                     const struct http_reply *so_far, const char *bytes,
                                     size_t n)
{
    (void)arg, (void)ticket, (void)so_far, (void)bytes, (void)n;
    return HTTP_STOP;
}

/* The loop has not turned since: the server reads the end of the connection while we
 * wait here. */
static void on_stopped(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct stopping *s = arg;
    for (int i = 0; !atomic_load(&s->f->raw.hang_ups) && i < WAIT_MS; i++) {
        (void)usleep(1000);
    }
    s->peer_closed = atomic_load(&s->f->raw.hang_ups) == 1;
    outcome_record(&s->out, ticket, r);
}

/* The server would keep its stream open for good. */
static void refused_body_closes_the_connection_at_once(void **state)
{
    static const char stream[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                 "4\r\naaaa\r\n";
    static const struct raw_step steps[] = {{stream, false}, {KEPT, false}};
    struct fixture *f = *state;
    struct stopping s = {.f = f};
    raw_start(f, steps, 2);
    struct http_request q = post(f->c.url, "{}");
    q.on_body = on_first_bytes;
    assert_int_equal(http_send(f->c.http, &q, on_stopped, &s, 0, &f->c.id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &s.out.done, WAIT_MS), ERR_OK);
    assert_true(s.peer_closed);
    assert_int_equal(s.out.calls, 1);
    assert_int_equal(s.out.reply.err, ERR_CANCELLED);
    assert_true(s.out.reply.sent);
    q.on_body = NULL;
    assert_string_equal(client_exchange(&f->c, &q)->text, "ok");
    assert_int_equal(atomic_load(&f->raw.connections), 2);
}

static void deadline_says_whether_it_was_sent(void **state)
{
    static const struct raw_step steps[] = {{NULL, false}};
    struct fixture *f = *state;
    raw_start(f, steps, 1);
    struct http_request q = post(f->c.url, "{}");
    q.deadline_ms = 400; /* ample for a connect on a busy machine */
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_DEADLINE);
    assert_true(o->reply.sent);
    q.deadline_ms = 0; /* passed before it began */
    o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_DEADLINE);
    assert_false(o->reply.sent);
    assert_int_equal(atomic_load(&f->raw.requests), 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connection_is_kept_over_idle_time),
        TEST(refused_connection_is_unsent),
        TEST(connect_timeout_is_unsent),
        TEST(hang_up_before_reply_is_unknown),
        TEST(swallowed_post_is_not_repeated),
        TEST(cut_reply_is_truncated),
        TEST(endless_reply_meets_its_cap),
        TEST(refused_body_closes_the_connection_at_once),
        TEST(deadline_says_whether_it_was_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
