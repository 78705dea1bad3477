/* loop_test.c: order of deferred calls, timers, signals, work, lag and the close. */
#include "core/io/loop.h"
#include "core/io/loop_uv.h"
#include <setjmp.h>
#include <stdarg.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */

struct trace {
    struct loop *loop;
    struct loop_timer *turn;
    char text[32];
    size_t len;
    int again; /* how often the deferred function defers itself */
    bool done;
    pthread_t worked_on;
};

static void trace_add(struct trace *t, char c)
{
    assert_true(t->len + 1 < sizeof t->text);
    t->text[t->len++] = c;
}

static int setup(void **state)
{
    static struct trace t;
    t = (struct trace){0};
    *state = &t;
    return loop_new(&t.loop) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct trace *t = *state;
    if (t->loop) {
        loop_free(t->loop);
    }
    return 0;
}

static void add_a(void *arg)
{
    trace_add(arg, 'a');
}

static void add_b(void *arg)
{
    trace_add(arg, 'b');
}

static void add_end(void *arg)
{
    struct trace *t = arg;
    trace_add(t, '.');
    t->done = true;
}

static void add_again(void *arg)
{
    struct trace *t = arg;
    trace_add(t, 'r');
    if (t->again-- > 0) {
        if (t->turn) {
            loop_timer_start(t->turn, 0, 0); /* fires once before the next turn's end */
        }
        assert_int_equal(loop_defer(t->loop, add_again, t), ERR_OK);
    } else {
        t->done = true;
    }
}

static void test_deferred_in_order(void **state)
{
    struct trace *t = *state;
    assert_int_equal(loop_defer(t->loop, add_a, t), ERR_OK);
    assert_int_equal(loop_defer(t->loop, add_b, t), ERR_OK);
    assert_int_equal(loop_defer(t->loop, add_a, t), ERR_OK);
    assert_int_equal(loop_defer(t->loop, add_end, t), ERR_OK);
    assert_int_equal(t->len, 0); /* never inside the call */
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
    assert_string_equal(t->text, "aba.");
}

/* A call deferred by a deferred call runs after those of the same turn, in the next. */
static void test_deferred_meanwhile_waits_a_turn(void **state)
{
    struct trace *t = *state;
    t->again = 2;
    assert_int_equal(loop_timer_new(t->loop, add_b, t, &t->turn), ERR_OK);
    assert_int_equal(loop_defer(t->loop, add_again, t), ERR_OK);
    assert_int_equal(loop_defer(t->loop, add_a, t), ERR_OK);
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
    assert_string_equal(t->text, "rabrbr");
    loop_timer_free(t->turn);
}

static void stop_now(void *arg)
{
    struct trace *t = arg;
    trace_add(t, 's');
    loop_stop(t->loop);
}

/* How long uv would block; the tests may not know its header. */
int uv_backend_timeout(const struct uv_loop_s *uv);

static void test_no_block_while_deferred(void **state)
{
    struct trace *t = *state;
    struct loop_timer *far = NULL;
    assert_int_equal(loop_timer_new(t->loop, add_a, t, &far), ERR_OK);
    loop_timer_start(far, 1000000, 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(loop_defer(t->loop, stop_now, t), ERR_OK);
        assert_int_equal(uv_backend_timeout(loop_uv(t->loop)), 0);
        loop_run(t->loop);
        assert_true(uv_backend_timeout(loop_uv(t->loop)) > 0); /* nor does it spin */
    }
    assert_string_equal(t->text, "ss");
    loop_timer_free(far);
}

static void test_run_ends_when_idle(void **state)
{
    struct trace *t = *state;
    loop_run(t->loop); /* the lag ticker does not keep it alive */
    assert_int_equal(loop_defer(t->loop, add_end, t), ERR_OK);
    loop_run(t->loop);
    assert_true(t->done);
}

static void test_stop(void **state)
{
    struct trace *t = *state;
    struct loop_timer *timer = NULL;
    assert_int_equal(loop_timer_new(t->loop, stop_now, t, &timer), ERR_OK);
    loop_timer_start(timer, 1, 1);
    loop_run(t->loop);
    assert_string_equal(t->text, "s");
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_CANCELLED);
    assert_string_equal(t->text, "ss");
    loop_timer_free(timer);
    assert_int_equal(loop_run_until(t->loop, &t->done, 5), ERR_DEADLINE);
    assert_string_equal(t->text, "ss"); /* freed: never fires */
}

struct self {
    struct trace *trace;
    struct loop_timer *timer;
    int left;
};

static void free_self(void *arg)
{
    struct self *s = arg;
    trace_add(s->trace, 'x');
    if (--s->left == 0) {
        loop_timer_free(s->timer);
        s->trace->done = true;
    }
}

