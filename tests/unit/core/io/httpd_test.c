/* The server, asked by our client and by raw TCP peers. */
#include "tests/unit/core/io/http_fixture.h"
#include "core/io/httpd.h"

#define LIMIT_BYTES 64
#define DELAYED 50

struct fixture {
    struct client c;
    struct httpd *server;
    struct httpd_request *held[DELAYED];
    void *gone_user;
    int handled, waiting, gone, next;
    struct loop_timer *timer;
    char seen[256];
    bool done, free_in_handler, free_in_gone;
};

static void answer_text(struct httpd_request *q, int status, const char *text)
{
    struct httpd_answer a = {.status = status,
                             .content_type = "text/plain",
                             .body = text,
                             .body_len = strlen(text),
                             .headers = {{"X-Test", "first"}, {"X-Second", "2"}}};
    httpd_answer(q, &a);
}

static void see(struct fixture *f, struct httpd_request *q)
{
    size_t n;
    const char *a = httpd_query(q, "a"), *none = httpd_query(q, "none");
    const char *h = httpd_header(q, "x-thing"), *body = httpd_body(q, &n);
    (void)snprintf(f->seen, sizeof f->seen, "%s %s a=%s none=%s x-thing=%s %zu:%s",
                   httpd_method(q), httpd_path(q), a ? a : "-", none ? none : "-",
                   h ? h : "-", n, body);
}

/* /hold and /late are not answered, /drop is dropped, others get their path back. */
static void on_request(void *arg, struct httpd_request *q)
{
    struct fixture *f = arg;
    f->handled++;
    see(f, q);
    if (f->free_in_handler) {
        httpd_free(f->server);
        f->server = NULL;
    } else if (strcmp(httpd_path(q), "/drop") == 0) {
        httpd_drop(q);
    } else if (strcmp(httpd_path(q), "/hold") == 0) {
        httpd_set_user(q, &f->held[f->waiting]);
        f->held[f->waiting++] = q;
    } else {
        answer_text(q, 201, httpd_path(q));
    }
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    struct fixture *f = arg;
    f->gone++;
    f->gone_user = user;
    f->done = true;
    assert_ptr_equal(httpd_user(q), user);
    if (f->free_in_gone) {
        f->free_in_gone = false;
        httpd_free(f->server);
        f->server = NULL;
    }
}

static struct httpd_options options(const char *listen)
{
    return (struct httpd_options){
        .listen = listen, .max_body_bytes = LIMIT_BYTES, .idle_timeout_ms = 1000};
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct httpd_options o = options("127.0.0.1:0");
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
    if (f->server) {
        httpd_free(f->server);
    }
    loop_free(f->c.loop);
    free(f);
    return 0;
}

static void send_path(struct fixture *f, size_t i, const char *path, const char *body)
{
    static const struct http_header thing = {"X-Thing", "t"};
    struct http_request q = get(client_url(&f->c, httpd_port(f->server), path));
    if (body) {
        q = post(q.url, body);
    }
    q.headers = &thing;
    q.header_count = 1;
    client_send_one(&f->c, &q, i);
}

static void request_is_seen_and_answered(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/path?a=1%202&none", "body");
    struct outcome *o = client_await(&f->c, 0);
    assert_string_equal(f->seen, "POST /path a=1 2 none=- x-thing=t 4:body");
    assert_int_equal(o->reply.status, 201);
    assert_string_equal(o->text, "/path");
    assert_string_equal(o->header, "first");
    send_path(f, 0, "/", NULL);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_OK);
    assert_string_equal(f->seen, "GET / a=- none=- x-thing=t 0:");
}

static void answer_one(void *arg)
{
    struct fixture *f = arg;
    int i = DELAYED - 1 - f->next++; /* the last one first */
    char text[32];
    (void)snprintf(text, sizeof text, "late %d", i);
    answer_text(f->held[i], 200, text);
    if (f->next == DELAYED) {
        loop_timer_stop(f->timer);
    }
}

static void answers_may_come_later(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < DELAYED; i++) {
        send_path(f, i, "/hold", NULL);
    }
    client_until(&f->c, &f->waiting, DELAYED);
    assert_int_equal(loop_timer_new(f->c.loop, answer_one, f, &f->timer), ERR_OK);
    loop_timer_start(f->timer, 1, 1);
    bool seen[DELAYED] = {false};
    for (size_t i = 0; i < DELAYED; i++) {
        struct outcome *o = client_await(&f->c, i);
        assert_int_equal(o->reply.err, ERR_OK);
        long n = strtol(o->text + strlen("late "), NULL, 10);
        assert_false(seen[n]);
        seen[n] = true;
    }
    loop_timer_free(f->timer);
    assert_int_equal(f->gone, 0);
    send_path(f, 0, "/again", NULL); /* the connections live on */
    assert_string_equal(client_await(&f->c, 0)->text, "/again");
}

static void long_body_is_refused(void **state)
{
    struct fixture *f = *state;
    char body[LIMIT_BYTES + 2];
    memset(body, 'x', sizeof body);
    body[LIMIT_BYTES] = '\0';
    send_path(f, 0, "/fits", body);
    assert_int_equal(client_await(&f->c, 0)->reply.status, 201);
    body[LIMIT_BYTES] = 'x';
    body[LIMIT_BYTES + 1] = '\0';
    send_path(f, 0, "/over", body);
    assert_int_equal(client_await(&f->c, 0)->reply.status, 413);
    assert_int_equal(f->handled, 1);
}

static char *raw_exchange(struct fixture *f, struct raw_client *c, const char *text)
{
    *c = (struct raw_client){
        .loop = f->c.loop, .port = httpd_port(f->server), .text = text};
    raw_client_run(c);
    return c->reply;
}

