/* redis_test.c: commands and replies against a real server. */
#include "core/io/redis.h"
#include "tests/unit/core/io/redis_fixture.h"

static struct redis_server server;

static int start(void **state)
{
    (void)state;
    return redis_server_start(&server, NULL) ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    redis_server_stop(&server);
    return 0;
}

static void test_ping(void **state)
{
    (void)state;
    const char *const urls[] = {server.url_unix, server.url_tcp};
    for (size_t i = 0; i < 2; i++) {
        struct client c;
        struct outcome o;
        client_start(&c, urls[i]);
        assert_false(redis_is_up(c.redis));
        client_ask(&c, &o, "PING"); /* waited for the connection */
        assert_int_equal(o.e, ERR_OK);
        assert_int_equal(o.type, REPLY_STATUS);
        assert_string_equal(o.text, "PONG");
        assert_true(c.up && c.changes == 1);
        assert_string_equal(c.why, "");
        client_stop(&c);
        assert_int_equal(o.calls, 1);
    }
}

static void test_host_name_and_db(void **state)
{
    (void)state;
    struct client c;
    struct outcome o;
    char url[128];
    (void)snprintf(url, sizeof url, "redis://localhost:%d/3", server.port);
    client_start(&c, url);
    client_ask(&c, &o, "CLIENT", "INFO");
    assert_non_null(strstr(o.text, " db=3 "));
    client_ask(&c, &o, "SET", "in-3", "x");
    client_ask(&c, &o, "SELECT", "0");
    client_ask(&c, &o, "EXISTS", "in-3");
    assert_int_equal(o.number, 0);
    client_stop(&c);
}

static void test_unknown_db(void **state)
{
    (void)state;
    struct client c;
    char url[128];
    (void)snprintf(url, sizeof url, "%s?db=99", server.url_unix);
    client_start(&c, url);
    client_wait(&c, &c.down);
    assert_non_null(strstr(c.why, "SELECT: ERR DB index"));
    client_stop(&c);
}

static void on_nested(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct outcome *o = arg;
    const struct reply *inner = reply_at(r, 1);
    size_t len = 0;
    assert_int_equal(e, ERR_OK);
    assert_int_equal(reply_type(r), REPLY_ARRAY);
    assert_int_equal(reply_count(r), 9);
    assert_string_equal(reply_str(reply_at(r, 0), NULL), "outer");
    assert_int_equal(reply_count(inner), 4);
    assert_string_equal(reply_str(reply_get(inner, "b"), &len), "two");
    assert_int_equal(len, 3);
    assert_null(reply_get(inner, "two")); /* a value, not a key */
    assert_null(reply_get(inner, "c"));
    assert_int_equal(reply_int(reply_at(r, 2)), -12);
    assert_int_equal(reply_int(reply_at(r, 3)), 9007199254740993);
    assert_int_equal(reply_type(reply_at(r, 3)), REPLY_STR);
    assert_int_equal(reply_int(reply_at(r, 4)), 0); /* 12x */
    assert_int_equal(reply_type(reply_at(r, 5)), REPLY_NIL);
    assert_string_equal(reply_str(reply_at(r, 5), &len), "");
    assert_int_equal(len, 0);
    assert_string_equal(reply_str(reply_at(r, 6), &len), "z");
    assert_int_equal(len, 3); /* z NUL z */
    assert_int_equal(reply_type(reply_at(r, 7)), REPLY_STATUS);
    assert_int_equal(reply_int(reply_at(r, 8)), 0); /* out of range */
    assert_null(reply_at(r, 9));
    assert_int_equal(reply_type(NULL), REPLY_NIL);
    assert_int_equal(reply_count(NULL), 0);
    assert_null(reply_get(NULL, "a"));
    o->ticket = ticket;
    o->done = true;
}

static void test_nested_reply(void **state)
{
    (void)state;
    struct client c;
    struct outcome o = {0};
    const char *lua = "return {'outer', {'a', 'one', 'b', 'two'}, -12, "
                      "'9007199254740993', '12x', false, 'z\\0z', {ok = 'fine'}, "
                      "'99999999999999999999'}";
    client_start(&c, server.url_unix);
    assert_int_equal(redis_do(c.redis, on_nested, &o, 3, "EVAL", lua, "0", NULL),
                     ERR_OK);
    client_wait(&c, &o.done);
    client_stop(&c);
}

static void test_error_reply(void **state)
{
    (void)state;
    struct client c;
    struct outcome o;
    client_start(&c, server.url_unix);
    client_ask(&c, &o, "NO-SUCH-COMMAND");
    assert_int_equal(o.e, ERR_REDIS);
    assert_int_equal(o.type, REPLY_ERROR);
    assert_non_null(strstr(o.text, "unknown command"));
    client_ask(&c, &o, "PING"); /* the connection lives on */
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(c.changes, 1);
    client_stop(&c);
}

static void test_binary_and_empty_arguments(void **state)
{
    (void)state;
    struct client c;
    struct outcome o = {0}, length;
    client_start(&c, server.url_unix);
    const struct redis_arg set[] = {redis_text("SET"), redis_text(""),
                                    redis_bytes("a\0\r\nb", 5)};
    assert_int_equal(redis_command(c.redis, set, 3, 0, outcome_record, &o, 1), ERR_OK);
    client_ask(&c, &length, "STRLEN", "");
    assert_int_equal(o.e, ERR_OK);
    assert_int_equal(length.number, 5);
    assert_int_equal(redis_command(c.redis, set, 0, 0, outcome_record, &o, 1),
                     ERR_BAD_VALUE);
    client_stop(&c);
    assert_int_equal(o.calls, 1);
}

/* A value that needs many reads and a command that needs many writes. */
static void test_large_values(void **state)
{
    (void)state;
    enum { BYTES = 20 << 20 };
    struct client c;
    struct outcome o = {0}, length;
    char *value = malloc(BYTES);
    memset(value, 'v', BYTES);
    client_start(&c, server.url_tcp);
    const struct redis_arg echo[] = {redis_text("SET"), redis_text("large"),
                                     redis_bytes(value, BYTES), redis_text("GET")};
    assert_int_equal(redis_command(c.redis, echo, 4, WAIT_MS, outcome_record, &o, 1),
                     ERR_OK);
    assert_int_equal(redis_command(c.redis, echo, 4, WAIT_MS, outcome_record, &o, 1),
                     ERR_OK);
    free(value);
    client_ask(&c, &length, "STRLEN", "large");
    assert_int_equal(length.number, BYTES);
    assert_int_equal(o.calls, 2);
    assert_int_equal(o.type, REPLY_STR);
    client_stop(&c);
}

static void test_refused_urls(void **state)
{
    (void)state;
    struct loop *l = NULL;
    struct redis *r = NULL;
    struct err_detail d = {0};
    const struct redis_options tls = {.url = "rediss://h"},
                               bad = {.url = "redis://h:x"};
    assert_int_equal(loop_new(&l), ERR_OK);
    assert_int_equal(redis_open(l, &tls, &r, &d), ERR_NOT_SUPPORTED);
    assert_non_null(strstr(d.message, "TLS"));
    assert_int_equal(redis_open(l, &bad, &r, &d), ERR_BAD_VALUE);
    assert_null(r);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ping),
        cmocka_unit_test(test_host_name_and_db),
        cmocka_unit_test(test_unknown_db),
        cmocka_unit_test(test_nested_reply),
        cmocka_unit_test(test_error_reply),
        cmocka_unit_test(test_binary_and_empty_arguments),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_refused_urls),
    };
    return cmocka_run_group_tests_name("core/io/redis", tests, start, stop);
}
