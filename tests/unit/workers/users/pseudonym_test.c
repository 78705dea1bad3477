/* pseudonym_test.c: names of users, the same everywhere and for ever. */
#include "workers/users/pseudonym.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SECRET "0123456789abcdef"

/* printf ann | openssl dgst -sha256 -hmac 0123456789abcdef, the first half */
static void test_names(void **state)
{
    (void)state;
    char a[PSEUDONYM_SIZE], b[PSEUDONYM_SIZE];
    pseudonym_of(SECRET, "ann", a);
    assert_string_equal(a, "fb385915a0623c0be3e7b0a7134dbb62");
    pseudonym_of("another secret of 16", "ann", b);
    assert_string_not_equal(a, b);
    pseudonym_of(SECRET, "Ann", b);
    assert_string_not_equal(a, b);
}

static void test_marks(void **state)
{
    (void)state;
    struct pseudonym_mark m = {"c", "sms", "v1", 3};
    char a[PSEUDONYM_MARK_SIZE], b[PSEUDONYM_MARK_SIZE];
    pseudonym_mark(SECRET, "ann", &m, a);
    pseudonym_mark(SECRET, "ann", &m, b);
    assert_string_equal(a, b);
    assert_string_equal(a, "8143cf74ea5610b9");
    const struct pseudonym_mark others[] = {{"d", "sms", "v1", 3},
                                            {"c", "web", "v1", 3},
                                            {"c", "sms", "v2", 3},
                                            {"cs", "ms", "v1", 3},
                                            {"c", "sms", "v1", 4}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        pseudonym_mark(SECRET, "ann", &others[i], b);
        assert_string_not_equal(a, b);
    }
    pseudonym_mark(SECRET, "bob", &m, b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
