/* file_test.c: whole files, folders and the lock. */
#include "core/io/file.h"
#include "tests/fakes/temp_folder.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[256];

static int setup(void **state)
{
    (void)state;
    return temp_folder_make(folder, sizeof folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

static const char *in_folder(const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void test_write_and_read(void **state)
{
    (void)state;
    struct err_detail d = {0};
    struct buf b;
    char bytes[50000]; /* over one read */
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)(i * 7);
    }
    const char *path = in_folder("f");
    assert_int_equal(file_write(path, bytes, sizeof bytes, &d), ERR_OK);
    buf_init(&b, sizeof bytes + 1);
    assert_int_equal(buf_append_char(&b, '>'), ERR_OK);
    assert_int_equal(file_read(path, &b, &d), ERR_OK);
    assert_int_equal(b.len, sizeof bytes + 1);
    assert_memory_equal(b.data + 1, bytes, sizeof bytes); /* appended */
    buf_fini(&b);
    assert_int_equal(file_write(path, "", 0, &d), ERR_OK);
    buf_init(&b, 10);
    assert_int_equal(file_read(path, &b, &d), ERR_OK);
    assert_int_equal(b.len, 0);
    buf_fini(&b);
}

static void test_replacing_keeps_the_mode_and_leaves_nothing(void **state)
{
    (void)state;
    struct stat st;
    char stale[600];
    const char *path = in_folder("f");
    (void)snprintf(stale, sizeof stale, "%s.%d.tmp", path, (int)getpid());
    assert_int_equal(file_write(stale, "stale", 5, NULL), ERR_OK);
    assert_int_equal(file_write(path, "one", 3, NULL), ERR_OK);
    assert_int_equal(access(stale, F_OK), -1);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(file_write(path, "two!", 4, NULL), ERR_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(st.st_size, 4);
    assert_int_equal(access(stale, F_OK), -1);
}

static void test_cap_and_absence(void **state)
{
    (void)state;
    struct err_detail d = {0};
    struct buf b;
    const char *path = in_folder("f");
    assert_int_equal(file_write(path, "12345", 5, NULL), ERR_OK);
    buf_init(&b, 4);
    assert_int_equal(file_read(path, &b, &d), ERR_LIMIT);
    assert_string_equal(d.path, path);
    buf_fini(&b);
    buf_init(&b, 4);
    path = in_folder("absent");
    assert_int_equal(file_read(path, &b, &d), ERR_IO);
    assert_string_equal(d.path, path);
    assert_non_null(strstr(d.message, "No such file"));
    assert_int_equal(file_read(folder, &b, &d), ERR_IO);
    assert_int_equal(file_write(in_folder("no/f"), "x", 1, &d), ERR_IO);
    buf_fini(&b);
}

static void test_stdin(void **state)
{
    (void)state;
    int ends[2], old = dup(STDIN_FILENO);
    struct buf b;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from stdin", 10), 10);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    buf_init(&b, 100);
    assert_int_equal(file_read("-", &b, NULL), ERR_OK);
    assert_string_equal(buf_str(&b), "from stdin");
    buf_fini(&b);
    assert_int_equal(close(ends[0]), 0);
    assert_int_equal(dup2(old, STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(close(old), 0);
}

static void test_folders(void **state)
{
    (void)state;
    struct err_detail d = {0};
    struct stat st;
    const char *path = in_folder("a/b//c/");
    assert_int_equal(file_make_folder(path, &d), ERR_OK);
    assert_int_equal(file_make_folder(path, &d), ERR_OK);
    assert_int_equal(stat(in_folder("a/b/c"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(file_write(in_folder("file"), "", 0, NULL), ERR_OK);
    assert_int_equal(file_make_folder(in_folder("file/x"), &d), ERR_IO);
    assert_int_equal(file_make_folder(in_folder("file"), &d), ERR_IO);
    assert_int_equal(file_make_folder("", &d), ERR_LIMIT);
}

/* Another process is the judge, and its exit must give the lock back. */
static int lock_in_child(const char *path)
{
    int status = 0, fd = -1;
    pid_t child = fork();
    if (child == 0) {
        _exit((int)file_lock(path, &fd, NULL));
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WEXITSTATUS(status);
}

static void test_lock(void **state)
{
    (void)state;
    int fd = -1;
    const char *path = in_folder("lock");
    assert_int_equal(lock_in_child(path), ERR_OK);
    assert_int_equal(file_lock(path, &fd, NULL), ERR_OK);
    assert_int_equal(lock_in_child(path), ERR_BUSY);
    assert_int_equal(close(fd), 0);
    assert_int_equal(lock_in_child(path), ERR_OK);
    assert_int_equal(file_lock(in_folder("no/lock"), &fd, NULL), ERR_IO);
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_write_and_read),
        FILE_TEST(test_replacing_keeps_the_mode_and_leaves_nothing),
        FILE_TEST(test_cap_and_absence),
        FILE_TEST(test_stdin),
        FILE_TEST(test_folders),
        FILE_TEST(test_lock),
    };
    return cmocka_run_group_tests_name("core/io/file", tests, NULL, NULL);
}
