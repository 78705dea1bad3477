/* user_fields_test.c: which members of events name a person. */
#include "workers/users/user_fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    assert_int_equal(json_parse(text, strlen(text), &json_limits_spec, &j, NULL),
                     ERR_OK);
    return j;
}

static bool holds(const char *text, const char *user)
{
    struct json *j = parse(text);
    bool found = user_fields_hold(j, user);
    json_free(j);
    return found;
}

static void test_names(void **state)
{
    (void)state;
    static const char *const yes[] = {
        "u",  "user",        "uid", "userId",    "user_id", "USER-ID",
        "em", "external_id", "$ip", "client_id", "email",   "app_instance_id"};
    static const char *const no[] = {
        "", "v", "userx", "n", "type", "us", "eid", "a_very_long_name_of_a_field"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(user_fields_is(yes[i], strlen(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(user_fields_is(no[i], strlen(no[i])));
    assert_false(user_fields_is("u\0x", 3));
}

static void test_hold(void **state)
{
    (void)state;
    assert_true(holds("{\"u\":\"ann\"}", "ann"));
    assert_true(holds("[1,{\"a\":{\"userId\":\"ann\"}}]", "ann"));
    assert_true(holds("{\"customer\":{\"x\":[{\"name\":\"ann\"}]}}", "ann"));
    assert_true(holds("{\"user_id\":123456}", "123456"));
    assert_true(holds("{\"u\":\"a\\u006en\"}", "ann"));
    assert_false(holds("{\"u\":\"anna\"}", "ann"));
    assert_false(holds("{\"c\":\"ann\",\"u\":\"bob\"}", "ann"));
    assert_false(holds("{\"v\":{\"w\":\"ann\"}}", "ann"));
    assert_false(holds("{\"u\":null}", "null"));
    assert_false(holds("\"ann\"", "ann"));
}

static void test_any(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"u\":null}", "{\"c\":1}", "[]",
                                        "{\"a\":[{\"u\":\"\"}]}"};
    for (size_t i = 0; i < 4; i++) {
        struct json *j = parse(texts[i]);
        assert_int_equal(user_fields_any(j), i == 3);
        json_free(j);
    }
}

static void test_print(void **state)
{
    (void)state;
    struct json *j = parse("{\"a\":[1.5,true,null,\"x\"],\"u\":{\"b\":[\"y\",2,false]},"
                           "\"z\":{}}");
    struct buf out;
    buf_init(&out, 4096);
    assert_int_equal(user_fields_print(j, &out), ERR_OK);
    assert_string_equal(
        buf_str(&out),
        "{\"a\":[1.5,true,null,\"x\"],\"u\":{\"b\":[\"[user]\",\"[user]\","
        "false]},\"z\":{}}");
    buf_fini(&out);
    json_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_hold),
        cmocka_unit_test(test_any),
        cmocka_unit_test(test_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
