/* redis_session_test.c: connecting, greeting, loss and return of the connection. */
#include "core/io/redis.h"
#include "tests/unit/core/io/redis_fixture.h"

#define ACL "bob on >s3cret/@ ~* &* +@all"

static void test_auth(void **state)
{
    (void)state;
    struct redis_server s;
    struct client c;
    struct outcome o;
    char url[160];
    assert_true(redis_server_start(&s, ACL));
    (void)snprintf(url, sizeof url, "redis://bob:s3cret%%2F%%40@127.0.0.1:%d/2",
                   s.port);
    client_start(&c, url);
    client_ask(&c, &o, "ACL", "WHOAMI");
    assert_string_equal(o.text, "bob");
    client_ask(&c, &o, "CONFIG", "SET", "requirepass", "alone");
    assert_int_equal(o.e, ERR_OK);
    client_stop(&c);

    (void)snprintf(url, sizeof url, "unix://:alone@%s", s.path);
    client_start(&c, url);
    client_ask(&c, &o, "ACL", "WHOAMI");
    assert_string_equal(o.text, "default");
    client_stop(&c);

    client_start(&c, s.url_unix); /* none given, one wanted */
    client_wait(&c, &c.down);
    assert_non_null(strstr(c.why, "NOAUTH"));
    client_stop(&c);
    redis_server_stop(&s);
}

/* Told clearly, tried again: once the user exists, the same client gets in. */
static void test_bad_auth_is_retried(void **state)
{
    (void)state;
    struct redis_server s;
    struct client admin, c;
    struct outcome o = {0}, set;
    char url[160];
    assert_true(redis_server_start(&s, NULL));
    (void)snprintf(url, sizeof url, "redis://eve:wrong@127.0.0.1:%d", s.port);
    client_start(&c, url);
    assert_int_equal(redis_do(c.redis, outcome_record, &o, 1, "PING", NULL), ERR_OK);
    client_wait(&c, &c.down);
    assert_non_null(strstr(c.why, "AUTH: WRONGPASS"));
    assert_null(strstr(c.why, "wrong@"));
    assert_false(o.done);
    client_start(&admin, s.url_unix);
    client_ask(&admin, &set, "ACL", "SETUSER", "eve", "on", ">wrong", "+client");
    assert_int_equal(set.e, ERR_OK);
    client_stop(&admin);
    client_wait(&c, &o.done); /* waited; she may connect, but not PING */
    assert_int_equal(o.e, ERR_REDIS);
    assert_non_null(strstr(o.text, "NOPERM"));
    assert_true(redis_is_up(c.redis));
    assert_int_equal(c.changes, 2); /* the same reason is told once */
    client_stop(&c);
    redis_server_stop(&s);
}

static void test_refused(void **state)
{
    (void)state;
    struct client c;
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", redis_server_free_port());
    client_open(&c, &(struct redis_options){.url = url, .connect_timeout_ms = WAIT_MS});
    client_wait(&c, &c.down);
    assert_string_equal(c.why, "connection refused");
    client_stop(&c);
    client_start(&c, "unix:///no/such/socket");
    client_wait(&c, &c.down);
    assert_string_equal(c.why, "no such file or directory");
    client_stop(&c);
    client_start(&c, "redis://no-such-host.invalid");
    client_wait(&c, &c.down);
    assert_true(c.why[0] != '\0');
    client_stop(&c);
}

/* The listener's queue takes the connection; nobody ever answers the greeting. */
static void test_silent_server(void **state)
{
    (void)state;
    struct client c;
    struct peer p = {.greet = SIZE_MAX, .hold = true};
    peer_start(&p);
    client_open(&c, &(struct redis_options){.url = p.url, .connect_timeout_ms = 50});
    client_wait(&c, &c.down);
    assert_string_equal(c.why, "no answer to the greeting");
    client_stop(&c);
    peer_stop(&p);
}

