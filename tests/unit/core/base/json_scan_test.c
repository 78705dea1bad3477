/* json_scan_test.c: paths in a model's reply, whole, cut anywhere, and hostile. */
#include "core/base/json_scan.h"
#include "core/base/json.h"
#include "core/base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const char reply[] =
    "{ \"id\" : \"x\", \"skip\\\"me\":[[],{\"a\":[{}]},\"]}\"],\n"
    "\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":"
    "\"Hi \\ud83d\\ude00 \\\"q\\\"\\n\"}},{\"n\":-1.5e3}],"
    "\"\\u0075sage\":{\"prompt_tokens\":12,\"total\":9007199254740993,\"z\":null}}";

static enum err scan(const char *text, size_t n, const char *path, struct json_span *s)
{
    *s = (struct json_span){0};
    char *exact = malloc(n ? n : 1); /* so that a read past the end is seen */
    memcpy(exact, text, n);
    enum err e = json_scan_path(exact, n, path, s);
    if (s->at)
        s->at = text + (s->at - exact);
    free(exact);
    return e;
}

static void finds(const char *text, const char *path, const char *want)
{
    struct json_span s;
    enum err e = scan(text, strlen(text), path, &s);
    if (e)
        fail_msg("%s in %s: %s", path, text, err_code(e));
    assert_int_equal(s.len, strlen(want));
    assert_memory_equal(s.at, want, s.len);
}

static void fails(const char *text, const char *path, enum err want)
{
    struct json_span s;
    enum err e = scan(text, strlen(text), path, &s);
    if (e != want)
        fail_msg("%s in %s: %s, not %s", path, text, err_code(e), err_code(want));
    assert_null(s.at);
}

static void test_finds(void **state)
{
    (void)state;
    finds(reply, "id", "\"x\"");
    finds(reply, "choices.0.message.role", "\"assistant\"");
    finds(reply, "choices.1.n", "-1.5e3");
    finds(reply, "choices.1", "{\"n\":-1.5e3}");
    finds(reply, "usage.prompt_tokens", "12"); /* the key is escaped in the text */
    finds(reply, "usage.z", "null");
    finds(reply, "skip\"me.2", "\"]}\"");
    finds(" [true ] ", "", "[true ]");
    finds("12", "", "12");
    finds("{\"0\":{\"\":5}}", "0", "{\"\":5}");
    finds("{\"a\":1,\"a\":2}", "a", "1");
    finds("{\"a\":1,\"ab\":2}", "ab", "2");
    finds("[[[[7]]]]", "0.0.0.0", "7");
    finds("{\"ab\":1,\"a\":2,\"abc\":3}", "a", "2");
}

static void test_absent(void **state)
{
    (void)state;
    fails(reply, "nope", ERR_NOT_FOUND);
    fails(reply, "choices.2", ERR_NOT_FOUND);
    fails(reply, "choices.x", ERR_NOT_FOUND);
    fails(reply, "choices.99999999999999999999", ERR_NOT_FOUND);
    fails(reply, "id.x", ERR_NOT_FOUND);
    fails(reply, "choices.0.message.content.0", ERR_NOT_FOUND);
    fails("{}", "a", ERR_NOT_FOUND);
    fails("[]", "0", ERR_NOT_FOUND);
    fails("7", "a", ERR_NOT_FOUND);
}

static void test_broken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "{",
        "{\"a\"",
        "{\"b\":1",
        "{\"b\":1,",
        "{\"b\":}",
        "{\"b\":[1}",
        "{\"b\":[1},\"a\":2}",
        "{b:1}",
        "{\"b\" 1}",
        "{\"b\":tru}",
        "{\"b\":01}",
        "{\"b\":\"",
        "{\"b\":\"\\",
        "{\"a\":12",
        "{\"a\":",
        "{\"a\":\"x",
        "{\"a\":[1,",
        "{\"b\":1 \"a\":2}",
        "<html>",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        fails(bad[i], "a", ERR_BAD_JSON);
    fails("[1,]", "1", ERR_BAD_JSON);
    fails("[1 2]", "1", ERR_BAD_JSON);
}

static struct json_member members[4];

