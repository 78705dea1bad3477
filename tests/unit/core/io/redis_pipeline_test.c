/* redis_pipeline_test.c: order, deadlines, scripts, the bound of the queue, and the end
 * with commands under way. */
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

#define COMMANDS 10000

struct order {
    struct redis *redis;
    uint64_t next; /* ticket and number expected */
    bool done;
};

static void on_ordered(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct order *o = arg;
    assert_int_equal(e, ERR_OK);
    assert_int_equal(ticket, o->next);
    assert_int_equal(reply_int(r), o->next + 1);
    if (ticket < 100) { /* a callback may ask for more */
        assert_int_equal(
            redis_do(o->redis, on_ordered, o, COMMANDS + ticket, "INCR", "n", NULL),
            ERR_OK);
    }
    o->next++;
    o->done = o->next == COMMANDS + 100;
}

static void test_order_of_many(void **state)
{
    (void)state;
    struct client c;
    struct outcome o;
    client_start(&c, server.url_tcp);
    client_ask(&c, &o, "DEL", "n");
    struct order order = {.redis = c.redis};
    for (uint64_t i = 0; i < COMMANDS; i++) {
        assert_int_equal(redis_do(c.redis, on_ordered, &order, i, "INCR", "n", NULL),
                         ERR_OK);
    }
    assert_int_equal(order.next, 0);
    client_wait(&c, &order.done);
    client_stop(&c);
}

/* Only the deadline ends BLPOP. What was written behind it has an unknown outcome; what
 * was not written yet goes out on the next connection. */
static void test_deadline_of_a_blocked_command(void **state)
{
    (void)state;
    struct client c;
    struct outcome o, blocked = {0}, behind = {0};
    const struct redis_arg blpop[] = {redis_text("BLPOP"), redis_text("empty"),
                                      redis_text("0")};
    client_start(&c, server.url_unix);
    client_ask(&c, &o, "PING");
    assert_int_equal(redis_command(c.redis, blpop, 3, 200, outcome_record, &blocked, 1),
                     ERR_OK);
    assert_int_equal(redis_do(c.redis, outcome_record, &behind, 2, "PING", NULL),
                     ERR_OK);
    client_wait(&c, &blocked.done);
    assert_int_equal(blocked.e, ERR_DEADLINE);
    client_wait(&c, &behind.done);
    assert_int_equal(behind.e, ERR_UNKNOWN_OUTCOME);
    assert_false(redis_is_up(c.redis));
    assert_string_equal(c.why, "no reply in time");
    client_ask(&c, &o, "PING");
    assert_int_equal(o.e, ERR_OK);
    client_stop(&c);
    assert_int_equal(blocked.calls + behind.calls, 2);
}

static void test_script_and_noscript(void **state)
{
    (void)state;
    struct client c;
    struct outcome o, scripted[3] = {0};
    struct redis_script s = {
        .name = "echo",
        .text = "return {KEYS[1], ARGV[1], redis.call('INCR', 'runs')}"};
    const struct redis_arg argv[] = {redis_text("one")};
    client_start(&c, server.url_unix);
    client_ask(&c, &o, "DEL", "runs");
    client_ask(&c, &o, "SCRIPT", "FLUSH");
    for (uint64_t i = 0; i < 3; i++) { /* all three meet NOSCRIPT, in order */
        assert_int_equal(
            redis_script(c.redis, &s, "{k}", argv, 1, outcome_record, &scripted[i], i),
            ERR_OK);
    }
    client_wait(&c, &scripted[2].done);
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(scripted[i].calls, 1);
        assert_int_equal(scripted[i].e, ERR_OK);
        assert_int_equal(scripted[i].ticket, i);
        assert_int_equal(scripted[i].count, 3);
    }
    client_ask(&c, &o, "GET", "runs");
    assert_int_equal(o.number, 3);
    client_ask(&c, &o, "SCRIPT", "EXISTS", s.sha1);
    assert_int_equal(o.count, 1);
    scripted[0] = (struct outcome){0};
    assert_int_equal(
        redis_script(c.redis, &s, "{k}", argv, 1, outcome_record, &scripted[0], 9),
        ERR_OK);
    client_wait(&c, &scripted[0].done);
    assert_int_equal(scripted[0].e, ERR_OK);
    client_stop(&c);
}

struct overtaking {
    struct redis *redis;
    char text[8];
    size_t len;
    bool done;
};

static void on_overtaking(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct overtaking *t = arg;
    (void)r;
    assert_int_equal(e, ERR_OK);
    t->text[t->len++] = (char)ticket;
    t->done = t->len == 3;
    if (ticket == 'p') {
        assert_int_equal(redis_do(t->redis, on_overtaking, t, 'c', "PING", NULL),
                         ERR_OK);
    }
}

/* A command asked for later does not overtake a script that is sent again. */
static void test_retried_script_goes_first(void **state)
{
    (void)state;
    struct client c;
    struct outcome o;
    struct redis_script s = {.name = "s", .text = "return 'unheard of'"};
    client_start(&c, server.url_unix);
    client_ask(&c, &o, "SCRIPT", "FLUSH");
    struct overtaking t = {.redis = c.redis};
    assert_int_equal(redis_do(c.redis, on_overtaking, &t, 'p', "PING", NULL), ERR_OK);
    assert_int_equal(redis_script(c.redis, &s, "k", NULL, 0, on_overtaking, &t, 's'),
                     ERR_OK);
    client_wait(&c, &t.done);
    assert_string_equal(t.text, "psc");
    client_stop(&c);
}

