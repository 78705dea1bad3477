/* The HTTP client against our own server; http_call_test.c has the faults. */
#include "tests/unit/core/io/http_fixture.h"
#include "core/io/httpd.h"

#define KIB ((size_t)1024)
#define BIG (3 * KIB * KIB)

struct fixture {
    struct client c;
    struct httpd *server;
    struct httpd_request *held[16];
    int waiting, served, gone, chain;
    bool done;
};

/* POST /echo returns the body; GET /hold is not answered; others say "hello". */
static void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    struct httpd_answer a = {
        .status = 200, .content_type = "text/plain", .body = "hello"};
    a.body_len = strlen(a.body);
    f->served++;
    if (strcmp(httpd_path(q), "/hold") == 0) {
        f->held[f->waiting++] = q;
        return;
    }
    if (strcmp(httpd_path(q), "/echo") == 0) {
        a.body = httpd_body(q, &a.body_len);
        const char *test = httpd_header(q, "X-Test");
        a.headers[0][0] = "X-Test";
        a.headers[0][1] = test ? test : "absent";
    }
    httpd_answer(q, &a);
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    struct fixture *f = arg;
    (void)q, (void)user;
    f->gone++;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 4 * KIB * KIB};
    client_start(&f->c);
    assert_int_equal(httpd_new(f->c.loop, &o, on_request, on_gone, f, &f->server, NULL),
                     ERR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    client_stop(&f->c);
    httpd_free(f->server);
    loop_free(f->c.loop);
    free(f);
    return 0;
}

static const char *own_url(struct fixture *f, const char *path)
{
    return client_url(&f->c, httpd_port(f->server), path);
}

static void post_and_get_come_back_whole(void **state)
{
    struct fixture *f = *state;
    struct http_header headers[] = {{"X-Test", "a b"}, {"X-Empty", ""}};
    struct http_request q = post(own_url(f, "/echo"), "{\"a\":1}");
    q.headers = headers;
    q.header_count = 2;
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_OK);
    assert_int_equal(o->reply.status, 200);
    assert_true(o->reply.sent);
    assert_string_equal(o->text, "{\"a\":1}");
    assert_string_equal(o->header, "a b");
    assert_true(o->reply.total_us > 0 && o->reply.first_byte_us > 0);
    q = get(own_url(f, "/"));
    o = client_exchange(&f->c, &q);
    assert_string_equal(o->text, "hello");
    assert_string_equal(o->header, "(none)");
    assert_int_equal(http_in_flight(f->c.http), 0);
}

static void two_hundred_at_once(void **state)
{
    struct fixture *f = *state;
    char body[200][16];
    for (size_t i = 0; i < 200; i++) {
        (void)snprintf(body[i], sizeof body[i], "call %zu", i);
        struct http_request q = post(own_url(f, "/echo"), body[i]);
        client_send_one(&f->c, &q, i);
    }
    assert_int_equal(http_in_flight(f->c.http), 200);
    for (size_t i = 0; i < 200; i++) {
        struct outcome *o = client_await(&f->c, i);
        assert_int_equal(o->reply.err, ERR_OK);
        assert_int_equal(o->ticket, i);
        assert_string_equal(o->text, body[i]);
    }
    assert_int_equal(f->served, 200);
    assert_int_equal(http_in_flight(f->c.http), 0);
}

static void on_chain(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct fixture *f = arg;
    struct http_request q = post(f->c.url, "next");
    assert_int_equal(r->err, ERR_OK);
    f->done = ++f->chain == 100;
    if (!f->done) {
        uint64_t id;
        assert_int_equal(http_send(f->c.http, &q, on_chain, f, ticket + 1, &id),
                         ERR_OK);
    }
}

static void callback_may_send(void **state)
{
    struct fixture *f = *state;
    struct http_request q = post(own_url(f, "/echo"), "first");
    assert_int_equal(http_send(f->c.http, &q, on_chain, f, 0, &f->c.id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &f->done, WAIT_MS), ERR_OK);
    assert_int_equal(f->served, 100);
}

