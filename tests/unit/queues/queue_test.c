/* queue_test.c: embedded texts, and what all scripts have in common. */
#include "queues/queue.h"
#include "queues/args.h"
#include "queues/jobs.h"
#include "tests/unit/queues/queue_fixture.h"

#define SCRIPT(name) extern const char lua_##name##_lua[];
#include "queues/scripts.def"
#undef SCRIPT

static const char *const texts[] = {
#define SCRIPT(name) lua_##name##_lua,
#include "queues/scripts.def"
#undef SCRIPT
};

static void test_every_text_loads(void **state)
{
    struct partition *p = *state;
    assert_int_equal(sizeof texts / sizeof *texts, QUEUE_SCRIPT_COUNT);
    for (size_t i = 0; i < QUEUE_SCRIPT_COUNT; i++) {
        const char *text = ask(p, "SCRIPT", "LOAD", texts[i]);
        assert_int_equal(strlen(text), 42); /* a quoted SHA-1 */
        assert_non_null(strstr(texts[i], "local ROOT = KEYS[1]"));
    }
    /* a shebang counts only on the first line, libraries come between */
    assert_true(begins(lua_tick_lua, "#!lua flags=allow-oom\n"));
    assert_null(strstr(lua_tick_lua + 1, "\n#!lua"));
    assert_true(begins(lua_control_lua, "-- keys.lua"));
    assert_true(strstr(lua_settle_lua, "local function now_ms") <
                strstr(lua_settle_lua, "local function decimal"));
    assert_null(strstr(lua_read_list_lua, "now_ms"));
}

static void test_fenced(void **state)
{
    struct partition *p = *state;
    assert_int_equal(failed(p, jobs_load(&p->queue, "nobody", 1, THEN(p))), ERR_FENCED);
    assert_int_equal(failed(p, jobs_release(&p->queue, "nobody", 1, THEN(p))),
                     ERR_FENCED);
}

static void test_scripts_may_vanish(void **state)
{
    struct partition *p = *state;
    struct redis_arg argv[] = {redis_text("0"), redis_text("5")};
    for (int i = 0; i < 3; i++) { /* as on a server that was promoted */
        assert_string_equal(
            call(p, queue_script(&p->queue, QUEUE_read_list, argv, 2, THEN(p))),
            "['' []]");
        (void)ask(p, "SCRIPT", "FLUSH");
    }
}

static void test_an_error_of_redis(void **state)
{
    struct partition *p = *state;
    (void)ask(p, "SET", "bk:{0}:campaigns", "no zset");
    struct redis_arg argv[] = {redis_text("0"), redis_text("5")};
    assert_int_equal(
        failed(p, queue_script(&p->queue, QUEUE_read_list, argv, 2, THEN(p))),
        ERR_REDIS);
    assert_non_null(strstr(buf_str(&p->text), "WRONGTYPE"));
}

static void test_a_list_that_failed_is_not_sent(void **state)
{
    struct partition *p = *state;
    struct args a;
    args_init(&a, 3);
    args_str(&a, "1234");
    assert_int_equal(queue_run(&p->queue, QUEUE_read_list, &a, THEN(p)), ERR_LIMIT);
    assert_null(a.ends);
    assert_int_equal(p->calls, 0);
}

static void test_bad_prefix(void **state)
{
    struct partition *p = *state;
    struct queue q;
    assert_int_equal(queue_init(&q, p->redis, "b{k", 0), ERR_BAD_VALUE);
    queue_fini(&q);
}

/* Last: the connection is gone after it. */
static void test_settles_when_the_connection_ends(void **state)
{
    struct partition *p = *state;
    assert_int_equal(jobs_load(&p->queue, "a", 1, THEN(p)), ERR_OK);
    assert_int_equal(jobs_load(&p->queue, "b", 1, THEN(p)), ERR_OK);
    redis_free(p->redis);
    p->redis = NULL;
    assert_int_equal(loop_run_until(p->loop, &p->done, WAIT_MS), ERR_OK);
    while (p->calls < 2) {
        p->done = false;
        assert_int_equal(loop_run_until(p->loop, &p->done, WAIT_MS), ERR_OK);
    }
    assert_int_equal(p->calls, 2);
    assert_int_equal(p->e, ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        queue_test(test_every_text_loads),
        queue_test(test_fenced),
        queue_test(test_scripts_may_vanish),
        queue_test(test_an_error_of_redis),
        queue_test(test_a_list_that_failed_is_not_sent),
        queue_test(test_bad_prefix),
        queue_test(test_settles_when_the_connection_ends),
    };
    return cmocka_run_group_tests(tests, partition_start, partition_stop);
}
