/* channel_judge_test.c: texts against the limits of their channel. */
#include "campaigns/checks/channel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const char extra[] =
    "{\"v\":1,\"channels\":["
    "{\"name\":\"rsa\",\"fields\":["
    "{\"name\":\"headline\",\"counter\":\"width\",\"max\":10,\"items_min\":2,"
    "\"items_max\":3},"
    "{\"name\":\"description\",\"max\":20},"
    "{\"name\":\"path\",\"max\":5,\"min\":0}]},"
    "{\"name\":\"pack\",\"octets_max\":40,\"fields\":["
    "{\"name\":\"long\",\"max\":9,\"items_min\":0,\"items_max\":3,\"short_max\":3}]},"
    "{\"name\":\"taobao\",\"fields\":[{\"name\":\"title\",\"counter\":\"gbk_bytes\","
    "\"max\":60}]}]}";

enum { MAX = 4 };
static struct channel_finding found[MAX];

static int setup(void **state)
{
    struct err_detail d;
    struct channel_set *s = NULL;
    enum err err = channel_set_new(extra, &s, &d);
    *state = s;
    return err ? -1 : 0;
}

static int teardown(void **state)
{
    channel_set_free(*state);
    return 0;
}

static int judge(void **state, const char *channel, const char *text)
{
    return channel_judge(channel_find(*state, channel), text, strlen(text), found, MAX);
}

static void assert_only(int count, enum err code, bool hard, const char *message)
{
    assert_int_equal(count, 1);
    assert_string_equal(found[0].message, message);
    assert_string_equal(err_code(found[0].code), err_code(code));
    assert_int_equal(found[0].hard, hard);
}

static void test_sms(void **state)
{
    char text[200] = "";
    memset(text, 'A', 160);
    assert_int_equal(judge(state, "sms", text), 0);
    text[160] = 'A';
    assert_only(judge(state, "sms", text), ERR_OUT_OF_RANGE, true,
                "sms.text: 2 segments, at most 1");
    assert_string_equal(found[0].field, "text");
    assert_only(judge(state, "sms", ""), ERR_OUT_OF_RANGE, true,
                "sms.text: 0 segments, at least 1");
}

static void test_encoding(void **state)
{
    assert_only(judge(state, "plain", "ab\xFF"), ERR_BAD_ENCODING, true,
                "plain.text: invalid UTF-8 at byte 2");
    int n = channel_judge(channel_find(*state, "plain"), "a\0b", 3, found, MAX);
    assert_only(n, ERR_BAD_ENCODING, true, "plain.text: a NUL character");
    assert_int_equal(judge(state, "plain", "any length\nand lines 字"), 0);
}

static void test_subject(void **state)
{
    char text[1200] = "";
    assert_int_equal(judge(state, "email.subject", "Two days, 25 % off"), 0);
    memset(text, 'x', 51);
    assert_only(judge(state, "email.subject", text), ERR_OUT_OF_RANGE, false,
                "email.subject.subject: 51 characters, better at most 50");
    assert_only(judge(state, "email.subject", "Hi\r\nBcc: x@y.z"), ERR_BAD_VALUE, true,
                "email.subject.subject: has a line break, must be one line");
    assert_int_equal(judge(state, "email.subject", "Hi\rthere"), 1);
    assert_int_equal(judge(state, "email.subject", "Hi\nthere"), 1);
    memset(text, 'x', 999);
    assert_int_equal(judge(state, "email.subject", text), 2);
    assert_string_equal(found[0].message,
                        "email.subject.subject: 999 bytes, at most 998");
    assert_true(found[0].hard);
    assert_false(found[1].hard);
}

static void test_gbk(void **state)
{
    assert_int_equal(judge(state, "taobao", "山系轻羽绒服"), 0);
    assert_only(judge(state, "taobao", "羽绒服😀"), ERR_BAD_VALUE, true,
                "taobao.title: a character that this channel cannot carry (gbk_bytes)");
}

static void test_object(void **state)
{
    assert_int_equal(judge(state, "rsa",
                           "{\"headline\":[\"Warm\",\"Light\"],"
                           "\"description\":\"Packs small\"}"),
                     0);
    assert_int_equal(judge(state, "rsa",
                           "{\"headline\":[\"Warm\",\"轻轻轻轻轻轻\"],"
                           "\"path\":\"jackets\",\"cta\":\"Buy\"}"),
                     4);
    assert_string_equal(
        found[0].message,
        "rsa.headline[2]: 12 columns (wide characters count 2), at most 10");
    assert_string_equal(found[0].field, "headline");
    assert_string_equal(found[1].message, "rsa.description: is missing");
    assert_string_equal(found[2].message, "rsa.path: 7 characters, at most 5");
    assert_string_equal(found[3].message, "rsa: has no field \"cta\"");
}