static void test_killed_and_restarted(void **state)
{
    (void)state;
    struct redis_server s;
    struct client c;
    struct outcome o, lost = {0}, later = {0};
    assert_true(redis_server_start(&s, NULL));
    client_start(&c, s.url_tcp);
    client_ask(&c, &o, "SET", "k", "v");
    const struct redis_arg blpop[] = {redis_text("BLPOP"), redis_text("empty"),
                                      redis_text("0")};
    assert_int_equal(
        redis_command(c.redis, blpop, 3, WAIT_MS, outcome_record, &lost, 1), ERR_OK);
    bool never = false;
    assert_int_equal(loop_run_until(c.loop, &never, 20),
                     ERR_DEADLINE); /* it goes out */
    redis_server_kill(&s);
    client_wait(&c, &lost.done);
    assert_int_equal(lost.e, ERR_UNKNOWN_OUTCOME);
    assert_true(c.down);
    const struct redis_arg ping[] = {redis_text("PING")};
    assert_int_equal(
        redis_command(c.redis, ping, 1, WAIT_MS, outcome_record, &later, 2), ERR_OK);
    assert_true(redis_server_restart(&s, NULL));
    client_wait(&c, &later.done);
    assert_int_equal(later.e, ERR_OK);
    assert_true(redis_is_up(c.redis));
    assert_string_equal(c.why, "");
    client_stop(&c);
    assert_int_equal(lost.calls, 1);
    redis_server_stop(&s);
}

struct said {
    const char *say, *why;
};

/* What ends a connection in the middle of a reply: each time UNKNOWN_OUTCOME. */
static void test_broken_replies(void **state)
{
    (void)state;
    const struct said said[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "not the Redis protocol"},
        {"$100\r\nhalf a reply", "closed by the server"},
        {"*3\r\n:1\r\n", "closed by the server"},
        {"*1048576\r\n", "closed by the server"},
        {"*1048577\r\n", "a reply has over 1048576 elements"},
        {"*1\r\n*2147483647\r\n", "a reply has over 1048576 elements"},
        {"", "closed by the server"},
    };
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct client c;
        struct outcome o = {0};
        struct peer p = {.read = PING_BYTES, .say = said[i].say};
        peer_start(&p);
        client_start(&c, p.url);
        assert_int_equal(redis_do(c.redis, outcome_record, &o, 1, "PING", NULL),
                         ERR_OK);
        client_wait(&c, &o.done);
        assert_int_equal(o.e, ERR_UNKNOWN_OUTCOME);
        assert_non_null(strstr(c.why, said[i].why));
        client_stop(&c);
        assert_int_equal(o.calls, 1);
        peer_stop(&p);
    }
}

static void test_surplus_reply(void **state)
{
    (void)state;
    struct client c;
    struct outcome o = {0};
    struct peer p = {.read = PING_BYTES, .say = "+PONG\r\n+PONG\r\n", .hold = true};
    peer_start(&p);
    client_start(&c, p.url);
    assert_int_equal(redis_do(c.redis, outcome_record, &o, 1, "PING", NULL), ERR_OK);
    client_wait(&c, &c.down);
    assert_int_equal(o.e, ERR_OK);
    assert_string_equal(c.why, "a reply that nothing asked for");
    client_stop(&c);
    peer_stop(&p);
}

static void test_oversized_reply(void **state)
{
    (void)state;
    const size_t size = (size_t)66 << 20;
    struct client c;
    struct outcome o = {0};
    char *say = malloc(size);
    memset(say, 'x', size);
    memcpy(say, "$90000000\r\n", 11);
    struct peer p = {.read = PING_BYTES, .say = say, .say_len = size, .hold = true};
    peer_start(&p);
    client_start(&c, p.url);
    const struct redis_arg ping[] = {redis_text("PING")};
    assert_int_equal(redis_command(c.redis, ping, 1, WAIT_MS, outcome_record, &o, 1),
                     ERR_OK);
    client_wait(&c, &o.done);
    assert_int_equal(o.e, ERR_UNKNOWN_OUTCOME);
    assert_string_equal(c.why, "a reply is over 64 MiB");
    client_stop(&c);
    peer_stop(&p);
    free(say);
}