static enum err scan_members(const char *text, size_t n)
{
    struct json_span in = {text, n};
    static const char *const names[] = {"a", "", "b\n", "abc"};
    for (size_t i = 0; i < 4; i++)
        members[i] = (struct json_member){.name = names[i], .value = {text, 1}};
    return json_scan_members(&in, members, 4);
}

static void member_is(int i, const char *want)
{
    const struct json_span *v = &members[i].value;
    if (!want) {
        assert_null(v->at);
        return;
    }
    assert_int_equal(v->len, strlen(want));
    assert_memory_equal(v->at, want, v->len);
}

static void test_members(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err e;
        const char *a, *empty, *escaped, *abc;
    } cases[] = {
        {"{}", ERR_OK, NULL, NULL, NULL, NULL},
        {" { \"a\" : 1 } x", ERR_OK, "1", NULL, NULL, NULL},
        {"{\"ab\":0,\"abc\":[1,{}],\"\":\"\",\"a\":null}", ERR_OK, "null", "\"\"", NULL,
         "[1,{}]"},
        {"{\"b\\n\":2,\"\\u0061\":{\"a\":5},\"a\":6}", ERR_OK, "{\"a\":5}", NULL, "2",
         NULL},
        {"[1]", ERR_NOT_FOUND, NULL, NULL, NULL, NULL},
        {"", ERR_BAD_JSON, NULL, NULL, NULL, NULL},
        {"\"a\"", ERR_BAD_JSON, NULL, NULL, NULL, NULL},
        {"{\"a\":1,", ERR_BAD_JSON, "1", NULL, NULL, NULL},
        {"{\"a\":1,}", ERR_BAD_JSON, "1", NULL, NULL, NULL},
        {"{\"a\":1 \"abc\":2}", ERR_BAD_JSON, "1", NULL, NULL, NULL},
        {"{\"abc\":[1,\"tw", ERR_BAD_JSON, NULL, NULL, NULL, "[1,\"tw"},
        {"{\"abc\":[1,2", ERR_BAD_JSON, NULL, NULL, NULL, "[1,2"},
        {"{a:1}", ERR_BAD_JSON, NULL, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum err e = scan_members(cases[i].text, strlen(cases[i].text));
        if (e != cases[i].e)
            fail_msg("%s: %s", cases[i].text, err_code(e));
        member_is(0, cases[i].a);
        member_is(1, cases[i].empty);
        member_is(2, cases[i].escaped);
        member_is(3, cases[i].abc);
    }
    struct json_span in = {"{\"a\":1}", 7}, bad = {"{\"a\":1", 6};
    assert_int_equal(json_scan_members(&in, NULL, 0), ERR_OK);
    assert_int_equal(json_scan_members(&bad, NULL, 0), ERR_BAD_JSON);
}

/* A walk by members and walks by path see the same. */
static void test_members_as_paths(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":{\"x\":[1,2]},\"abc\":\"\\\"}\",\"\":-1.5e3}";
    for (size_t n = 0; n < sizeof text; n++) {
        enum err e = scan_members(text, n);
        assert_int_equal(e, n == sizeof text - 1 ? ERR_OK : ERR_BAD_JSON);
        for (int i = 0; i < 4; i++) {
            struct json_span span;
            if (i == 1 || scan(text, n, members[i].name, &span))
                continue;
            assert_ptr_equal(members[i].value.at, span.at);
            assert_int_equal(members[i].value.len, span.len);
        }
    }
}