static void big_body_both_ways(void **state)
{
    struct fixture *f = *state;
    char *body = malloc(BIG + 1);
    assert_non_null(body);
    memset(body, 'x', BIG);
    body[BIG] = '\0';
    struct http_request q = post(own_url(f, "/echo"), body);
    struct outcome *o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_OK);
    assert_int_equal(o->reply.body_len, BIG);
    q.max_reply_bytes = BIG - 1;
    o = client_exchange(&f->c, &q);
    assert_int_equal(o->reply.err, ERR_LIMIT);
    assert_true(o->reply.sent);
    free(body);
}

static void cancel_closes_and_settles_later(void **state)
{
    struct fixture *f = *state;
    struct http_request q = get(own_url(f, "/hold"));
    client_send_one(&f->c, &q, 0);
    client_until(&f->c, &f->waiting, 1);
    http_cancel(f->c.http, f->c.id);
    http_cancel(f->c.http, f->c.id);
    http_cancel(f->c.http, f->c.id + 12345);
    assert_int_equal(f->c.out[0].calls, 0);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_CANCELLED);
    assert_true(f->c.out[0].reply.sent);
    http_cancel(f->c.http, f->c.id);
    client_until(&f->c, &f->gone, 1);
    assert_int_equal(f->gone, 1);
    client_send_one(&f->c, &q, 1); /* cancelled before curl has looked at it */
    http_cancel(f->c.http, f->c.id);
    assert_int_equal(client_await(&f->c, 1)->reply.err, ERR_CANCELLED);
    assert_false(f->c.out[1].reply.sent);
    assert_int_equal(f->c.out[0].calls, 1);
}

static void free_settles_what_is_out(void **state)
{
    struct fixture *f = *state;
    struct http_request q = get(own_url(f, "/hold"));
    for (size_t i = 0; i < 10; i++) {
        client_send_one(&f->c, &q, i);
    }
    client_until(&f->c, &f->waiting, 10);
    client_send_one(&f->c, &q, 10);
    http_free(f->c.http);
    f->c.http = NULL;
    for (size_t i = 0; i <= 10; i++) {
        assert_int_equal(f->c.out[i].calls, 1);
        assert_int_equal(f->c.out[i].reply.err, ERR_CANCELLED);
    }
}

static void on_reply_free(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct fixture *f = arg;
    struct http *h = f->c.http;
    (void)ticket;
    f->c.http = NULL;
    http_free(h);
    assert_string_equal(r->body, "hello"); /* ours lives until we return */
    f->done = true;
}

static void callback_may_free(void **state)
{
    struct fixture *f = *state;
    struct http_request hold = get(own_url(f, "/hold"));
    client_send_one(&f->c, &hold, 0);
    client_until(&f->c, &f->waiting, 1);
    uint64_t id;
    struct http_request q = get(own_url(f, "/"));
    f->done = false;
    assert_int_equal(http_send(f->c.http, &q, on_reply_free, f, 0, &id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &f->done, WAIT_MS), ERR_OK);
    assert_int_equal(f->c.out[0].calls, 1);
    assert_int_equal(f->c.out[0].reply.err, ERR_CANCELLED);
}

/* What a body was taken as. */
struct taking {
    struct outcome out; /* first: the arg of outcome_record() too */
    enum http_take answer;
    size_t stop_at; /* bytes; 0 = never */
    size_t bytes;
    int calls, after_end, status;
    char header[16];
};

static enum http_take on_piece(void *arg, uint64_t ticket,
                               const struct http_reply *so_far, const char *bytes,
                               size_t n)
{
    struct taking *t = arg;
    const char *header = http_reply_header(so_far, "x-test");
    assert_true(n > 0 && bytes[0] == 'x' && bytes[n - 1] == 'x');
    assert_int_equal(ticket, 7);
    t->calls++;
    t->after_end += t->out.done || (t->stop_at && t->bytes >= t->stop_at);
    t->bytes += n;
    t->status = so_far->status;
    (void)snprintf(t->header, sizeof t->header, "%s", header ? header : "");
    return t->stop_at && t->bytes >= t->stop_at ? HTTP_STOP : t->answer;
}

