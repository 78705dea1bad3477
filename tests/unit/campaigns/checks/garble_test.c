/* garble_test.c: what people can read passes. */
#include "campaigns/checks/garble.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void test_texts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int at; /* -1: nothing is found */
    } cases[] = {
        {"", -1},
        {"Warm beanies.\r\n\tToday", -1},
        {"\xe6\x96\xb0\xe5\x93\x81 \xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9", -1},
        {"a\x01", 1},
        {"\x1b[1m", 0},
        {"ab\x7f", 2},
        {"a\xc2\x85", 1},
        {"a\xc2\xa0"
         "b",
         -1}, /* a space that holds */
        {"ab\xef\xbf\xbd", 2},
        {"ab\xef\xbf\xbc", -1},
        {"abc\xff", 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text, *found = garble_find(text, strlen(text));
        assert_int_equal(found ? found - text : -1, cases[i].at);
    }
    assert_non_null(garble_find("a\0b", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
