/* spawn_live_test.c: children of a campaign in hand, on a redis-server of the test's
 * own. */
#include "tests/unit/queues/job_fixture.h"
#include "workers/live/ports_live.h"
#include "workers/live/spawn_live.h"
#include <string.h>

#define SPEC "{\"kind\":\"content\",\"input\":{\"brief\":\"Mugs\"}}"

struct desk {
    struct partition *p;
    struct ports_live *live;
    struct channel_set *channels;
    struct zones *zones;
    bool done;
    enum err code;
    char text[200];
};

static void on_told(void *arg, uint64_t ticket, enum err e, const char *text, size_t n)
{
    struct desk *d = arg;
    (void)ticket;
    d->code = e;
    (void)snprintf(d->text, sizeof d->text, "%.*s", (int)n, text ? text : "");
    d->done = true;
}

/* "p" is claimed, by its fence 1. */
static void desk_open(struct desk *d, struct partition *p)
{
    struct err_detail detail;
    *d = (struct desk){.p = p};
    assert_int_equal(channel_set_new(NULL, &d->channels, &detail), ERR_OK);
    assert_int_equal(zones_new(&d->zones), ERR_OK);
    struct ports_live_options o = {.queue = &p->queue,
                                   .loop = p->loop,
                                   .channels = d->channels,
                                   .zones = d->zones};
    assert_int_equal(ports_live_new(&o, &d->live), ERR_OK);
    admit(p, "p");
    (void)tick(p, 1, 1);
}

static void desk_close(struct desk *d)
{
    ports_live_free(d->live);
    zones_free(d->zones);
    channel_set_free(d->channels);
}

static enum err spawn(struct desk *d, const char *child, int64_t fence,
                      const char *spec)
{
    struct ask ask = {.type = ASK_SPAWN, .key = child, .user = spec};
    d->done = false;
    enum err e = spawn_live(d->live, "p", fence, &ask, on_told, d, 0);
    if (e)
        return e;
    assert_int_equal(loop_run_until(d->p->loop, &d->done, WAIT_MS), ERR_OK);
    return d->code;
}

static void test_a_child_is_begun_once(void **state)
{
    struct desk d;
    desk_open(&d, *state);
    assert_int_equal(spawn(&d, "p~1", 1, SPEC), ERR_OK);
    assert_string_equal(d.text, "{\"id\":\"p~1\",\"outcome\":\"admitted\"}");
    assert_int_equal(spawn(&d, "p~1", 1, SPEC), ERR_OK);
    assert_string_equal(d.text, "{\"id\":\"p~1\",\"outcome\":\"same\"}");
    assert_string_equal(ask(d.p, "HGET", "bk:{0}:c:p~1", "parent"), "'p'");
    desk_close(&d);
}

static void test_who_lost_the_parent_begins_none(void **state)
{
    struct desk d;
    desk_open(&d, *state);
    assert_int_equal(spawn(&d, "p~1", 2, SPEC), ERR_FENCED);
    assert_string_equal(ask(d.p, "EXISTS", "bk:{0}:j:p~1"), "0");
    desk_close(&d);
}

static void test_what_is_told(void **state)
{
    struct desk d;
    desk_open(&d, *state);
    assert_int_equal(spawn(&d, "p~1", 1, "{\"kind\":\"content\"}"), ERR_MISSING);
    (void)ask(d.p, "SET", "bk:{0}:full", "95");
    assert_int_equal(spawn(&d, "p~1", 1, SPEC), ERR_BUSY);
    (void)ask(d.p, "DEL", "bk:{0}:full");
    (void)ask(d.p, "HSET", "bk:{0}:c:p~1", "state", "live"); /* without its job */
    assert_int_equal(spawn(&d, "p~1", 1, SPEC), ERR_REDIS);
    (void)ask(d.p, "DEL", "bk:{0}:c:p~1");
    assert_int_equal(spawn(&d, "p~1", 1, SPEC), ERR_OK);
    assert_int_equal(
        spawn(&d, "p~1", 1, "{\"kind\":\"content\",\"input\":{\"brief\":\"Cups\"}}"),
        ERR_ID_CONFLICT);
    desk_close(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_a_child_is_begun_once),
        queue_test(test_who_lost_the_parent_begins_none),
        queue_test(test_what_is_told),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