/* Found on their level only, the first of each, whole or as far as the text goes. */
static void test_members_inside(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err e;
        const char *a, *b, *second, *deep;
        bool a_whole, deep_whole;
    } cases[] = {
        {"{\"a\":{\"b\":1,\"l\":[0,{\"d\":2}]},\"b\":3,\"d\":4}", ERR_OK,
         "{\"b\":1,\"l\":[0,{\"d\":2}]}", "1", "{\"d\":2}", "2", true, true},
        {"{\"a\":{\"l\":[]},\"x\":{\"b\":1}}", ERR_OK, "{\"l\":[]}", NULL, NULL, NULL,
         true, false},
        {"{\"a\":{\"b\":1},\"a\":{\"b\":2,\"l\":[1,2]}}", ERR_OK, "{\"b\":1}", "1",
         NULL, NULL, true, false},
        {"{\"a\":{\"b\":1,\"\\u0062\":2}}", ERR_OK, "{\"b\":1,\"\\u0062\":2}", "1",
         NULL, NULL, true, false},
        {"{\"a\":7}", ERR_OK, "7", NULL, NULL, NULL, true, false},
        {"{\"a\":[{\"b\":1}]}", ERR_OK, "[{\"b\":1}]", NULL, NULL, NULL, true, false},
        {"{\"a\":{\"l\":{\"1\":{\"d\":5}}}}", ERR_OK, "{\"l\":{\"1\":{\"d\":5}}}", NULL,
         "{\"d\":5}", "5", true, true},
        {"{\"a\":{\"l\":[0,{\"d\":2},", ERR_BAD_JSON, "{\"l\":[0,{\"d\":2},", NULL,
         "{\"d\":2}", "2", false, true},
        {"{\"a\":{\"l\":[0,{\"d\":\"x", ERR_BAD_JSON, "{\"l\":[0,{\"d\":\"x", NULL,
         "{\"d\":\"x", "\"x", false, false},
        {"{\"a\":{,", ERR_BAD_JSON, "{,", NULL, NULL, NULL, false, false},
        {"{\"a\":{\"b\":1]", ERR_BAD_JSON, "{\"b\":1]", "1", NULL, NULL, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_member d[] = {{.name = "d"}}, l[] = {{"1", d, 1, {0}, true}};
        struct json_member in_a[] = {{.name = "b"}, {"l", l, 1, {0}, false}};
        struct json_member top[] = {{"a", in_a, 2, {0}, false}};
        struct json_span text = {cases[i].text, strlen(cases[i].text)};
        enum err e = json_scan_members(&text, top, 1);
        if (e != cases[i].e)
            fail_msg("%s: %s", cases[i].text, err_code(e));
        members[0] = top[0];
        members[1] = in_a[0];
        members[2] = l[0];
        members[3] = d[0];
        member_is(0, cases[i].a);
        member_is(1, cases[i].b);
        member_is(2, cases[i].second);
        member_is(3, cases[i].deep);
        assert_int_equal(top[0].whole, cases[i].a_whole);
        assert_int_equal(d[0].whole, cases[i].deep_whole);
    }
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    size_t n = 100000;
    char *text = malloc(n + 1);
    memset(text, '[', n);
    text[n] = '\0';
    fails(text, "1", ERR_LIMIT);
    fails(text, "", ERR_LIMIT);
    free(text);
}

/* Cut anywhere before its end the value is never found in part. */
static void test_every_prefix(void **state)
{
    (void)state;
    const char *path = "usage.prompt_tokens";
    struct json_span whole, s;
    assert_int_equal(scan(reply, strlen(reply), path, &whole), ERR_OK);
    size_t end = (size_t)(whole.at - reply) + whole.len;
    for (size_t n = 0; n < strlen(reply); n++) {
        enum err e = scan(reply, n, path, &s);
        assert_int_equal(e, n > end ? ERR_OK : ERR_BAD_JSON);
        if (!e)
            assert_int_equal(s.len, 2);
    }
}

static void decodes(const char *text, enum err want, const char *value)
{
    struct json_span s = {text, strlen(text)};
    struct buf b;
    buf_init(&b, 100);
    assert_int_equal(buf_append_str(&b, "<"), ERR_OK);
    assert_int_equal(json_scan_string(&s, &b), want);
    assert_string_equal(buf_str(&b) + 1, value);
    assert_int_equal(b.len, 1 + strlen(value));
    buf_fini(&b);
}

