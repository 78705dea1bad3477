/* queue_fixture.h: a partition on a redis-server of the test's own. Every call is
 * waited for; its reply is kept as text: 'string' 12 - (nil) [array of those]. */
#ifndef BARKER_TESTS_QUEUE_FIXTURE_H
#define BARKER_TESTS_QUEUE_FIXTURE_H

#include "core/base/buf.h"
#include "queues/queue.h"
#include "tests/fakes/redis_server.h"
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */
#define TICKET UINT64_C(0x1234567890)

struct partition {
    struct redis_server server;
    struct loop *loop;
    struct redis *redis;
    struct queue queue;
    int calls;
    bool done;
    enum err e;
    struct buf text;
};

static inline void partition_show(struct buf *b, const struct reply *r)
{
    enum reply_type type = reply_type(r);
    if (type == REPLY_NIL) {
        (void)buf_append_char(b, '-');
    } else if (type == REPLY_INT) {
        (void)buf_printf(b, "%" PRId64, reply_int(r));
    } else if (type != REPLY_ARRAY) {
        (void)buf_printf(b, "'%s'", reply_str(r, NULL));
    } else {
        (void)buf_append_char(b, '[');
        for (size_t i = 0; i < reply_count(r); i++) {
            if (i > 0) {
                (void)buf_append_char(b, ' ');
            }
            partition_show(b, reply_at(r, i));
        }
        (void)buf_append_char(b, ']');
    }
}

static inline void partition_settle(void *arg, uint64_t ticket, enum err e,
                                    const struct reply *r)
{
    struct partition *p = arg;
    p->calls++;
    p->done = true;
    p->e = e;
    assert_int_equal(ticket, TICKET);
    buf_clear(&p->text);
    partition_show(&p->text, r);
}

static inline int partition_start(void **state)
{
    static struct partition p;
    struct err_detail d = {0};
    *state = &p;
    buf_init(&p.text, (size_t)16 << 20);
    if (!redis_server_start(&p.server, NULL) || loop_new(&p.loop))
        return -1;
    struct redis_options o = {.url = p.server.url_unix};
    if (redis_open(p.loop, &o, &p.redis, &d))
        return -1;
    return queue_init(&p.queue, p.redis, "bk", 0) ? -1 : 0;
}

static inline int partition_stop(void **state)
{
    struct partition *p = *state;
    if (p->redis)
        redis_free(p->redis);
    loop_free(p->loop);
    queue_fini(&p->queue);
    buf_fini(&p->text);
    redis_server_stop(&p->server);
    return 0;
}

/* The arguments every call of queues/ ends with. */
#define THEN(p) partition_settle, (p), TICKET

static inline const char *partition_wait(struct partition *p, enum err started)
{
    assert_int_equal(started, ERR_OK);
    assert_int_equal(loop_run_until(p->loop, &p->done, WAIT_MS), ERR_OK);
    p->done = false;
    assert_int_equal(p->calls, 1);
    p->calls = 0;
    return buf_str(&p->text);
}

/* call(p, f(&p->queue, …, THEN(p))): the reply of a call that goes well. */
static inline const char *call(struct partition *p, enum err started)
{
    const char *text = partition_wait(p, started);
    assert_int_equal(p->e, ERR_OK);
    return text;
}

/* The error of a call that does not. */
static inline enum err failed(struct partition *p, enum err started)
{
    (void)partition_wait(p, started);
    return p->e;
}

static inline bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A plain command. */
#define ask(p, ...) call((p), redis_do((p)->redis, THEN(p), __VA_ARGS__, NULL))

static inline int partition_clear(void **state)
{
    struct partition *p = *state;
    (void)ask(p, "FLUSHALL");
    return 0;
}

#define queue_test(f) cmocka_unit_test_setup(f, partition_clear)

#endif
