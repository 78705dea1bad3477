/* sse_test.c: event streams whole, byte by byte and split at every byte. */
#include "core/base/sse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LINE_MAX_BYTES 64
#define EVENT_MAX_BYTES 96

/* Events as text: "type|data;" each; a NUL is written as '0'. */
struct record {
    char text[1024];
    size_t len;
    int stop_after; /* 0 = never */
    int events;
};

static void put(struct record *r, const char *s, size_t n)
{
    assert_true(r->len + n < sizeof r->text);
    assert_int_equal(s[n], '\0');
    for (size_t i = 0; i < n; i++)
        r->text[r->len++] = s[i] ? s[i] : '0';
    r->text[r->len] = '\0';
}

static enum err on_event(void *arg, const struct sse_event *e)
{
    struct record *r = arg;
    put(r, e->type, e->type_len);
    put(r, "|", 1);
    put(r, e->data, e->data_len);
    put(r, ";", 1);
    return ++r->events == r->stop_after ? ERR_CANCELLED : ERR_OK;
}

/* An error stays what it was. */
static void feed(struct sse *s, const char *bytes, size_t n, enum err *e)
{
    enum err now = sse_feed(s, bytes, n);
    assert_true(!*e || now == *e);
    *e = now;
}

/* Feeds bytes[0, a), then [a, b) byte by byte, then the rest. */
static void expect_split(const char *bytes, size_t n, size_t a, size_t b,
                         const char *wanted, enum err error)
{
    struct record r = {.stop_after = error == ERR_CANCELLED ? 1 : 0};
    struct sse s;
    sse_init(&s, LINE_MAX_BYTES, EVENT_MAX_BYTES, on_event, &r);
    enum err e = ERR_OK;
    feed(&s, bytes, a, &e);
    for (size_t i = a; i < b; i++)
        feed(&s, bytes + i, 1, &e);
    feed(&s, bytes + b, n - b, &e);
    assert_int_equal(e, error);
    assert_string_equal(r.text, wanted);
    sse_fini(&s);
}

static void expect_bytes(const char *bytes, size_t n, const char *wanted,
                         enum err error)
{
    expect_split(bytes, n, n, n, wanted, error);
    expect_split(bytes, n, 0, n, wanted, error);
    for (size_t i = 0; i <= n; i++)
        expect_split(bytes, n, i, i, wanted, error);
}

static void expect(const char *bytes, const char *wanted)
{
    expect_bytes(bytes, strlen(bytes), wanted, ERR_OK);
}

static void test_lines_end_in_three_ways(void **state)
{
    (void)state;
    expect("data: a\n\ndata: b\n\n", "|a;|b;");
    expect("data: a\r\n\r\ndata: b\r\n\r\n", "|a;|b;");
    expect("data: a\r\rdata: b\r\r", "|a;|b;");
    expect("data: a\r\n\ndata: b\n\r\ndata: c\r\n\r", "|a;|b;|c;");
    expect("\n\n\r\r\n\n", "");
}

static void test_fields(void **state)
{
    (void)state;
    expect("event: add\ndata: 1\n\ndata: 2\n\n", "add|1;|2;");
    expect("event: a\nevent: b\ndata:x\n\n", "b|x;");
    expect("data:  two\ndata:none\ndata:\tc\n\n", "| two\nnone\n\tc;");
    expect("data\n\ndata:\n\ndata: \n\ndata\ndata\n\n", "|;|;|;|\n;");
    expect("event: only\n\ndata: after\n\n", "|after;");
    expect("Data: no\ndata : no\n data: no\nid: 7\nretry: 1\nfoo\n\n", "");
    expect("data: a:b: c\nid\n\n", "|a:b: c;");
    expect_bytes("data: a\0b\n\n", 11, "|a0b;", ERR_OK);
}

static void test_comments_and_mark(void **state)
{
    (void)state;
    expect(": keep-alive\n\n:\n\n: x\ndata: a\n: y\ndata: b\n\n", "|a\nb;");
    expect("\xef\xbb\xbf"
           "data: a\n\n",
           "|a;");
    expect("\xef\xbb\xbf\ndata: a\n\n", "|a;");
    expect("\n\xef\xbb\xbf"
           "data: not the start\n\n",
           "");
    expect("\xef\xbb\xbf\xef\xbb\xbf"
           "data: twice\n\n",
           "");
    expect("data: \xe5\xa5\xbd\xf0\x9f\x98\x80\n\n", "|\xe5\xa5\xbd\xf0\x9f\x98\x80;");
}

static void test_an_event_without_its_end_is_none(void **state)
{
    (void)state;
    expect("data: a\n\ndata: b\n", "|a;");
    expect("data: a\n\ndata: b", "|a;");
    expect("data: b\r", "");
    expect("data: b\r\n", "");
    expect("", "");
}

/* "data: " and so many letters, then the end. */
static void expect_length(size_t letters, enum err error)
{
    char bytes[256], wanted[256] = "";
    size_t n = (size_t)snprintf(bytes, sizeof bytes, "data: ok\n\ndata: %0*d\n\n",
                                (int)letters, 7);
    (void)snprintf(wanted, sizeof wanted, error ? "|ok;" : "|ok;|%0*d;", (int)letters,
                   7);
    expect_bytes(bytes, n, wanted, error);
}

static void test_bounds_are_exact(void **state)
{
    (void)state;
    expect_length(LINE_MAX_BYTES - 6, ERR_OK);
    expect_length(LINE_MAX_BYTES - 5, ERR_LIMIT);
    char bytes[256], wanted[256];
    int n =
        snprintf(bytes, sizeof bytes, "data: %050d\ndata: %045d\n\ndata: a\n\n", 1, 2);
    (void)snprintf(wanted, sizeof wanted, "|%050d\n%045d;|a;", 1, 2); /* 96 bytes */
    expect_bytes(bytes, (size_t)n, wanted, ERR_OK);
    n = snprintf(bytes, sizeof bytes, "data: %050d\ndata: %046d\n\ndata: a\n\n", 1, 2);
    expect_bytes(bytes, (size_t)n, "", ERR_LIMIT);
    n = snprintf(bytes, sizeof bytes, "data: a\n\n: %070d\n", 1); /* comments too */
    expect_bytes(bytes, (size_t)n, "|a;", ERR_LIMIT);
}

static void test_a_reader_may_stop(void **state)
{
    (void)state;
    expect_bytes("data: a\n\ndata: b\n\ndata: c\n\n", 27, "|a;", ERR_CANCELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_end_in_three_ways),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_comments_and_mark),
        cmocka_unit_test(test_an_event_without_its_end_is_none),
        cmocka_unit_test(test_bounds_are_exact),
        cmocka_unit_test(test_a_reader_may_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
