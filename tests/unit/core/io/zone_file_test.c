/* zone_file_test.c: zones by name, from a folder of the test's own. */
#include "core/io/zone_file.h"
#include "core/io/file.h"
#include "tests/fakes/temp_folder.h"
#include "tests/fakes/tzif.h"
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <cmocka.h>

static char folder[256];

static void write_file(const char *name, const void *bytes, size_t n)
{
    char path[512];
    struct err_detail d;
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(file_write(path, bytes, n, &d), ERR_OK);
}

static int setup(void **state)
{
    (void)state;
    static const int32_t offsets[] = {4242};
    unsigned char bytes[TZIF_MAX_BYTES];
    char path[512];
    struct err_detail d;
    struct tzif t = {
        .version = '3', .offsets = offsets, .kind_count = 1, .footer = "\n\n"};
    if (!temp_folder_make(folder, sizeof folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/Own", folder);
    assert_int_equal(file_make_folder(path, &d), ERR_OK);
    write_file("Own/Zone", bytes, tzif_write(&t, bytes));
    write_file("Own/Broken", "TZif", 4);
    static char big[ZONE_FILE_MAX_BYTES + 1];
    write_file("Own/Big", big, sizeof big);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    temp_folder_remove(folder);
    return 0;
}

static void refuses(const char *in, const char *name, enum err code, const char *words)
{
    struct zone z;
    struct err_detail d = {.code = ERR_OK};
    assert_int_equal(zone_file_load(in, name, &z, &d), code);
    assert_int_equal(d.code, code);
    assert_non_null(strstr(d.message, words));
    assert_string_equal(d.path, "");
    assert_int_equal(zone_file_load(in, name, &z, NULL), code);
}

static void test_a_folder_of_ones_own(void **state)
{
    (void)state;
    struct zone z;
    struct err_detail d;
    assert_int_equal(zone_file_load(folder, "Own/Zone", &z, &d), ERR_OK);
    assert_int_equal(zone_offset_at(&z, 0), 4242);
}

static void test_the_usual_folder(void **state)
{
    (void)state;
    struct zone z;
    struct err_detail d;
    assert_int_equal(zone_file_load("", "Asia/Tokyo", &z, &d), ERR_OK);
    assert_int_equal(zone_offset_at(&z, 0), 32400);
    assert_int_equal(zone_file_load(NULL, "Asia/Tokyo", &z, &d), ERR_OK);
}

static void test_utc_needs_no_file(void **state)
{
    (void)state;
    struct zone z;
    struct err_detail d;
    memset(&z, 0xff, sizeof z);
    assert_int_equal(zone_file_load("/nowhere", "UTC", &z, &d), ERR_OK);
    assert_int_equal(zone_offset_at(&z, INT64_MIN), 0);
    assert_int_equal(zone_offset_at(&z, INT64_MAX), 0);
}

static void test_refusals(void **state)
{
    (void)state;
    char far[5000];
    refuses(folder, "Own/None", ERR_NOT_FOUND, "there is no time zone Own/None in /");
    refuses(folder, "Own", ERR_NOT_FOUND, "there is no time zone Own in /");
    refuses(folder, "Own/../Own/Zone", ERR_BAD_VALUE, "no name of a time zone");
    refuses("/nowhere", "Own/Zone", ERR_IO, "no folder /nowhere: install tzdata");
    refuses(folder, "Own/Broken", ERR_BAD_VALUE, "time zone Own/Broken: not a usable");
    refuses(folder, "Own/Big", ERR_LIMIT, "time zone Own/Big: the file is over 65536");
    memset(far, 'a', sizeof far);
    far[sizeof far - 1] = '\0';
    refuses(far, "Own/Zone", ERR_IO, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_folder_of_ones_own),
                                       cmocka_unit_test(test_the_usual_folder),
                                       cmocka_unit_test(test_utc_needs_no_file),
                                       cmocka_unit_test(test_refusals)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
