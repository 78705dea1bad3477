/* Reply headers: last value wins, blocks replace each other, 16 KiB is the bound. */
#include "core/io/http_headers.h"
#include <stdarg.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

static void add(struct http_headers *h, const char *line)
{
    http_headers_add_line(h, line, strlen(line));
}

static int setup(void **state)
{
    static struct http_headers h;
    http_headers_init(&h);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    http_headers_fini(*state);
    return 0;
}

static void last_value_of_a_name(void **state)
{
    struct http_headers *h = *state;
    assert_null(http_headers_get(h, "a"));
    add(h, "HTTP/1.1 200 OK\r\n");
    add(h, "A: one\r\n");
    add(h, "a:\t two words \r\n");
    add(h, "AB: x\r\n");
    add(h, "Empty:\r\n");
    add(h, "no colon\r\n");
    add(h, "\r\n");
    assert_int_equal(h->status, 200);
    assert_string_equal(http_headers_get(h, "A"), "two words");
    assert_string_equal(http_headers_get(h, "empty"), "");
    assert_null(http_headers_get(h, "two words"));
    assert_null(http_headers_get(h, "no colon"));
}

static void one_by_one(void **state)
{
    struct http_headers *h = *state;
    const char *name = NULL, *value = NULL;
    assert_null(http_headers_next(h, NULL, &value));
    add(h, "HTTP/1.1 200 OK\r\n");
    add(h, "A: one\r\n");
    add(h, "Empty:\r\n");
    add(h, "a: two\r\n");
    static const char *const pairs[][2] = {{"A", "one"}, {"Empty", ""}, {"a", "two"}};
    for (int i = 0; i < 3; i++) {
        assert_non_null(name = http_headers_next(h, name, &value));
        assert_string_equal(name, pairs[i][0]);
        assert_string_equal(value, pairs[i][1]);
    }
    assert_null(http_headers_next(h, name, &value));
}

static void names_that_begin_so(void **state)
{
    struct http_headers *h = *state;
    assert_false(http_headers_may_have(h, "x-rate"));
    add(h, "HTTP/1.1 200 OK\r\n");
    add(h, "X-Request-Id: 1\r\n");
    add(h, "ab: 2\r\n");
    assert_true(http_headers_may_have(h, "x-request"));
    assert_string_equal(http_headers_get(h, "AB"), "2");
    assert_false(http_headers_may_have(h, "x-rate")); /* another bit */
    add(h, "X-RateLimit-Limit: 2\r\n");
    assert_true(http_headers_may_have(h, "x-ratelimit-"));
    add(h, "HTTP/1.1 200 OK\r\n");
    assert_false(http_headers_may_have(h, "x-ratelimit-"));
}

static void new_block_replaces_the_old(void **state)
{
    struct http_headers *h = *state;
    add(h, "HTTP/1.1 100 Continue\r\n");
    add(h, "Early: 1\r\n");
    assert_int_equal(h->status, 100);
    add(h, "HTTP/2 429 \r\n");
    assert_int_equal(h->status, 429);
    assert_null(http_headers_get(h, "early"));
    add(h, "HTTP/1.1 x\r\n");
    assert_int_equal(h->status, 0);
}

static void nul_is_left_out(void **state)
{
    struct http_headers *h = *state;
    static const char line[] = "A: o\0ne\r\n";
    http_headers_add_line(h, line, sizeof line - 1);
    assert_null(http_headers_get(h, "A"));
}

static void overflow_keeps_what_fits(void **state)
{
    struct http_headers *h = *state;
    char line[1100];
    for (int i = 0; i < 40; i++) {
        (void)snprintf(line, sizeof line, "X-%02d: %01000d\r\n", i, i);
        add(h, line);
    }
    assert_true(h->pairs.len <= HTTP_HEADERS_MAX_BYTES);
    assert_non_null(http_headers_get(h, "X-00"));
    assert_null(http_headers_get(h, "X-39"));
    add(h, "Small: 1\r\n");
    assert_string_equal(http_headers_get(h, "small"), "1");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(last_value_of_a_name), TEST(one_by_one),
        TEST(names_that_begin_so),  TEST(new_block_replaces_the_old),
        TEST(nul_is_left_out),      TEST(overflow_keeps_what_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
