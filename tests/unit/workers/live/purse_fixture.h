/* purse_fixture.h: workers that hold money of a tenant, on a Redis of the test's own.
 */
#ifndef BARKER_TESTS_PURSE_FIXTURE_H
#define BARKER_TESTS_PURSE_FIXTURE_H

#include "core/base/clock.h"
#include "tests/unit/queues/queue_fixture.h"
#include "workers/live/purse.h"
#include "workers/live/purse_ledger.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CENT INT64_C(10000000)
#define USD (100 * CENT)
#define T "acme"

struct desk { /* one worker */
    struct purses *purses;
    struct loop *loop;
    bool room;
};

static struct config *config;

static inline int read_config(void **state)
{
    char path[] = "/tmp/barker-purse-XXXXXX";
    static const char text[] = "[tenant acme]\nusd_per_day = 1\n"
                               "[tenant none]\nusd_per_day = 0\n"
                               "[tenant rich]\nusd_per_day = 1000\n";
    struct err_detail d;
    int fd = mkstemp(path);
    ssize_t n = write(fd, text, sizeof text - 1);
    close(fd);
    if (n < 0 || config_load(path, &config, &d))
        return -1;
    unlink(path);
    return partition_start(state);
}

static inline int forget_config(void **state)
{
    config_free(config);
    return partition_stop(state);
}

static inline void on_room(void *arg)
{
    struct desk *d = arg;
    d->room = true;
}

static inline void open_desk(struct desk *d, struct partition *p)
{
    *d = (struct desk){.loop = p->loop};
    struct purses_options o = {.loop = p->loop,
                               .queue = &p->queue,
                               .config = config,
                               .on_room = on_room,
                               .room_arg = d};
    assert_int_equal(purses_new(&o, &d->purses), ERR_OK);
}

static inline void close_desk(struct desk *d, struct partition *p)
{
    (void)ask(p, "PING"); /* all before it has been answered then */
    purses_free(d->purses);
}

/* Until it is decided, as the runner does: asks again when it is told to. */
static inline enum err decide(struct desk *d, const char *tenant, int64_t nano,
                              int waiting)
{
    enum err e;
    int asked = 0;
    while ((e = purses_check(d->purses, tenant, nano, waiting)) == ERR_BUSY) {
        assert_true(asked++ < 200);
        d->room = false;
        assert_int_equal(loop_run_until(d->loop, &d->room, WAIT_MS), ERR_OK);
    }
    return e;
}

static inline struct port_grant take(struct desk *d, const char *tenant, int64_t nano)
{
    struct port_grant g = {0};
    assert_int_equal(decide(d, tenant, nano, 1), ERR_OK);
    purses_take(d->purses, tenant, nano, &g);
    return g;
}

/* So many answers of Redis go by, and there is neither money nor a last word. */
static inline void stays_open(struct desk *d, int64_t nano, int times)
{
    for (int i = 0; i < times; i++) {
        d->room = false;
        assert_int_equal(purses_check(d->purses, T, nano, 1), ERR_BUSY);
        assert_int_equal(loop_run_until(d->loop, &d->room, WAIT_MS), ERR_OK);
    }
}

static inline const char *book(struct partition *p, const char *field)
{
    const char *keys = ask(p, "KEYS", "bk:{t:*");
    char name[128];
    assert_true(begins(keys, "['bk:{t:acme}:spent:"));
    snprintf(name, sizeof name, "%.*s", (int)strcspn(keys + 2, "'"), keys + 2);
    return ask(p, "HGET", name, field);
}

static inline void turn(struct partition *p, int *turns)
{
    bool never = false;
    assert_true((*turns)++ < 2000);
    assert_int_equal(loop_run_until(p->loop, &never, 20), ERR_DEADLINE);
}

static inline void wait_book(struct partition *p, const char *field, const char *text)
{
    for (int turns = 0; strcmp(book(p, field), text) != 0;)
        turn(p, &turns);
}

#endif
