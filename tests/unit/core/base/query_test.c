/* query_test.c: values of query strings. */
#include "core/base/query.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void found(const char *address, const char *value)
{
    struct buf b;
    buf_init(&b, 64);
    bool any = query_find(address, "utm_content", &b);
    if (any != (value != NULL) || strcmp(buf_str(&b), value ? value : "") != 0)
        print_error("%s: %s\n", address, buf_str(&b));
    assert_int_equal(any, value != NULL);
    assert_string_equal(buf_str(&b), value ? value : "");
    buf_fini(&b);
}

static void test_find(void **state)
{
    (void)state;
    found("/p?utm_content=v2", "v2");
    found("?a=1&utm_content=v2&b=3", "v2");
    found("https://shop.example/p?a=1&utm_content=v2#top", "v2");
    found("/p?utm_content=v2&utm_content=v3", "v2");
    found("/p?utm_content=a%2Fb+c%C3%A9", "a/b c\xC3\xA9");
    found("/p?utm%5Fcontent=v2", "v2");
    found("/p?utm_content=a=b?c", "a=b?c");
    found("/p?utm_content=", "");
    found("/p?utm_content", "");
    found("/p?utm_content&x=1", "");
    found("/p?utm_content=100%&x=1", "100%");
    found("/p?utm_content=%zz%4", "%zz%4");
    found("/p?&&utm_content=v2", "v2");
}

static void test_absent(void **state)
{
    (void)state;
    found("", NULL);
    found("/p", NULL);
    found("utm_content=v2", NULL);
    found("/p?", NULL);
    found("/p?xutm_content=v2", NULL);
    found("/p?utm_contents=v2", NULL);
    found("/p?utm_conten=v2", NULL);
    found("/p#?utm_content=v2", NULL);
    found("/p?a=1#&utm_content=v2", NULL);
    found("/p?UTM_CONTENT=v2", NULL);
}

/* Too long is an error of the buffer, not another value. */
static void test_long(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 4);
    assert_true(query_find("?utm_content=abcdefgh", "utm_content", &b));
    assert_int_equal(buf_status(&b), ERR_LIMIT);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