static void long_chunked_body_is_refused(void **state)
{
    struct fixture *f = *state;
    struct raw_client c;
    char text[512];
    (void)snprintf(text, sizeof text,
                   "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "Connection: close\r\n\r\n40\r\n%064d\r\n1\r\nx\r\n0\r\n\r\n",
                   0);
    const char *reply = raw_exchange(f, &c, text);
    assert_non_null(strstr(reply, "HTTP/1.1 413 "));
    assert_int_equal(f->handled, 0);
}

static void expect_is_refused_at_once(void **state)
{
    struct fixture *f = *state;
    struct raw_client c;
    const char *reply =
        raw_exchange(f, &c,
                     "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n"
                     "Expect: 100-continue\r\nConnection: close\r\n\r\n");
    assert_true(strncmp(reply, "HTTP/1.1 413 ", 13) == 0);
    assert_int_equal(f->handled, 0);
}

static void pipelined_requests_keep_their_order(void **state)
{
    struct fixture *f = *state;
    struct raw_client c;
    const char *reply =
        raw_exchange(f, &c,
                     "GET /one HTTP/1.1\r\nHost: a\r\n\r\n"
                     "GET /two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const char *one = strstr(reply, "/one");
    assert_non_null(one);
    assert_non_null(strstr(one, "/two"));
}

static void idle_connection_is_closed(void **state)
{
    struct fixture *f = *state;
    struct raw_client c; /* returns when the server has hung up */
    assert_string_equal(raw_exchange(f, &c, "GET /"), "");
    assert_int_equal(f->handled, 0);
}

static void client_that_leaves_is_told(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/hold", NULL);
    send_path(f, 1, "/hold", NULL);
    uint64_t second = f->c.id;
    client_until(&f->c, &f->waiting, 2);
    http_cancel(f->c.http, second);
    assert_int_equal(loop_run_until(f->c.loop, &f->done, WAIT_MS), ERR_OK);
    assert_int_equal(f->gone, 1);
    assert_non_null(f->gone_user);
    struct httpd_request *left = f->gone_user == &f->held[0] ? f->held[1] : f->held[0];
    answer_text(left, 200, "still here");
    assert_string_equal(client_await(&f->c, 0)->text, "still here");
    assert_int_equal(client_await(&f->c, 1)->reply.err, ERR_CANCELLED);
    assert_int_equal(f->gone, 1);
}

static void drop_hangs_up(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/drop", "x");
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_UNKNOWN_OUTCOME);
    send_path(f, 1, "/hold", "x");
    client_until(&f->c, &f->waiting, 1);
    httpd_drop(f->held[0]);
    assert_int_equal(client_await(&f->c, 1)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(f->gone, 0);
}

static void free_tells_who_waits(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/hold", "x");
    send_path(f, 1, "/hold", "x");
    client_until(&f->c, &f->waiting, 2);
    httpd_free(f->server);
    f->server = NULL;
    assert_int_equal(f->gone, 2);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(client_await(&f->c, 1)->reply.err, ERR_UNKNOWN_OUTCOME);
}

static void handler_may_free(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/hold", "x");
    client_until(&f->c, &f->waiting, 1);
    f->free_in_handler = true;
    send_path(f, 1, "/", "x");
    assert_int_equal(client_await(&f->c, 1)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(f->gone, 1);
}

static void gone_callback_may_free(void **state)
{
    struct fixture *f = *state;
    send_path(f, 0, "/hold", "x");
    send_path(f, 1, "/hold", "x");
    client_until(&f->c, &f->waiting, 2);
    f->free_in_gone = true;
    http_cancel(f->c.http, f->c.id);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_UNKNOWN_OUTCOME);
    assert_int_equal(f->gone, 2);
}

static void listen_addresses(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "", "8700", ":8700", "[::1:8700", "::1:8700", "127.0.0.1:x", "127.0.0.1:"};
    struct httpd *h = NULL;
    struct err_detail d;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct httpd_options o = options(bad[i]);
        assert_int_equal(httpd_new(f->c.loop, &o, on_request, on_gone, f, &h, &d),
                         ERR_CONFIG);
        assert_true(d.message[0] != '\0');
    }
    char taken[64];
    (void)snprintf(taken, sizeof taken, "127.0.0.1:%d", httpd_port(f->server));
    struct httpd_options o = options(taken);
    assert_int_equal(httpd_new(f->c.loop, &o, on_request, on_gone, f, &h, &d), ERR_IO);
    assert_non_null(strstr(d.message, taken));
}

static void serves_ipv6(void **state)
{
    struct fixture *f = *state;
    struct httpd_options o = options("[::1]:0");
    struct httpd *h = NULL;
    if (access("/proc/net/if_inet6", R_OK) != 0) {
        skip();
    }
    assert_int_equal(httpd_new(f->c.loop, &o, on_request, on_gone, f, &h, NULL),
                     ERR_OK);
    (void)snprintf(f->c.url, sizeof f->c.url, "http://[::1]:%d/six", httpd_port(h));
    struct http_request q = get(f->c.url);
    assert_string_equal(client_exchange(&f->c, &q)->text, "/six");
    httpd_free(h);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(request_is_seen_and_answered),
        TEST(answers_may_come_later),
        TEST(long_body_is_refused),
        TEST(long_chunked_body_is_refused),
        TEST(expect_is_refused_at_once),
        TEST(pipelined_requests_keep_their_order),
        TEST(idle_connection_is_closed),
        TEST(client_that_leaves_is_told),
        TEST(drop_hangs_up),
        TEST(free_tells_who_waits),
        TEST(handler_may_free),
        TEST(gone_callback_may_free),
        TEST(listen_addresses),
        TEST(serves_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
