/* err_test.c: codes are unique and public; details are bounded, one line, valid. */
#include "core/base/err.h"
#include "core/base/utf8.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void test_codes_round_trip(void **state)
{
    (void)state;
    for (int i = 0; i < ERR_COUNT; i++) {
        enum err e = (enum err)i;
        assert_int_equal(err_from_code(err_code(e)), e); /* unique, too */
        assert_true(strlen(err_meaning(e)) > 0);
        assert_int_equal(strspn(err_code(e), "abcdefghijklmnopqrstuvwxyz_"),
                         strlen(err_code(e)));
    }
    assert_int_equal(ERR_OK, 0);
    assert_string_equal(err_code(ERR_BAD_JSON), "bad_json");
    assert_int_equal(err_from_code("no such code"), ERR_COUNT);
    assert_int_equal(err_from_code(NULL), ERR_COUNT);
    assert_string_equal(err_code((enum err)12345), "internal");
    assert_non_null(err_meaning((enum err)12345));
}

static void test_set_fills_and_returns(void **state)
{
    (void)state;
    struct err_detail d;
    assert_int_equal(err_set(&d, ERR_MISSING, "/brief", "no %s", "brief"), ERR_MISSING);
    assert_int_equal(d.code, ERR_MISSING);
    assert_string_equal(d.path, "/brief");
    assert_string_equal(d.message, "no brief");
    assert_int_equal(err_set(NULL, ERR_IO, "x", "y"), ERR_IO);
    err_set(&d, ERR_IO, NULL, "two\nlines\t%c", 0x1b);
    assert_string_equal(d.path, "");
    assert_string_equal(d.message, "two lines  ");
}

static void test_set_may_quote_itself(void **state)
{
    (void)state;
    struct err_detail d;
    err_set(&d, ERR_IO, "/a", "inner");
    err_set(&d, ERR_CONFIG, d.path, "outer: %s", d.message);
    assert_string_equal(d.path, "/a");
    assert_string_equal(d.message, "outer: inner");
}

static void test_long_text_is_cut_between_characters(void **state)
{
    (void)state;
    static const char face[4] = {'\xf0', '\x9f', '\x98', '\x80'};
    for (size_t pad = 0; pad < 4; pad++) {
        char text[1024] = "";
        memset(text, 'x', pad);
        for (size_t at = pad; at + 4 < sizeof text; at += 4)
            memcpy(text + at, face, sizeof face);
        struct err_detail d;
        err_set(&d, ERR_IO, text, "%s", text);
        size_t len = strlen(d.message), path_len = strlen(d.path);
        assert_true(len >= sizeof d.message - 4 && len < sizeof d.message);
        assert_true(path_len >= sizeof d.path - 4 && path_len < sizeof d.path);
        assert_int_equal(utf8_invalid_at(d.message, len), len);
        assert_int_equal(utf8_invalid_at(d.path, path_len), path_len);
    }
}

/* "%.4s" of a caller may end inside a character. */
static void test_parts_are_cut_between_characters_too(void **state)
{
    (void)state;
    struct err_detail d;
    assert_int_equal(err_set(&d, ERR_BAD_VALUE, "/a\n", "has \"%.4s\" in it", "a汉字"),
                     ERR_BAD_VALUE);
    assert_string_equal(d.message, "has \"a汉\" in it");
    assert_int_equal(err_set(&d, ERR_BAD_VALUE, "/a\n", "has \"%.3s\" in it", "a汉字"),
                     ERR_BAD_VALUE);
    assert_string_equal(d.message, "has \"a??\" in it");
    assert_string_equal(d.path, "/a ");
}

static void test_check_aborts_with_place(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        check(1 == 1);
        check(1 == 2);
        _exit(0);
    }
    close(ends[1]);
    char text[512] = "";
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(text, "err_test.c:"));
    assert_non_null(strstr(text, "1 == 2"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes_round_trip),
        cmocka_unit_test(test_set_fills_and_returns),
        cmocka_unit_test(test_set_may_quote_itself),
        cmocka_unit_test(test_long_text_is_cut_between_characters),
        cmocka_unit_test(test_parts_are_cut_between_characters_too),
        cmocka_unit_test(test_check_aborts_with_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
