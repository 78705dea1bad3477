/* redis_program_test.c: which server `barker up` takes. */
#include "workers/up/redis_program.h"
#include "tests/fakes/temp_folder.h"
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[64], path[160], old[PATH_MAX];
};

static void place_open(struct place *p)
{
    const char *path = getenv("PATH");
    (void)snprintf(p->old, sizeof p->old, "%s", path ? path : "");
    assert_true(temp_folder_make(p->folder, sizeof p->folder));
    (void)snprintf(p->path, sizeof p->path, ":%s/none:%s", p->folder, p->folder);
    assert_int_equal(setenv("PATH", p->path, 1), 0);
}

static void place_close(struct place *p)
{
    assert_int_equal(setenv("PATH", p->old, 1), 0);
    temp_folder_remove(p->folder);
}

static void put(const struct place *p, const char *name, mode_t mode)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    (void)close(fd);
}

static void expect(const struct place *p, const char *wanted, const char *name)
{
    char out[PATH_MAX], path[128];
    (void)snprintf(path, sizeof path, "%s/%s", p->folder, name);
    assert_int_equal(redis_program_find(wanted, out, sizeof out, NULL), ERR_OK);
    assert_string_equal(out, path);
}

static void test_known_names(void **state)
{
    struct place p;
    char out[PATH_MAX];
    struct err_detail d;
    (void)state;
    place_open(&p);
    assert_int_equal(redis_program_find("", out, sizeof out, &d), ERR_IO);
    assert_non_null(strstr(d.message, "valkey-server"));
    put(&p, "valkey-server", 0755);
    expect(&p, "", "valkey-server");
    put(&p, "redis-server", 0644); /* cannot be run */
    expect(&p, "", "valkey-server");
    temp_folder_remove(p.folder);
    assert_int_equal(mkdir(p.folder, 0700), 0);
    put(&p, "valkey-server", 0755);
    put(&p, "redis-server", 0755);
    expect(&p, "", "redis-server");
    expect(&p, "valkey-server", "valkey-server");
    place_close(&p);
}

static void test_chosen(void **state)
{
    struct place p;
    char out[PATH_MAX], path[128], here[PATH_MAX];
    struct err_detail d;
    (void)state;
    place_open(&p);
    put(&p, "redis-server", 0755);
    put(&p, "redict", 0755);
    expect(&p, "redict", "redict");
    assert_int_equal(redis_program_find("keydb", out, sizeof out, &d), ERR_IO);
    assert_string_equal(d.path, "keydb");
    (void)snprintf(path, sizeof path, "%s/redict", p.folder);
    expect(&p, path, "redict");
    assert_int_equal(redis_program_find(p.folder, out, sizeof out, &d), ERR_IO);
    assert_int_equal(redis_program_find(path, out, strlen(path), &d), ERR_IO);
    assert_non_null(getcwd(here, sizeof here)); /* a path from here becomes absolute */
    assert_int_equal(chdir(p.folder), 0);
    expect(&p, "./redict", "./redict");
    assert_int_equal(chdir(here), 0);
    place_close(&p);
}

static void test_process_names(void **state)
{
    (void)state;
    assert_true(redis_program_is("", "redis-server"));
    assert_true(redis_program_is("", "valkey-server"));
    assert_false(redis_program_is("", "bash"));
    assert_true(redis_program_is("/opt/redict", "redict"));
    assert_true(redis_program_is("redict", "redis-server")); /* left by an older run */
    assert_true(redis_program_is("/opt/redis-server-8.0.2", "redis-server-8."));
    assert_false(redis_program_is("redict", "redic"));
    assert_false(redis_program_is("redict", "redict2"));
    assert_false(redis_program_is("/opt/", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_names),
        cmocka_unit_test(test_chosen),
        cmocka_unit_test(test_process_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