static void test_object_shape(void **state)
{
    assert_only(judge(state, "rsa", "[]"), ERR_BAD_VALUE, true,
                "rsa: must be a JSON object, is array");
    assert_int_equal(judge(state, "rsa", "Warm jacket"), 1);
    assert_memory_equal(found[0].message, "rsa: must be a JSON object: ", 28);
    assert_only(judge(state, "rsa", "{\"headline\":[\"a\"],\"description\":\"b\"}"),
                ERR_OUT_OF_RANGE, true, "rsa.headline: 1 items, must be 2 to 3");
    assert_only(judge(state, "rsa", "{\"headline\":\"a\",\"description\":\"b\"}"),
                ERR_BAD_VALUE, true,
                "rsa.headline: must be an array of strings, is string");
    assert_only(judge(state, "rsa", "{\"headline\":[\"a\",3],\"description\":\"b\"}"),
                ERR_BAD_VALUE, true, "rsa.headline[2]: must be a string, is number");
}

static void test_set(void **state)
{
    assert_int_equal(judge(state, "pack", "{\"long\":[\"abcdef\",\"abc\"]}"), 0);
    assert_int_equal(judge(state, "pack", "{\"long\":[]}"), 0);
    assert_int_equal(judge(state, "pack", "{}"), 0);
    assert_only(judge(state, "pack", "{\"long\":[\"abcdef\",\"abcd\"]}"),
                ERR_OUT_OF_RANGE, true,
                "pack.long: the shortest has 4 characters, one must have at most 3");
    assert_only(judge(state, "pack", "{\"long\":[\"a\",\"b\",\"a\"]}"), ERR_BAD_VALUE,
                true, "pack.long: \"a\" is there twice");
    assert_only(
        judge(state, "pack", "{\"long\":[\"a\",\"123456789\",\"12345678\"]    }"),
        ERR_OUT_OF_RANGE, true, "pack: 41 bytes as JSON, at most 40");
}

static void test_words(void **state)
{
    assert_int_equal(judge(state, "amazon.title", "Mug for tea, mug for two"), 0);
    assert_only(judge(state, "amazon.title", "Warm jacket!"), ERR_BAD_VALUE, true,
                "amazon.title.title: has \"!\", which is refused there");
    assert_only(judge(state, "amazon.title", "Jacket, Free Shipping"), ERR_BAD_VALUE,
                true,
                "amazon.title.title: has \"free shipping\", which is refused there");
    assert_only(judge(state, "amazon.title", "Mug, mug, MUG"), ERR_BAD_VALUE, true,
                "amazon.title.title: has \"mug\" more than 2 times");
    assert_int_equal(
        judge(state, "xiaohongshu", "{\"title\":\"你好hello\",\"body\":\"b\"}"), 0);
}

static void test_item_fits(void **state)
{
    const struct channel *c = channel_find(*state, "rsa");
    assert_true(channel_item_fits(c, &c->fields[0], "Warm"));
    assert_false(channel_item_fits(c, &c->fields[0], "Warm and light"));
    const struct channel *subject = channel_find(*state, "email.subject");
    char text[60] = "";
    memset(text, 'x', 55); /* soft */
    assert_true(channel_item_fits(subject, &subject->fields[0], text));
}

/* Soft findings never take the place of a hard one. */
static void test_hard_ones_stay(void **state)
{
    char text[600], item[140] = "";
    memset(item, 'x', 126);
    snprintf(text, sizeof text, "{\"subject\":\"%.60s\"}", item);
    struct channel_finding one;
    int n = channel_judge(channel_find(*state, "email"), text, strlen(text), &one, 1);
    assert_int_equal(n, 1);
    assert_true(one.hard);
    char meta[1400];
    snprintf(
        meta, sizeof meta,
        "{\"primary_text\":[\"a%s\",\"b%s\",\"c%s\",\"d%s\"],\"headline\":[\"%.50s\","
        "\"\"],\"description\":[]}",
        item, item, item, item, item);
    n = channel_judge(channel_find(*state, "meta"), meta, strlen(meta), found, MAX);
    assert_int_equal(n, MAX);
    int hard = 0;
    for (int i = 0; i < n; i++)
        hard += found[i].hard;
    assert_int_equal(hard, 1); /* the empty headline */
}

static void test_max_findings(void **state)
{
    struct channel_finding one[1];
    const char *text = "{\"a\":1,\"b\":2}";
    int n = channel_judge(channel_find(*state, "rsa"), text, strlen(text), one, 1);
    assert_int_equal(n, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sms),
        cmocka_unit_test(test_encoding),
        cmocka_unit_test(test_subject),
        cmocka_unit_test(test_gbk),
        cmocka_unit_test(test_object),
        cmocka_unit_test(test_object_shape),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_item_fits),
        cmocka_unit_test(test_max_findings),
        cmocka_unit_test(test_hard_ones_stay),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