static void test_script_that_fails(void **state)
{
    (void)state;
    struct client c;
    struct outcome o = {0};
    struct redis_script s = {.name = "bad", .text = "return redis.call('NO-SUCH')"};
    client_start(&c, server.url_unix);
    assert_int_equal(redis_script(c.redis, &s, "k", NULL, 0, outcome_record, &o, 1),
                     ERR_OK);
    client_wait(&c, &o.done);
    assert_int_equal(o.e, ERR_REDIS);
    assert_int_equal(o.type, REPLY_ERROR);
    client_stop(&c);
}

/* With no server the queue fills, refuses, and its commands end UNSENT. */
static void test_queue_is_bounded(void **state)
{
    (void)state;
    enum { MAX_BYTES = 16384 };
    struct client c;
    struct outcome o = {0};
    char value[1000] = {0};
    int accepted = 0;
    char url[64];
    (void)snprintf(url, sizeof url, "redis://127.0.0.1:%d", redis_server_free_port());
    client_open(&c, &(struct redis_options){.url = url,
                                            .command_timeout_ms = 100,
                                            .queue_max_bytes = MAX_BYTES});
    const struct redis_arg set[] = {redis_text("SET"), redis_text("k"),
                                    redis_bytes(value, sizeof value)};
    enum err e = ERR_OK;
    while (!(e = redis_command(c.redis, set, 3, 0, outcome_record, &o, 1))) {
        assert_true(++accepted < MAX_BYTES / 1000);
    }
    assert_int_equal(e, ERR_BUSY);
    assert_true(accepted >= MAX_BYTES / 1300);
    o.wanted = accepted;
    client_wait(&c, &o.done);
    assert_int_equal(o.e, ERR_UNSENT);
    assert_int_equal(o.calls, accepted);
    assert_int_equal(redis_command(c.redis, set, 3, 0, outcome_record, &o, 1), ERR_OK);
    char *huge = calloc(1, MAX_BYTES);
    const struct redis_arg big[] = {redis_bytes(huge, MAX_BYTES)};
    assert_int_equal(redis_command(c.redis, big, 1, 0, outcome_record, &o, 1),
                     ERR_LIMIT);
    free(huge);
    client_stop(&c);
    assert_int_equal(o.calls, accepted + 1);
    assert_int_equal(o.e, ERR_CANCELLED);
}

static void test_free_cancels(void **state)
{
    (void)state;
    struct client c;
    struct outcome o, sent = {0}, unsent = {0};
    client_start(&c, server.url_unix);
    client_ask(&c, &o, "PING");
    assert_int_equal(
        redis_do(c.redis, outcome_record, &sent, 1, "BLPOP", "empty", "0", NULL),
        ERR_OK);
    bool never = false;
    assert_int_equal(loop_run_until(c.loop, &never, 20),
                     ERR_DEADLINE); /* it goes out */
    assert_int_equal(redis_do(c.redis, outcome_record, &unsent, 2, "PING", NULL),
                     ERR_OK);
    redis_free(c.redis);
    c.redis = NULL;
    assert_int_equal(sent.e, ERR_CANCELLED);
    assert_int_equal(unsent.e, ERR_CANCELLED);
    client_stop(&c);
    assert_int_equal(sent.calls + unsent.calls, 2);
}

struct freeing {
    struct client *client;
    int cancelled;
    bool done;
};

static void on_cancelled(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct freeing *f = arg;
    (void)ticket;
    assert_int_equal(e, ERR_CANCELLED);
    assert_null(r);
    f->cancelled++;
    assert_int_equal(redis_do(f->client->redis, on_cancelled, f, 0, "PING", NULL),
                     ERR_CANCELLED);
}

static void on_reply_free(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct freeing *f = arg;
    (void)ticket;
    redis_free(f->client->redis);
    f->client->redis = NULL;
    assert_int_equal(e, ERR_OK);
    assert_string_equal(reply_str(r, NULL), "PONG"); /* still there */
    f->done = true;
}

static void on_cancelled_late(void *arg, uint64_t ticket, enum err e,
                              const struct reply *r)
{
    (void)ticket, (void)r;
    assert_int_equal(e, ERR_CANCELLED);
    ((struct freeing *)arg)->cancelled++;
}

static void test_free_inside_a_callback(void **state)
{
    (void)state;
    struct client c;
    client_start(&c, server.url_unix);
    struct freeing f = {.client = &c};
    assert_int_equal(redis_do(c.redis, on_reply_free, &f, 1, "PING", NULL), ERR_OK);
    for (int i = 0; i < 50; i++) { /* their replies come in the same read */
        assert_int_equal(redis_do(c.redis, on_cancelled_late, &f, 2, "PING", NULL),
                         ERR_OK);
    }
    client_wait(&c, &f.done);
    assert_int_equal(f.cancelled, 50);
    client_stop(&c);
}

static void test_command_inside_free(void **state)
{
    (void)state;
    struct client c;
    client_start(&c, server.url_unix);
    struct freeing f = {.client = &c};
    assert_int_equal(redis_do(c.redis, on_cancelled, &f, 1, "PING", NULL), ERR_OK);
    redis_free(c.redis); /* before it connected */
    c.redis = NULL;
    assert_int_equal(f.cancelled, 1);
    client_stop(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_of_many),
        cmocka_unit_test(test_deadline_of_a_blocked_command),
        cmocka_unit_test(test_script_and_noscript),
        cmocka_unit_test(test_retried_script_goes_first),
        cmocka_unit_test(test_script_that_fails),
        cmocka_unit_test(test_queue_is_bounded),
        cmocka_unit_test(test_free_cancels),
        cmocka_unit_test(test_free_inside_a_callback),
        cmocka_unit_test(test_command_inside_free),
    };
    return cmocka_run_group_tests_name("core/io/redis_pipeline", tests, start, stop);
}