/* POSTs `n` letters to /echo. */
static void take_echo(struct fixture *f, struct taking *t, size_t n, size_t max)
{
    char *body = malloc(n + 1);
    assert_non_null(body);
    memset(body, 'x', n);
    body[n] = '\0';
    struct http_header header = {"X-Test", "taken"};
    struct http_request q = post(own_url(f, "/echo"), body);
    q.headers = &header;
    q.max_reply_bytes = max;
    q.on_body = on_piece;
    assert_int_equal(http_send(f->c.http, &q, outcome_record, t, 7, &f->c.id), ERR_OK);
    assert_int_equal(loop_run_until(f->c.loop, &t->out.done, WAIT_MS), ERR_OK);
    assert_int_equal(t->out.calls, 1);
    assert_int_equal(t->after_end, 0);
    free(body);
}

static void body_is_taken_as_it_comes(void **state)
{
    struct fixture *f = *state;
    struct taking t = {.answer = HTTP_TAKE};
    take_echo(f, &t, BIG, BIG);
    assert_int_equal(t.out.reply.err, ERR_OK);
    assert_int_equal(t.bytes, BIG);
    assert_true(t.calls > 1);
    assert_int_equal(t.status, 200);
    assert_string_equal(t.header, "taken");
    assert_int_equal(t.out.reply.body_len, 0);
    t = (struct taking){.answer = HTTP_KEEP};
    take_echo(f, &t, BIG, BIG);
    assert_int_equal(t.out.reply.err, ERR_OK);
    assert_int_equal(t.out.reply.body_len, BIG);
    t = (struct taking){.answer = HTTP_TAKE};
    take_echo(f, &t, BIG, BIG - 1);
    assert_int_equal(t.out.reply.err, ERR_LIMIT);
    struct http_request q = get(own_url(f, "/")); /* a pooled call forgets on_body */
    assert_string_equal(client_exchange(&f->c, &q)->text, "hello");
}

static void body_may_be_refused_in_the_middle(void **state)
{
    struct fixture *f = *state;
    struct taking t = {.answer = HTTP_TAKE, .stop_at = 5000};
    take_echo(f, &t, BIG, BIG);
    assert_int_equal(t.out.reply.err, ERR_CANCELLED);
    assert_int_equal(t.out.reply.status, 200);
    assert_true(t.out.reply.sent);
    assert_true(t.bytes >= 5000 && t.bytes < BIG);
    assert_int_equal(http_in_flight(f->c.http), 0);
    t = (struct taking){.answer = HTTP_TAKE, .stop_at = 1}; /* and of a short one */
    take_echo(f, &t, 5, BIG);
    assert_int_equal(t.out.reply.err, ERR_CANCELLED);
    assert_int_equal(t.calls, 1);
    struct http_request q = get(own_url(f, "/"));
    assert_string_equal(client_exchange(&f->c, &q)->text, "hello");
}

static void bad_header_is_refused(void **state)
{
    struct fixture *f = *state;
    static const struct http_header bad[] = {
        {"X", "a\r\nEvil: 1"}, {"X\nY", "a"}, {"", "a"}, {"A:", "b"}};
    for (size_t i = 0; i < 4; i++) {
        struct http_request q = get(own_url(f, "/"));
        q.headers = &bad[i];
        q.header_count = 1;
        assert_int_equal(
            http_send(f->c.http, &q, outcome_record, &f->c.out[0], 0, &f->c.id),
            ERR_BAD_VALUE);
    }
    assert_int_equal(http_in_flight(f->c.http), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(post_and_get_come_back_whole),
        TEST(two_hundred_at_once),
        TEST(callback_may_send),
        TEST(big_body_both_ways),
        TEST(cancel_closes_and_settles_later),
        TEST(free_settles_what_is_out),
        TEST(callback_may_free),
        TEST(body_is_taken_as_it_comes),
        TEST(body_may_be_refused_in_the_middle),
        TEST(bad_header_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