static void test_timer_repeats_and_frees_itself(void **state)
{
    struct trace *t = *state;
    struct self self = {.trace = t, .left = 3};
    assert_int_equal(loop_timer_new(t->loop, free_self, &self, &self.timer), ERR_OK);
    loop_timer_start(self.timer, 1, 1);
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
    assert_string_equal(t->text, "xxx");
    loop_run(t->loop); /* ends, for no timer is left */
}

static void test_stopped_timer_is_silent(void **state)
{
    struct trace *t = *state;
    struct loop_timer *timer = NULL;
    assert_int_equal(loop_timer_new(t->loop, add_a, t, &timer), ERR_OK);
    loop_timer_start(timer, 0, 0);
    loop_timer_stop(timer);
    loop_run(t->loop);
    assert_int_equal(t->len, 0);
    loop_timer_free(timer);
}

static void test_signal(void **state)
{
    struct trace *t = *state;
    struct loop_signal *usr = NULL, *bad = NULL;
    assert_int_equal(loop_signal_new(t->loop, SIGUSR1, add_end, t, &usr), ERR_OK);
    assert_int_equal(kill(getpid(), SIGUSR1), 0);
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
    assert_string_equal(t->text, ".");
    loop_signal_free(usr);
    assert_int_equal(loop_signal_new(t->loop, 0, add_end, t, &bad), ERR_BAD_VALUE);
    assert_null(bad);
}

static void test_sigpipe_is_ignored(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(write(ends[1], "x", 1), -1); /* and we live */
    assert_int_equal(close(ends[1]), 0);
}

static void work_here(void *arg)
{
    ((struct trace *)arg)->worked_on = pthread_self();
}

static void work_done(void *arg)
{
    struct trace *t = arg;
    assert_false(pthread_equal(t->worked_on, pthread_self()));
    t->done = true;
}

static void test_work(void **state)
{
    struct trace *t = *state;
    t->worked_on = pthread_self();
    assert_int_equal(loop_work(t->loop, work_here, work_done, t), ERR_OK);
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
}

static void block(void *arg)
{
    (void)arg;
    const struct timespec pause = {0, 350 * 1000 * 1000};
    (void)nanosleep(&pause, NULL);
}

static void test_lag_shows_a_blocked_loop(void **state)
{
    struct trace *t = *state;
    struct loop_timer *timer = NULL;
    assert_int_equal(loop_lag_ms(t->loop), 0);
    assert_int_equal(loop_defer(t->loop, block, t), ERR_OK);
    assert_int_equal(loop_timer_new(t->loop, add_end, t, &timer), ERR_OK);
    loop_timer_start(timer, 500, 0);
    assert_int_equal(loop_run_until(t->loop, &t->done, WAIT_MS), ERR_OK);
    assert_true(loop_lag_ms(t->loop) >= 200); /* 350 less one period of the ticker */
    loop_timer_free(timer);
}

static void test_time_goes_on_between_runs(void **state)
{
    struct trace *t = *state;
    int64_t before_ms = loop_now_ms(t->loop);
    block(NULL);
    assert_true(loop_now_ms(t->loop) - before_ms >= 340);
}

/* LeakSanitizer is the judge: timers, signals and deferred calls are left behind. */
static void test_free_with_things_left(void **state)
{
    struct trace *t = *state;
    struct loop_timer *timer = NULL;
    struct loop_signal *hup = NULL;
    assert_int_equal(loop_timer_new(t->loop, add_a, t, &timer), ERR_OK);
    loop_timer_start(timer, 0, 1);
    assert_int_equal(loop_signal_new(t->loop, SIGHUP, add_a, t, &hup), ERR_OK);
    assert_int_equal(loop_work(t->loop, work_here, work_done, t), ERR_OK);
    t->again = 3;
    assert_int_equal(loop_defer(t->loop, add_again, t), ERR_OK);
    loop_free(t->loop);
    t->loop = NULL;
    assert_string_equal(t->text, "rrrr"); /* deferred calls run, timers do not */
}

int main(void)
{
#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        LOOP_TEST(test_deferred_in_order),
        LOOP_TEST(test_deferred_meanwhile_waits_a_turn),
        LOOP_TEST(test_no_block_while_deferred),
        LOOP_TEST(test_run_ends_when_idle),
        LOOP_TEST(test_stop),
        LOOP_TEST(test_timer_repeats_and_frees_itself),
        LOOP_TEST(test_stopped_timer_is_silent),
        LOOP_TEST(test_signal),
        LOOP_TEST(test_sigpipe_is_ignored),
        LOOP_TEST(test_work),
        LOOP_TEST(test_lag_shows_a_blocked_loop),
        LOOP_TEST(test_time_goes_on_between_runs),
        LOOP_TEST(test_free_with_things_left),
    };
    return cmocka_run_group_tests_name("core/io/loop", tests, NULL, NULL);
}
