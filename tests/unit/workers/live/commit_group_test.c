/* commit_group_test.c: many commits at once, on a redis-server of the test's own: each
 * is told once and stands alone, in few scripts, and one that is refused holds up no
 * other. */
#include "tests/unit/queues/job_fixture.h"
#include "workers/live/ports_live.h"
#include "workers/live/ports_live_state.h"
#include "workers/live/store_op.h"
#include <string.h>

#define MANY 60

struct desk {
    struct partition *p;
    struct ports_live *live;
    int told[MANY], left;
    enum err verdicts[MANY];
    bool done;
};

static void on_done(void *arg, uint64_t ticket, enum err e)
{
    struct desk *d = arg;
    d->told[ticket]++;
    d->verdicts[ticket] = e;
    d->done = --d->left == 0;
}

static const char *id_of(int i)
{
    static char id[16];
    (void)snprintf(id, sizeof id, "c%d", i);
    return id;
}

static void desk_open(struct desk *d, struct partition *p)
{
    struct ports_live_options o = {.queue = &p->queue, .loop = p->loop};
    *d = (struct desk){.p = p};
    assert_int_equal(ports_live_new(&o, &d->live), ERR_OK);
    for (int i = 0; i < MANY; i++)
        admit(p, id_of(i));
    (void)tick(p, MANY, 1);
}

static void commit(struct desk *d, int i, int64_t fence, size_t bytes)
{
    struct store_op *op =
        store_op_new(d->live, STORE_COMMIT, id_of(i), fence, d, (uint64_t)i);
    assert_non_null(op);
    op->fn.done = on_done;
    if (bytes > 0) {
        char *text = calloc(1, bytes + 1);
        assert_non_null(text);
        memset(text, 'x', bytes);
        results_document(&op->results, text, bytes);
        free(text);
    }
    results_done(&op->results, "done", "", 60000);
    d->left++;
    assert_int_equal(store_op_start(op), ERR_OK);
}

static int64_t scripts_run(struct partition *p)
{
    const char *text = ask(p, "INFO", "commandstats");
    const char *at = strstr(text, "cmdstat_evalsha:calls=");
    return at ? strtoll(at + strlen("cmdstat_evalsha:calls="), NULL, 10) : 0;
}

static void wait_told(struct desk *d)
{
    assert_int_equal(loop_run_until(d->p->loop, &d->done, WAIT_MS), ERR_OK);
    d->done = false;
}

static void test_many(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    int64_t before = scripts_run(p);
    for (int i = 0; i < MANY; i++)
        commit(&d, i, i == 7 ? 9 : 1, 0);
    wait_told(&d);
    assert_true(scripts_run(p) - before <= 3); /* 1, then 32 at once */
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(d.told[i], 1);
        assert_int_equal(d.verdicts[i], i == 7 ? ERR_FENCED : ERR_OK);
    }
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:done"), "59");
    assert_string_equal(ask(p, "XLEN", "bk:{0}:ready:1"), "1");
    ports_live_free(d.live);
}

/* More bytes than one call takes go in several. */
static void test_large(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    int64_t before = scripts_run(p);
    for (int i = 0; i < MANY; i++)
        commit(&d, i, 1, 100 * 1000);
    wait_told(&d);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(d.verdicts[i], ERR_OK);
    assert_true(scripts_run(p) - before >= 20);
    ports_live_free(d.live);
}

/* A job whose hash is none: its commit is tried again and again, and the others end. */
static void test_refused(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    (void)ask(p, "RENAME", "bk:{0}:j:c5", "kept");
    (void)ask(p, "SET", "bk:{0}:j:c5", "not a hash");
    for (int i = 0; i < MANY; i++)
        commit(&d, i, 1, 0);
    d.left--; /* without c5 */
    wait_told(&d);
    assert_int_equal(d.told[5], 0);
    assert_string_equal(ask(p, "ZCARD", "bk:{0}:done"),
                        "59"); /* their neighbours too */
    assert_string_equal(ask(p, "XLEN", "bk:{0}:ready:1"), "1");
    d.left++;
    (void)ask(p, "RENAME", "kept", "bk:{0}:j:c5");
    wait_told(&d);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(d.told[i], 1);
        assert_int_equal(d.verdicts[i], ERR_OK);
    }
    ports_live_free(d.live);
}

/* Redis takes no script for a while: all are sent again, each is told once. */
static void test_refused_together(void **state)
{
    struct partition *p = *state;
    struct desk d;
    desk_open(&d, p);
    (void)ask(p, "ACL", "SETUSER", "default", "-evalsha");
    for (int i = 0; i < MANY; i++)
        commit(&d, i, 1, 0);
    assert_int_equal(loop_run_until(p->loop, &d.done, 300), ERR_DEADLINE);
    (void)ask(p, "ACL", "SETUSER", "default", "+evalsha");
    wait_told(&d);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(d.told[i], 1);
        assert_int_equal(d.verdicts[i], ERR_OK);
    }
    ports_live_free(d.live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_many),
        queue_test(test_large),
        queue_test(test_refused),
        queue_test(test_refused_together),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
