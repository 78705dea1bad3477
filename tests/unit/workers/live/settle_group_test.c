/* settle_group_test.c: many settlements at once, on a redis-server of the test's own:
 * each is told once and stored once, in few scripts, and no two places mix. */
#include "tests/unit/queues/job_fixture.h"
#include "workers/live/ports_live.h"
#include <string.h>

#define MANY 200

struct desk {
    struct partition *p;
    struct ports_live *live;
    struct ports ports;
    int told[MANY], left;
    bool done;
    enum err e;
};

static void on_done(void *arg, uint64_t ticket, enum err e)
{
    struct desk *d = arg;
    d->told[ticket]++;
    d->e = e;
    d->done = --d->left == 0;
}

static void desk_open(struct desk *d, struct partition *p)
{
    struct ports_live_options o = {.queue = &p->queue, .loop = p->loop};
    *d = (struct desk){.p = p};
    assert_int_equal(ports_live_new(&o, &d->live), ERR_OK);
    d->ports = ports_live_table(d->live);
}

static enum err settle(struct desk *d, const char *campaign, int64_t fence, int index,
                       const char *text)
{
    static const struct ask ask = {.type = ASK_CHAT, .user = "u", .system = ""};
    struct port_place at = {campaign, fence, "draft", 0, NULL, NULL};
    struct port_call_result r = {.sent = true,
                                 .text = text,
                                 .len = strlen(text),
                                 .tokens_in = 3,
                                 .tokens_out = index,
                                 .usd_nano = 1000,
                                 .total_us = 1000};
    struct port_settlement s = {index, 1, true, &ask, &r};
    d->left++;
    return d->ports.settle(d->ports.self, &at, &s, on_done, d, (uint64_t)index);
}

static void wait_told(struct desk *d, int first, int count)
{
    assert_int_equal(loop_run_until(d->p->loop, &d->done, WAIT_MS), ERR_OK);
    d->done = false;
    for (int i = first; i < first + count; i++)
        assert_int_equal(d->told[i], 1);
}

static int64_t scripts_run(struct partition *p)
{
    const char *text = ask(p, "INFO", "commandstats");
    const char *at = strstr(text, "cmdstat_evalsha:calls=");
    return at ? strtoll(at + strlen("cmdstat_evalsha:calls="), NULL, 10) : 0;
}

static void test_many(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    claim(p, "a");
    int64_t before = scripts_run(p);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(settle(&d, "a", 1, i, "t"), ERR_OK);
    wait_told(&d, 0, MANY);
    assert_int_equal(d.e, ERR_OK);
    assert_true(scripts_run(p) - before <= 5); /* 1, then 64 at once */
    assert_string_equal(ask(p, "HLEN", "bk:{0}:c:a:jr:draft:0"), "200");
    assert_string_equal(
        ask(p, "HMGET", "bk:{0}:c:a", "calls", "tokens_in", "tokens_out", "usd"),
        "['200' '600' '19900' '0.0002']");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:c:a:audit"), "200");
    ports_live_free(d.live);
}

/* What is too large for one script goes in several; nothing is cut. */
static void test_large_texts(void **state)
{
    struct partition *p = *state;
    struct desk d;
    static char text[1900 * 1024];
    memset(text, 'x', sizeof text - 1);
    desk_open(&d, p);
    claim(p, "a");
    for (int i = 0; i < 6; i++)
        assert_int_equal(settle(&d, "a", 1, i, text), ERR_OK);
    wait_told(&d, 0, 6);
    assert_string_equal(ask(p, "HLEN", "bk:{0}:c:a:jr:draft:0"), "6");
    assert_true(strtol(ask(p, "HSTRLEN", "bk:{0}:c:a:jr:draft:0", "4/1"), NULL, 10) >
                (long)sizeof text - 1);
    ports_live_free(d.live);
}

static void test_places_do_not_mix(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    claim(p, "a");
    claim(p, "b");
    for (int i = 0; i < 20; i++)
        assert_int_equal(settle(&d, i % 2 ? "b" : "a", 1, i, "t"), ERR_OK);
    wait_told(&d, 0, 20);
    assert_int_equal(d.e, ERR_OK);
    assert_string_equal(ask(p, "HLEN", "bk:{0}:c:a:jr:draft:0"), "10");
    assert_string_equal(ask(p, "HEXISTS", "bk:{0}:c:b:jr:draft:0", "19/1"), "1");
    ports_live_free(d.live);
}

/* A holder that lost its job is told so for each of them; another fence is another
 * group. */
static void test_fenced(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    claim(p, "a");
    for (int i = 0; i < 10; i++)
        assert_int_equal(settle(&d, "a", 0, i, "t"), ERR_OK);
    wait_told(&d, 0, 10);
    assert_int_equal(d.e, ERR_FENCED);
    assert_string_equal(ask(p, "EXISTS", "bk:{0}:c:a:jr:draft:0"), "0");
    ports_live_free(d.live);
}

/* One that cannot be stored is refused at once and takes no other along. */
static void test_unsound(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    claim(p, "a");
    assert_int_equal(settle(&d, "a", 1, 0, "t"), ERR_OK);
    static const struct ask ask = {.type = ASK_CHAT, .user = "u", .system = ""};
    struct port_place at = {"a", 1, "draft", 0, NULL, NULL};
    struct port_call_result r = {.text = "", .usd_nano = INT64_MAX};
    struct port_settlement s = {1, 1, true, &ask, &r};
    assert_int_equal(d.ports.settle(d.ports.self, &at, &s, on_done, &d, 1),
                     ERR_OUT_OF_RANGE);
    assert_int_equal(settle(&d, "a", 1, 2, "t"), ERR_OK);
    wait_told(&d, 0, 1);
    assert_int_equal(d.told[1], 0);
    assert_int_equal(d.told[2], 1);
    ports_live_free(d.live);
}

/* The worker stops: those that wait are told too. */
static void test_stopped(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    claim(p, "a");
    for (int i = 0; i < 70; i++)
        assert_int_equal(settle(&d, "a", 1, i, "t"), ERR_OK);
    redis_free(p->redis);
    p->redis = NULL;
    assert_int_equal(d.left, 0);
    assert_int_equal(d.e, ERR_CANCELLED);
    for (int i = 0; i < 70; i++)
        assert_int_equal(d.told[i], 1);
    ports_live_free(d.live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_many),
        queue_test(test_large_texts),
        queue_test(test_places_do_not_mix),
        queue_test(test_fenced),
        queue_test(test_unsound),
        queue_test(test_stopped), /* it closes Redis: last */
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
