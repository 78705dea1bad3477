/* schema_test.c: faults are told with pointer and expectation. */
#include "campaigns/checks/schema.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct json *parse(const char *text)
{
    struct json *j = NULL;
    struct err_detail d;
    assert_int_equal(json_parse(text, strlen(text), &json_limits_reply, &j, &d),
                     ERR_OK);
    return j;
}

struct row {
    const char *schema, *value;
    const char *path, *message; /* message NULL = fits */
};

static void run(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct err_detail d = {.path = "", .message = ""};
        struct json *schema = parse(rows[i].schema), *value = parse(rows[i].value);
        assert_int_equal(schema_validate(schema, &d), ERR_OK);
        enum err err = schema_check(schema, value, &d);
        assert_string_equal(d.message, rows[i].message ? rows[i].message : "");
        assert_string_equal(d.path, rows[i].path ? rows[i].path : "");
        assert_int_equal(err, rows[i].message ? ERR_BAD_OUTPUT : ERR_OK);
        json_free(schema);
        json_free(value);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof((rows)[0]))

static void test_types(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{}", "7", NULL, NULL},
        {"{\"type\":\"integer\"}", "7", NULL, NULL},
        {"{\"type\":\"integer\"}", "7.0", NULL, NULL},
        {"{\"type\":\"integer\"}", "7.5", "", "is number, must be integer"},
        {"{\"type\":\"string\"}", "null", "", "is null, must be string"},
        {"{\"type\":[\"string\",\"null\"]}", "null", NULL, NULL},
        {"{\"type\":[\"string\",\"null\"]}", "[]", "",
         "is array, must be string or null"},
        {"{\"enum\":[\"red\",\"green\",3]}", "3", NULL, NULL},
        {"{\"enum\":[\"red\",\"green\",3]}", "\"blue\"", "",
         "is \"blue\", must be one of \"red\", \"green\", 3"},
        {"{\"const\":{\"a\":[1,true]}}", "{\"a\":[1,true]}", NULL, NULL},
        {"{\"const\":{\"a\":1,\"b\":2}}", "{\"b\":2,\"a\":1}", NULL, NULL},
        {"{\"const\":[1,2]}", "[2,1]", "", "must be an array"},
        {"{\"const\":\"x\"}", "\"y\"", "", "must be \"x\""},
    };
    RUN(rows);
}

static void test_bounds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"{\"maxLength\":2}", "\"字字\"", NULL, NULL},
        {"{\"maxLength\":2}", "\"字字字\"", "", "3 characters, at most 2"},
        {"{\"minLength\":2}", "\"x\"", "", "1 characters, at least 2"},
        {"{\"minimum\":0,\"maximum\":1}", "1", NULL, NULL},
        {"{\"minimum\":0,\"maximum\":1}", "1.5", "", "is 1.5, at most 1"},
        {"{\"minimum\":0,\"maximum\":1}", "-0.25", "", "is -0.25, at least 0"},
        {"{\"minItems\":2,\"maxItems\":3}", "[1,2,3]", NULL, NULL},
        {"{\"minItems\":2,\"maxItems\":3}", "[1]", "", "1 items, at least 2"},
        {"{\"minItems\":2,\"maxItems\":3}", "[1,2,3,4]", "", "4 items, at most 3"},
        /* bounds of another type say nothing */
        {"{\"minItems\":2,\"maxLength\":1,\"maximum\":1}", "{}", NULL, NULL},
    };
    RUN(rows);
}

