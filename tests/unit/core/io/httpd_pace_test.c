/* Bodies in pieces, cut ones, and such that stall. */
#include "tests/unit/core/io/http_fixture.h"
#include "core/base/buf.h"
#include "core/io/httpd.h"

#define TEXT "data: \xe6\x9d\xaf\n\n"

struct fixture {
    struct client c;
    struct httpd *server;
    struct httpd_answer answer;
    int chunks, longest, gone;
    struct buf got;
};

static void on_request(void *arg, struct httpd_request *q)
{
    httpd_answer(q, &((struct fixture *)arg)->answer);
}

static void on_gone(void *arg, struct httpd_request *q, void *user)
{
    (void)q, (void)user;
    ((struct fixture *)arg)->gone++;
}

static enum http_take on_body(void *arg, uint64_t ticket, const struct http_reply *r,
                              const char *bytes, size_t n)
{
    struct fixture *f = (struct fixture *)((char *)arg - offsetof(struct client, out) -
                                           offsetof(struct fixture, c));
    (void)ticket;
    assert_int_equal(r->status, 200);
    f->chunks++;
    f->longest = (int)n > f->longest ? (int)n : f->longest;
    assert_int_equal(buf_append(&f->got, bytes, n), ERR_OK);
    return HTTP_TAKE;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 64};
    client_start(&f->c);
    buf_init(&f->got, 4096);
    assert_int_equal(httpd_new(f->c.loop, &o, on_request, on_gone, f, &f->server, NULL),
                     ERR_OK);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    client_stop(&f->c);
    if (f->server)
        httpd_free(f->server);
    loop_free(f->c.loop);
    buf_fini(&f->got);
    free(f);
    return 0;
}

static void ask(struct fixture *f, size_t piece, enum httpd_stop stop, size_t stop_at)
{
    f->answer = (struct httpd_answer){.status = 200,
                                      .content_type = "text/event-stream",
                                      .body = TEXT,
                                      .body_len = strlen(TEXT),
                                      .piece_bytes = piece,
                                      .stop = stop,
                                      .stop_at = stop_at};
    struct http_request q = get(client_url(&f->c, httpd_port(f->server), "/"));
    q.on_body = on_body;
    f->chunks = f->longest = 0;
    buf_clear(&f->got);
    client_send_one(&f->c, &q, 0);
}

static void pieces_come_one_by_one(void **state)
{
    struct fixture *f = *state;
    for (size_t piece = 1; piece < 4; piece++) {
        ask(f, piece, HTTPD_NO_STOP, 0);
        assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_OK);
        assert_string_equal(buf_str(&f->got), TEXT);
        assert_int_equal(f->longest, piece);
    }
    ask(f, 999, HTTPD_NO_STOP, 0);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_OK);
    assert_int_equal(f->chunks, 1);
}

static void cut_bodies_have_no_end(void **state)
{
    struct fixture *f = *state;
    for (size_t at = 0; at <= strlen(TEXT); at++) {
        ask(f, 2, HTTPD_CUT, at);
        assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_TRUNCATED);
        assert_int_equal(f->got.len, at);
    }
}

/* Until the client has given up; then the server serves on. */
static void stalled_bodies_stay_open(void **state)
{
    struct fixture *f = *state;
    ask(f, 1, HTTPD_STALL, 7);
    client_until(&f->c, &f->chunks, 7);
    client_pass_time(&f->c, 50);
    assert_false(f->c.out[0].done);
    http_cancel(f->c.http, f->c.id);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_CANCELLED);
    assert_int_equal(f->got.len, 7);
    ask(f, 1, HTTPD_NO_STOP, 0);
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_OK);
    assert_int_equal(f->gone, 0); /* it was answered */
}

static void server_may_go_while_one_stalls(void **state)
{
    struct fixture *f = *state;
    ask(f, 1, HTTPD_STALL, 3);
    client_until(&f->c, &f->chunks, 3);
    httpd_free(f->server);
    f->server = NULL;
    assert_int_equal(client_await(&f->c, 0)->reply.err, ERR_TRUNCATED);
    assert_int_equal(f->gone, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_come_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(cut_bodies_have_no_end, setup, teardown),
        cmocka_unit_test_setup_teardown(stalled_bodies_stay_open, setup, teardown),
        cmocka_unit_test_setup_teardown(server_may_go_while_one_stalls, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
