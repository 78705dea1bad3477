/* channel_test.c: the shipped table, a user's own, and tables that are refused. */
#include "campaigns/checks/channel.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TABLE(channels) "{\"v\":1,\"channels\":[" channels "]}"

static void test_shipped(void **state)
{
    (void)state;
    struct channel_set *s = NULL;
    struct err_detail d;
    assert_int_equal(channel_set_new(NULL, &s, &d), ERR_OK);
    const struct channel *plain = channel_find(s, "plain");
    assert_non_null(plain);
    assert_string_equal(plain->fields[0].name, "text");
    assert_int_equal(plain->fields[0].max, 0);
    const struct channel *sms = channel_find(s, "sms");
    assert_non_null(sms);
    assert_int_equal(sms->field_count, 1);
    assert_string_equal(sms->fields[0].counter->name, "gsm7_segments");
    assert_int_equal(sms->fields[0].max, 1);
    assert_int_equal(sms->fields[0].prompt_characters, 140);
    const struct channel *subject = channel_find(s, "email.subject");
    assert_non_null(subject);
    assert_string_equal(subject->fields[0].name, "subject");
    assert_int_equal(subject->fields[0].soft_max, 50);
    assert_int_equal(subject->fields[0].octets_max, 998);
    assert_true(subject->fields[0].single_line);
    assert_null(channel_find(s, "fax"));
    size_t n = 0;
    while (channel_at(s, n))
        n++;
    assert_true(n >= 24);
    assert_non_null(channel_find(s, "douyin.title")->off);
    const struct channel *signed_sms = channel_find(s, "sms.zh-CN");
    assert_null(signed_sms->off);
    assert_int_equal(signed_sms->fields[0].slot_count, 2);
    assert_null(signed_sms->fields[0].slots[0].fallback);
    assert_true(signed_sms->fields[0].slots[1].at_end);
    assert_false(channel_is_object(signed_sms));
    assert_true(channel_is_object(channel_find(s, "google.rsa")));
    channel_set_free(s);
}

static void test_extra(void **state)
{
    (void)state;
    static const char extra[] = TABLE(
        "{\"name\":\"sms\",\"fields\":[{\"name\":\"text\",\"counter\":\"gsm7_"
        "segments\","
        "\"max\":3}]},"
        "{\"name\":\"google.rsa\",\"source\":\"x\",\"images_needed\":true,\"fields\":["
        "{\"name\":\"headline\",\"counter\":\"width\",\"max\":30,\"items_min\":3,"
        "\"items_max\":15},"
        "{\"name\":\"path\",\"counter\":\"width\",\"max\":15,\"min\":0}]}");
    struct channel_set *s = NULL;
    struct err_detail d;
    assert_int_equal(channel_set_new(extra, &s, &d), ERR_OK);
    assert_int_equal(channel_find(s, "sms")->fields[0].max, 3);
    const struct channel *rsa = channel_find(s, "google.rsa");
    assert_int_equal(rsa->field_count, 2);
    assert_true(rsa->images_needed);
    assert_int_equal(rsa->fields[0].items_max, 15);
    assert_int_equal(rsa->fields[0].min, 1);
    assert_int_equal(rsa->fields[1].min, 0);
    size_t n = 0;
    for (; channel_at(s, n); n++)
        for (size_t i = 0; i < n; i++)
            assert_string_not_equal(channel_at(s, i)->name, channel_at(s, n)->name);
    channel_set_free(s);
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *table;
        enum err code;
        const char *path;
    } rows[] = {
        {"{", ERR_BAD_JSON, ""},
        {"{\"v\":2,\"channels\":[]}", ERR_UNKNOWN_VERSION, "/v"},
        {"{\"v\":1}", ERR_BAD_VALUE, "/channels"},
        {TABLE("7"), ERR_BAD_TYPE, "/channels/0"},
        {TABLE("{\"name\":\"a b\",\"fields\":[]}"), ERR_BAD_VALUE, "/channels/0/name"},
        {TABLE("{\"name\":\"a\",\"fields\":[]}"), ERR_BAD_VALUE, "/channels/0/fields"},
        {TABLE("{\"name\":\"a\",\"colour\":1,\"fields\":[{\"name\":\"t\"}]}"),
         ERR_UNKNOWN_FIELD, "/channels/0/colour"},
        {TABLE("{\"name\":\"a\",\"fields\":[{}]}"), ERR_MISSING,
         "/channels/0/fields/0/name"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"maks\":1}]}"),
         ERR_UNKNOWN_FIELD, "/channels/0/fields/0/maks"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"max\":-1}]}"),
         ERR_OUT_OF_RANGE, "/channels/0/fields/0/max"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"max\":\"1\"}]}"),
         ERR_BAD_TYPE, "/channels/0/fields/0/max"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"max\":2,\"min\":3}]}"),
         ERR_OUT_OF_RANGE, "/channels/0/fields/0/max"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"counter\":\"ells\"}]}"),
         ERR_BAD_VALUE, "/channels/0/fields/0/counter"},
        {TABLE("{\"name\":\"a\",\"off\":1,\"fields\":[{\"name\":\"t\"}]}"),
         ERR_BAD_TYPE, "/channels/0/off"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"slots\":[{}]}]}"),
         ERR_MISSING, "/channels/0/fields/0/slots/0/fact"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"slots\":[{\"fact\":\"f\","
               "\"where\":1}]}]}"),
         ERR_UNKNOWN_FIELD, "/channels/0/fields/0/slots/0/where"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"slots\":7}]}"),
         ERR_BAD_VALUE, "/channels/0/fields/0/slots"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"items_max\":2,\"slots\":["
               "{\"fact\":\"f\"}]}]}"),
         ERR_BAD_VALUE, "/channels/0/fields/0/slots"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"items_max\":101}]}"),
         ERR_OUT_OF_RANGE, "/channels/0/fields/0/items_max"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\",\"phrases\":[\"\"]}]}"),
         ERR_BAD_VALUE, "/channels/0/fields/0/phrases"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\"},{\"name\":\"t\"}]}"),
         ERR_BAD_VALUE, "/channels/0/fields/1/name"},
        {TABLE("{\"name\":\"a\",\"fields\":[{\"name\":\"t\"}]},"
               "{\"name\":\"a\",\"fields\":[{\"name\":\"t\"}]}"),
         ERR_BAD_VALUE, "/channels/1/name"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct channel_set *s = (struct channel_set *)&rows;
        struct err_detail d = {.path = ""};
        enum err err = channel_set_new(rows[i].table, &s, &d);
        assert_string_equal(err_code(err), err_code(rows[i].code));
        assert_string_equal(d.path, rows[i].path);
        assert_true(strlen(d.message) > 0);
        assert_null(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shipped),
        cmocka_unit_test(test_extra),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
