/* process_test.c: children, their ends, their log and their signal mask. */
#include "core/io/process.h"
#include "core/io/file.h"
#include "tests/fakes/temp_folder.h"
#include <setjmp.h>
#include <stdarg.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define WAIT_MS 20000 /* for a test that hangs; no test waits this long */

struct child {
    struct loop *loop;
    struct process *process;
    int64_t status;
    int signum;
    bool done;
    char folder[256], log[300];
};

static int setup(void **state)
{
    static struct child c;
    c = (struct child){.status = -1, .signum = -1};
    *state = &c;
    if (!temp_folder_make(c.folder, sizeof c.folder)) {
        return -1;
    }
    (void)snprintf(c.log, sizeof c.log, "%s/log", c.folder);
    return loop_new(&c.loop) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    struct child *c = *state;
    loop_free(c->loop);
    temp_folder_remove(c->folder);
    return 0;
}

static void on_exit_seen(void *arg, int64_t status, int signum)
{
    struct child *c = arg;
    c->status = status;
    c->signum = signum;
    c->done = true;
}

static enum err child_start(struct child *c, const char *script, struct err_detail *d)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    const struct process_options o = {
        .argv = argv, .log_path = c->log, .cwd = c->folder};
    c->done = false;
    return process_start(c->loop, &o, on_exit_seen, c, &c->process, d);
}

static void child_run(struct child *c, const char *script)
{
    struct err_detail d = {0};
    assert_int_equal(child_start(c, script, &d), ERR_OK);
    assert_int_equal(loop_run_until(c->loop, &c->done, WAIT_MS), ERR_OK);
}

static void assert_log(struct child *c, const char *expected)
{
    struct buf b;
    buf_init(&b, 4096);
    assert_int_equal(file_read(c->log, &b, NULL), ERR_OK);
    assert_string_equal(buf_str(&b), expected);
    buf_fini(&b);
}

static void test_status_and_log(void **state)
{
    struct child *c = *state;
    char expected[600];
    child_run(c, "echo out; echo err >&2; exit 7");
    assert_int_equal(c->status, 7);
    assert_int_equal(c->signum, 0);
    child_run(c, "pwd; cat");
    assert_int_equal(c->status, 0);
    (void)snprintf(expected, sizeof expected, "out\nerr\n%s\n", c->folder);
    assert_log(c, expected); /* appended; stdin is empty; cwd is set */
}

static void test_signal_ends_it(void **state)
{
    struct child *c = *state;
    assert_int_equal(child_start(c, "exec sleep 100", NULL), ERR_OK);
    assert_int_equal(kill(process_pid(c->process), 0), 0);
    process_signal(c->process, SIGTERM);
    assert_int_equal(loop_run_until(c->loop, &c->done, WAIT_MS), ERR_OK);
    assert_int_equal(c->signum, SIGTERM);
}

static void test_signal_mask_is_reset(void **state)
{
    struct child *c = *state;
    sigset_t blocked, old;
    (void)sigemptyset(&blocked);
    (void)sigaddset(&blocked, SIGUSR1);
    assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &old), 0);
    child_run(c, "grep -E '^Sig(Blk|Ign):.*[1-9a-f]' /proc/self/status");
    assert_int_equal(sigprocmask(SIG_SETMASK, &old, NULL), 0);
    assert_log(c, ""); /* nothing blocked, and SIGPIPE is not ignored there */
}

static void test_start_failures(void **state)
{
    struct child *c = *state;
    struct err_detail d = {0};
    const char *const argv[] = {"no-such-program-at-all", NULL};
    struct process_options o = {.argv = argv};
    struct process *p = NULL;
    assert_int_equal(process_start(c->loop, &o, on_exit_seen, c, &p, &d), ERR_IO);
    assert_null(p);
    assert_non_null(strstr(d.message, "no-such-program-at-all"));
    o.log_path = "/no/such/folder/log";
    assert_int_equal(process_start(c->loop, &o, on_exit_seen, c, &p, &d), ERR_IO);
    assert_string_equal(d.path, o.log_path);
    assert_false(c->done);
}

/* The loop ends first: no callback, no leak. The child is ours to end. */
static void test_loop_ends_first(void **state)
{
    struct child *c = *state;
    assert_int_equal(child_start(c, "exec sleep 100", NULL), ERR_OK);
    int pid = process_pid(c->process);
    loop_free(c->loop);
    assert_false(c->done);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(loop_new(&c->loop), ERR_OK);
}

int main(void)
{
#define PROCESS_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        PROCESS_TEST(test_status_and_log),       PROCESS_TEST(test_signal_ends_it),
        PROCESS_TEST(test_signal_mask_is_reset), PROCESS_TEST(test_start_failures),
        PROCESS_TEST(test_loop_ends_first),
    };
    return cmocka_run_group_tests_name("core/io/process", tests, NULL, NULL);
}
