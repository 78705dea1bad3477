/* json_test.c: typed reading, building, and round trips of random trees. */
#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <math.h>

static struct json *parse(const char *text)
{
    struct json *j;
    struct err_detail d = {.message = ""};
    if (json_parse(text, strlen(text), &json_limits_reply, &j, &d) != ERR_OK)
        fail_msg("%s: %s", text, d.message);
    return j;
}

static void prints(const struct json *j, const char *want)
{
    struct buf b;
    buf_init(&b, 8 << 20);
    assert_int_equal(json_print(j, &b), ERR_OK);
    assert_string_equal(buf_str(&b), want);
    buf_fini(&b);
}

static void test_reading(void **state)
{
    (void)state;
    struct json *j =
        parse("{\"s\":\"x\\u00e9\",\"i\":-7,\"d\":1.5,\"b\":true,\"n\":null,"
              "\"a\":[10,20,30],\"o\":{\"S\":1}}");
    assert_int_equal(json_type(j), JSON_OBJECT);
    assert_int_equal(json_count(j), 7);
    assert_string_equal(json_str(json_get(j, "s"), "-"), "x\xc3\xa9");
    assert_null(json_get(j, "S")); /* case matters */
    assert_int_equal(json_int(json_get(j, "i"), 99), -7);
    assert_int_equal(json_int(json_get(j, "d"), 99), 99);
    assert_true(json_num(json_get(j, "d"), 0) == 1.5);
    assert_true(json_bool(json_get(j, "b"), false));
    assert_int_equal(json_type(json_get(j, "n")), JSON_NULL);
    const struct json *a = json_get(j, "a");
    assert_int_equal(json_count(a), 3);
    assert_int_equal(json_int(json_at(a, 2), 0), 30);
    assert_null(json_at(a, 3));
    assert_null(json_get(a, "s"));
    int64_t sum = 0;
    json_each (item, a) {
        sum = sum * 100 + json_int(item, 0);
        assert_string_equal(json_key(item), "");
    }
    assert_int_equal(sum, 102030);
    assert_string_equal(json_key(json_first(j)), "s");
    assert_string_equal(json_key(json_next(json_first(j))), "i");
    json_free(j);
}

static void test_absent_or_other_type(void **state)
{
    (void)state;
    struct json *j = parse("[\"1\",1,true,{}]");
    assert_int_equal(json_type(NULL), JSON_NULL);
    assert_null(json_get(NULL, "x"));
    assert_int_equal(json_count(NULL), 0);
    assert_null(json_first(NULL));
    assert_null(json_str(NULL, NULL));
    assert_string_equal(json_str(json_at(j, 1), "no"), "no");
    assert_int_equal(json_int(json_at(j, 0), 5), 5);
    assert_true(json_num(json_at(j, 2), 2.5) == 2.5);
    assert_true(json_bool(json_at(j, 1), true));
    assert_false(json_is_int(json_at(j, 0)));
    assert_null(json_first(json_at(j, 0)));
    assert_string_equal(json_type_name(JSON_OBJECT), "object");
    assert_string_equal(json_type_name(JSON_NULL), "null");
    json_free(j);
    json_free(NULL);
}

static void test_integers(void **state)
{
    (void)state;
    struct json *j = parse("[9007199254740991,-9007199254740991,9007199254740993,1.0,"
                           "1e3,0.5,1e300]");
    assert_true(json_int(json_at(j, 0), 0) == 9007199254740991);
    assert_true(json_int(json_at(j, 1), 0) == -9007199254740991);
    assert_false(json_is_int(json_at(j, 2)));
    assert_true(json_is_int(json_at(j, 3)));
    assert_int_equal(json_int(json_at(j, 4), 0), 1000);
    assert_false(json_is_int(json_at(j, 5)));
    assert_int_equal(json_int(json_at(j, 6), 4), 4);
    prints(j,
           "[9007199254740991,-9007199254740991,9007199254740992,1,1000,0.5,1e+300]");
    json_free(j);
}

static void test_parse_errors_leave_null(void **state)
{
    (void)state;
    struct json *j = (struct json *)state;
    struct err_detail d;
    assert_int_equal(json_parse("{", 1, &json_limits_spec, &j, &d), ERR_BAD_JSON);
    assert_null(j);
    assert_int_equal(json_parse("[1]", 3, &json_limits_spec, &j, NULL), ERR_OK);
    json_free(j);
    assert_int_equal(json_parse("[1]x", 3, &json_limits_spec, &j, &d), ERR_OK);
    json_free(j);
}

static void test_deep_text_round_trips(void **state)
{
    (void)state;
    char text[129] = "";
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    struct json *j = parse(text);
    prints(j, text);
    struct json *wrapped = json_new_array(); /* 65 levels: printed by nobody */
    assert_int_equal(json_push(wrapped, j), ERR_OK);
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(json_print(wrapped, &b), ERR_LIMIT);
    buf_fini(&b);
    json_free(wrapped);
}