static void test_strings(void **state)
{
    (void)state;
    decodes("\"\"", ERR_OK, "");
    decodes("\"a\\u00e9\\ud83d\\ude00\\n\\/b\"", ERR_OK,
            "a\xc3\xa9\xf0\x9f\x98\x80\n/b");
    decodes("\"\xc3\xa9\"", ERR_OK, "\xc3\xa9");
    decodes("\"a\\ud83d\"", ERR_OK, "a\xef\xbf\xbd");
    decodes("\"\\udc00\\ud83d\\n\"", ERR_OK, "\xef\xbf\xbd\xef\xbf\xbd\n");
    decodes("\"a\xff\"", ERR_BAD_ENCODING, "");
    decodes("\"a\\u0000b\"", ERR_OK,
            "a\xef\xbf\xbd"
            "b");
    decodes("\"a\\q\"", ERR_BAD_JSON, "");
    decodes("\"a\"b\"", ERR_BAD_JSON, "");
    decodes("\"a\\\"", ERR_BAD_JSON, "");
    decodes("12", ERR_BAD_TYPE, "");
    decodes("\"", ERR_BAD_TYPE, "");
    char text[200];
    memset(text, 'x', sizeof text);
    text[0] = text[198] = '"';
    text[199] = '\0';
    decodes(text, ERR_LIMIT, "");           /* over the 100 bytes of the buf */
    for (size_t i = 1; i + 6 < 198; i += 6) /* 33 times six bytes for one */
        memcpy(text + i, "\\u0041", 6);
    memcpy(text + 193, "AAAAA", 5);
    decodes(text, ERR_OK, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    memcpy(text + 187, "\\ud83d", 6);
    decodes(text, ERR_OK,
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xef\xbf\xbd"
            "AAAAA");
    text[187] = (char)0xff;
    decodes(text, ERR_BAD_ENCODING, "");
}

static void reads_int(const char *text, enum err want, int64_t value)
{
    struct json_span s = {text, strlen(text)};
    int64_t got = -77;
    assert_int_equal(json_scan_int(&s, &got), want);
    assert_true(got == (want ? -77 : value));
}

static void test_ints(void **state)
{
    (void)state;
    reads_int("0", ERR_OK, 0);
    reads_int("-12", ERR_OK, -12);
    reads_int("9007199254740993", ERR_OK, 9007199254740993);
    reads_int("9223372036854775807", ERR_OK, INT64_MAX);
    reads_int("-9223372036854775808", ERR_OK, INT64_MIN);
    reads_int("9223372036854775808", ERR_OUT_OF_RANGE, 0);
    reads_int("-9223372036854775809", ERR_OUT_OF_RANGE, 0);
    reads_int("12.0", ERR_OK, 12);
    reads_int("1e3", ERR_OK, 1000);
    reads_int("12.5", ERR_OUT_OF_RANGE, 0);
    reads_int("9007199254740992.0", ERR_OUT_OF_RANGE, 0); /* or 2^53 + 1 */
    reads_int("1e300", ERR_OUT_OF_RANGE, 0);
    reads_int("1e999", ERR_OUT_OF_RANGE, 0);
    reads_int("\"12\"", ERR_BAD_TYPE, 0);
    reads_int("null", ERR_BAD_TYPE, 0);
    reads_int("12x", ERR_BAD_TYPE, 0);
    reads_int("", ERR_BAD_TYPE, 0);
}

/* Random damage: the scan ends, stays inside, and the full parser's "good" is good. */
static void test_random_damage(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 16);
    static const char bytes[] = "{}[]\",:\\0u1e-. \xff";
    for (int i = 0; i < 30000; i++) {
        char text[sizeof reply];
        memcpy(text, reply, sizeof reply);
        for (uint64_t hits = 1 + rng_below(&r, 3); hits > 0; hits--)
            text[rng_below(&r, sizeof reply - 1)] =
                bytes[rng_below(&r, sizeof bytes - 1)];
        struct json_span s;
        enum err e = scan(text, strlen(text), "choices.1.n", &s);
        struct json *j;
        if (json_parse(text, strlen(text), &json_limits_reply, &j, NULL) == ERR_OK) {
            const struct json *n = json_at(json_get(j, "choices"), 1);
            assert_int_equal(e, json_get(n, "n") ? ERR_OK : ERR_NOT_FOUND);
            json_free(j);
        }
        assert_true(s.at == NULL || s.at + s.len <= text + strlen(text));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_finds),          cmocka_unit_test(test_absent),
        cmocka_unit_test(test_broken),         cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_members),        cmocka_unit_test(test_members_as_paths),
        cmocka_unit_test(test_members_inside), cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_strings),        cmocka_unit_test(test_ints),
        cmocka_unit_test(test_random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