/* The server refuses the first of two commands: that one was not applied, the answer to
 * the other still counts; then the client connects anew. */
static void test_refusals_drop_the_connection(void **state)
{
    (void)state;
    const char *const says[] = {"-LOADING Redis is loading\r\n+PONG\r\n",
                                "-READONLY You can't write\r\n+PONG\r\n",
                                "-MASTERDOWN Link is down\r\n+PONG\r\n",
                                "-UNBLOCKED force unblock\r\n+PONG\r\n"};
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        struct client c;
        struct outcome first = {0}, second = {0};
        struct peer p = {.read = PING_BYTES * 2, .say = says[i], .hold = true};
        peer_start(&p);
        client_start(&c, p.url);
        assert_int_equal(redis_do(c.redis, outcome_record, &first, 1, "PING", NULL),
                         ERR_OK);
        assert_int_equal(redis_do(c.redis, outcome_record, &second, 2, "PING", NULL),
                         ERR_OK);
        client_wait(&c, &c.down);
        assert_int_equal(first.e, ERR_UNSENT);
        assert_int_equal(first.type, REPLY_NIL);
        assert_int_equal(second.e, ERR_OK);
        assert_memory_equal(c.why, says[i] + 1, 8);
        c.up = false;
        client_wait(&c, &c.up); /* the second connection */
        assert_int_equal(__atomic_load_n(&p.accepted, __ATOMIC_SEQ_CST), 2);
        client_stop(&c);
        peer_stop(&p);
    }
}

static void on_state_free(void *arg, bool up, const char *error)
{
    struct client *c = arg;
    (void)error;
    redis_free(c->redis);
    c->redis = NULL;
    c->up = up;
    c->down = !up;
}

static void test_free_inside_the_state_callback(void **state)
{
    (void)state;
    struct client c;
    struct outcome o = {0};
    struct peer p = {.hold = true};
    peer_start(&p);
    client_start(&c, p.url);
    redis_on_state(c.redis, on_state_free, &c);
    assert_int_equal(redis_do(c.redis, outcome_record, &o, 1, "PING", NULL), ERR_OK);
    client_wait(&c, &c.up);
    assert_int_equal(o.e, ERR_CANCELLED);
    client_stop(&c);
    peer_stop(&p);
    client_start(&c, p.url); /* nobody listens any more */
    redis_on_state(c.redis, on_state_free, &c);
    client_wait(&c, &c.down);
    client_stop(&c);
}

/* At each stage of connecting; the sanitizers judge. */
static void test_free_while_connecting(void **state)
{
    (void)state;
    struct client c;
    bool never = false;
    const char *const urls[] = {"redis://localhost:1", "redis://127.0.0.1:1",
                                "unix:///no/such/socket", "redis://[::1]:1"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        client_start(&c, urls[i]);
        client_stop(&c);
        client_start(&c, urls[i]);
        assert_int_equal(loop_run_until(c.loop, &never, 0), ERR_DEADLINE);
        client_stop(&c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth),
        cmocka_unit_test(test_bad_auth_is_retried),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_silent_server),
        cmocka_unit_test(test_killed_and_restarted),
        cmocka_unit_test(test_broken_replies),
        cmocka_unit_test(test_surplus_reply),
        cmocka_unit_test(test_oversized_reply),
        cmocka_unit_test(test_refusals_drop_the_connection),
        cmocka_unit_test(test_free_inside_the_state_callback),
        cmocka_unit_test(test_free_while_connecting),
    };
    return cmocka_run_group_tests_name("core/io/redis_session", tests, NULL, NULL);
}
