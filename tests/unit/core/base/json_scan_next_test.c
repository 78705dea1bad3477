/* json_scan_next_test.c: the items of an array, one after the other. */
#include "core/base/json_scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

/* All items, by number and from one to the next, of each prefix too. */
static void test_from_item_to_item(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[ 1 , \"b,]\",{\"c\":[2,3]} ,[],null ],\"d\":0}";
    static const char *const items[] = {"1", "\"b,]\"", "{\"c\":[2,3]}", "[]", "null"};
    struct json_span in = {text, sizeof text - 1}, item;
    assert_int_equal(json_scan_path(text, in.len, "a.0", &item), ERR_OK);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++) {
        assert_int_equal(item.len, strlen(items[i]));
        assert_memory_equal(item.at, items[i], item.len);
        assert_int_equal(json_scan_next(&in, &item), i < 4 ? ERR_OK : ERR_NOT_FOUND);
    }
    for (size_t n = 0; n < in.len; n++) {
        struct json_span cut = {text, n};
        if (json_scan_path(text, n, "a.0", &item))
            continue;
        int steps = 0;
        while (json_scan_next(&cut, &item) == ERR_OK) {
            assert_true(item.at + item.len <= text + n);
            assert_true(++steps < 5);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_from_item_to_item)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