static void test_building(void **state)
{
    (void)state;
    struct json *j = json_new_object();
    assert_int_equal(json_set_str(j, "a", "x"), ERR_OK);
    assert_int_equal(json_set_num(j, "b", 0.1), ERR_OK);
    assert_int_equal(json_set_bool(j, "c", false), ERR_OK);
    assert_int_equal(json_set(j, "list", json_new_array()), ERR_OK);
    struct json *list = json_mut(j, "list");
    assert_int_equal(json_push(list, json_new_num(NAN)), ERR_OK);
    assert_int_equal(json_push(list, json_new_bool(true)), ERR_OK);
    prints(j, "{\"a\":\"x\",\"b\":0.1,\"c\":false,\"list\":[0,true]}");
    assert_int_equal(json_set_num(j, "a", 3), ERR_OK); /* replaced in its place */
    json_remove(j, "b");
    json_remove(j, "not there");
    struct json *copy = json_dup(j);
    assert_int_equal(json_set_str(json_mut(j, "list"), "x", "y"), ERR_NOMEM);
    json_free(j);
    prints(copy, "{\"a\":3,\"c\":false,\"list\":[0,true]}");
    assert_int_equal(json_set(copy, "list", json_dup(json_get(copy, "list"))), ERR_OK);
    prints(copy, "{\"a\":3,\"c\":false,\"list\":[0,true]}");
    assert_null(json_mut(copy, "b"));
    json_free(copy);
}

/* A chain of builders needs one check at its end: NULL passes through. */
static void test_failed_builds_pass_on(void **state)
{
    (void)state;
    assert_int_equal(json_set(NULL, "a", NULL), ERR_NOMEM);
    assert_int_equal(json_set(NULL, "a", json_new_num(1)), ERR_NOMEM);
    assert_int_equal(json_push(NULL, json_new_array()), ERR_NOMEM);
    struct json *j = json_new_object();
    assert_int_equal(json_set(j, "a", NULL), ERR_NOMEM);
    assert_int_equal(json_count(j), 0);
    json_free(j);
}

static struct json *random_tree(struct rng *r, int depth);

static struct json *random_string(struct rng *r)
{
    char s[40];
    size_t n = 0;
    for (size_t left = (size_t)rng_below(r, 8); left > 0; left--) {
        uint32_t c = (uint32_t)(rng_next(r) >> (43 + rng_below(r, 15)));
        n += c ? utf8_encode(c, s + n) : 0;
    }
    s[n] = '\0';
    return json_new_str(s);
}

static double random_number(struct rng *r)
{
    union {
        uint64_t bits;
        double number;
    } u = {.bits = rng_next(r)};
    if (rng_below(r, 2))
        return (double)(int64_t)(u.bits >> rng_below(r, 60)) / 2;
    return isfinite(u.number) ? u.number : 0;
}

static struct json *random_parent(struct rng *r, int depth, bool object)
{
    struct json *j = object ? json_new_object() : json_new_array();
    for (uint64_t left = rng_below(r, 5); left > 0; left--) {
        struct json *child = random_tree(r, depth + 1);
        struct json *key = random_string(r);
        enum err e =
            object ? json_set(j, json_str(key, ""), child) : json_push(j, child);
        assert_int_equal(e, ERR_OK);
        json_free(key);
    }
    return j;
}

static struct json *random_tree(struct rng *r, int depth)
{
    switch (rng_below(r, depth < 6 ? 5 : 3)) {
    case 0:
        return json_new_bool(rng_below(r, 2) == 0);
    case 1:
        return json_new_num(random_number(r));
    case 2:
        return random_string(r);
    case 3:
        return random_parent(r, depth, false);
    default:
        return random_parent(r, depth, true);
    }
}

static void assert_same(const struct json *a, const struct json *b)
{
    assert_int_equal(json_type(a), json_type(b));
    assert_string_equal(json_key(a), json_key(b));
    assert_string_equal(json_str(a, ""), json_str(b, ""));
    assert_true(json_num(a, 0) == json_num(b, 0));
    assert_true(json_bool(a, false) == json_bool(b, false));
    assert_int_equal(json_count(a), json_count(b));
    const struct json *x = json_first(a), *y = json_first(b);
    for (; x; x = json_next(x), y = json_next(y))
        assert_same(x, y);
}

static void test_random_round_trips(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 14);
    for (int i = 0; i < 3000; i++) {
        struct json *j = random_tree(&r, 0);
        struct buf b;
        buf_init(&b, 1 << 20);
        assert_int_equal(json_print(j, &b), ERR_OK);
        struct json *back = parse(buf_str(&b));
        assert_same(j, back);
        prints(back, buf_str(&b));
        json_free(back);
        json_free(j);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_absent_or_other_type),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_parse_errors_leave_null),
        cmocka_unit_test(test_deep_text_round_trips),
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_failed_builds_pass_on),
        cmocka_unit_test(test_random_round_trips),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