static const char variants[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"variants\"],"
    "\"properties\":{\"variants\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
    "\"additionalProperties\":false,\"required\":[\"text\"],\"properties\":{"
    "\"text\":{\"type\":\"string\",\"maxLength\":140},"
    "\"a/b~c\":{\"type\":\"number\"}}}}}}";

static void test_objects(void **state)
{
    (void)state;
    char longer[220] = "{\"variants\":[{\"text\":\"";
    size_t at = strlen(longer);
    memset(longer + at, 'x', 171);
    memcpy(longer + at + 171, "\"}]}", 5);
    const struct row rows[] = {
        {variants, "{\"variants\":[{\"text\":\"ok\",\"a/b~c\":1}]}", NULL, NULL},
        {variants, longer, "/variants/0/text", "171 characters, at most 140"},
        {variants, "{\"variants\":[{\"text\":\"a\"},{}]}", "/variants/1",
         "member \"text\" is missing"},
        {variants, "{\"variants\":[{\"text\":\"a\",\"x\":1}]}", "/variants/0/x",
         "this member was not asked for; leave it out"},
        {variants, "{\"variants\":[{\"text\":\"a\",\"a/b~c\":\"\"}]}",
         "/variants/0/a~1b~0c", "is string, must be number"},
        {variants, "[]", "", "is array, must be object"},
        {variants, "{}", "", "member \"variants\" is missing"},
    };
    RUN(rows);
}

static void test_long_path_and_list(void **state)
{
    (void)state;
    struct err_detail d = {.path = ""};
    struct json *schema = parse("{\"enum\":[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
                                "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\","
                                "\"cccccccccccccccccccccccccccccccccccccc\","
                                "\"dddddddddddddddddddddddddddddddddddddd\"]}");
    struct json *value = parse("\"字字字字字字字字字字字字字字字字字字字字\"");
    assert_int_equal(schema_check(schema, value, &d), ERR_BAD_OUTPUT);
    assert_string_equal(d.message, "is \"字字字字字字字字字字字字字\"…, must be one of "
                                   "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", "
                                   "\"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\", …");
    json_free(schema);
    json_free(value);
    struct buf text;
    buf_init(&text, 1000);
    buf_append_str(&text, "{\"\\nx");
    for (int i = 0; i < 100; i++)
        buf_append_str(&text, "字");
    buf_append_str(&text, "\":1}");
    assert_int_equal(buf_status(&text), ERR_OK);
    schema = parse("{\"additionalProperties\":false}");
    value = parse(buf_str(&text));
    buf_fini(&text);
    assert_int_equal(schema_check(schema, value, &d), ERR_BAD_OUTPUT);
    assert_int_equal(strlen(d.path), 3 + 62 * 3);
    assert_memory_equal(d.path, "/?x字", 6);
    assert_int_equal(schema_check(schema, value, NULL), ERR_BAD_OUTPUT);
    json_free(schema);
    json_free(value);
}

static void test_validate(void **state)
{
    (void)state;
    static const struct {
        const char *schema;
        enum err code;
        const char *path;
    } rows[] = {
        {variants, ERR_OK, ""},
        {"{\"title\":\"t\",\"description\":\"d\"}", ERR_OK, ""},
        {"{\"pattern\":\"^a\"}", ERR_NOT_SUPPORTED, "/pattern"},
        {"{\"properties\":{\"a\":{\"oneOf\":[]}}}", ERR_NOT_SUPPORTED,
         "/properties/a/oneOf"},
        {"{\"items\":{\"items\":{\"$ref\":\"#\"}}}", ERR_NOT_SUPPORTED,
         "/items/items/$ref"},
        {"{\"additionalProperties\":{}}", ERR_NOT_SUPPORTED, "/additionalProperties"},
        {"{\"type\":\"text\"}", ERR_BAD_VALUE, "/type"},
        {"{\"type\":[]}", ERR_BAD_VALUE, "/type"},
        {"{\"type\":[\"string\",1]}", ERR_BAD_VALUE, "/type"},
        {"{\"required\":[1]}", ERR_BAD_VALUE, "/required"},
        {"{\"enum\":[]}", ERR_BAD_VALUE, "/enum"},
        {"{\"maxLength\":-1}", ERR_BAD_VALUE, "/maxLength"},
        {"{\"minimum\":\"1\"}", ERR_BAD_VALUE, "/minimum"},
        {"{\"items\":[]}", ERR_BAD_VALUE, "/items"},
        {"[]", ERR_BAD_VALUE, ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err_detail d = {.path = ""};
        struct json *schema = parse(rows[i].schema);
        assert_string_equal(err_code(schema_validate(schema, &d)),
                            err_code(rows[i].code));
        assert_string_equal(d.path, rows[i].path);
        json_free(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),    cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_objects),  cmocka_unit_test(test_long_path_and_list),
        cmocka_unit_test(test_validate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
