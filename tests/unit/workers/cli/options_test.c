/* options_test.c: the command line as words and options. */
#include "workers/cli/options.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define PARSE(o, d, ...) parse(o, d, (char *[]){"barker", __VA_ARGS__, NULL})

static enum err parse(struct options *o, struct err_detail *d, char *const *argv)
{
    int n = 0;
    while (argv[n])
        n++;
    return options_parse(n, argv, o, d);
}

static void test_options_around_the_command(void **state)
{
    static char *const argv[] = {"barker", "--redis", "redis://a", "approve",
                                 "c1",     "--by",    "me",        "--text=--x",
                                 "v2",     "--json"};
    struct options o;
    struct err_detail d;
    (void)state;
    assert_int_equal(options_parse(10, argv, &o, &d), ERR_OK);
    assert_int_equal(o.count, 3);
    assert_string_equal(o.word[0], "approve");
    assert_string_equal(o.word[2], "v2");
    assert_string_equal(o.value[OPTION_redis], "redis://a");
    assert_string_equal(o.value[OPTION_by], "me");
    assert_string_equal(o.value[OPTION_text], "--x");
    assert_string_equal(o.value[OPTION_json], "");
    assert_null(o.value[OPTION_quiet]);
}

static void test_a_value_may_look_like_an_option(void **state)
{
    static char *const argv[] = {"barker", "approve", "--text", "--json", "-"};
    struct options o;
    struct err_detail d;
    (void)state;
    assert_int_equal(options_parse(5, argv, &o, &d), ERR_OK);
    assert_string_equal(o.value[OPTION_text], "--json");
    assert_null(o.value[OPTION_json]);
    assert_string_equal(o.word[1], "-");
}

static void test_two_dashes_end_the_options(void **state)
{
    struct options o;
    struct err_detail d;
    (void)state;
    assert_int_equal(PARSE(&o, &d, "check", "--", "--json"), ERR_OK);
    assert_int_equal(o.count, 2);
    assert_string_equal(o.word[1], "--json");
    assert_null(o.value[OPTION_json]);
}

static void test_what_is_refused(void **state)
{
    struct options o;
    struct err_detail d;
    (void)state;
    assert_int_equal(PARSE(&o, &d, "status", "--jsn"), ERR_BAD_VALUE);
    assert_non_null(strstr(d.message, "--json"));
    assert_int_equal(PARSE(&o, &d, "status", "--redis"), ERR_BAD_VALUE);
    assert_non_null(strstr(d.message, "needs a value"));
    assert_int_equal(PARSE(&o, &d, "--json=1"), ERR_BAD_VALUE);
    assert_int_equal(PARSE(&o, &d, "--by", "a", "--by", "b"), ERR_BAD_VALUE);
    assert_int_equal(PARSE(&o, &d, "-x"), ERR_BAD_VALUE);
    char word[] = "w", *many[OPTIONS_WORDS_MAX + 2];
    for (int i = 0; i < OPTIONS_WORDS_MAX + 2; i++)
        many[i] = word;
    assert_int_equal(options_parse(OPTIONS_WORDS_MAX + 1, many, &o, &d), ERR_OK);
    assert_int_equal(options_parse(OPTIONS_WORDS_MAX + 2, many, &o, &d), ERR_BAD_VALUE);
}

static void test_a_stray_option_is_named(void **state)
{
    struct options o = {.count = 0};
    (void)state;
    o.value[OPTION_json] = "";
    assert_null(options_stray(&o, ""));
    o.value[OPTION_by] = "me";
    assert_string_equal(options_stray(&o, "byte text"), "by");
    assert_null(options_stray(&o, "text by"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_around_the_command),
        cmocka_unit_test(test_a_value_may_look_like_an_option),
        cmocka_unit_test(test_two_dashes_end_the_options),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_a_stray_option_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
