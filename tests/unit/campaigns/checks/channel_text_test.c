/* channel_text_test.c: slots, several fields, what differs, and what a prompt asks. */
#include "campaigns/checks/channel_text.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const char extra[] =
    "{\"v\":1,\"channels\":["
    "{\"name\":\"card\",\"fields\":["
    "{\"name\":\"line\",\"max\":5,\"items_min\":2,\"items_max\":3},"
    "{\"name\":\"foot\",\"max\":20,\"min\":0,\"slots\":[{\"fact\":\"sign\",\"open\":\"<"
    "\","
    "\"close\":\">\",\"glue\":\" \",\"at_end\":true}]}]},"
    "{\"name\":\"tight\",\"fields\":[{\"name\":\"text\",\"max\":8,\"slots\":["
    "{\"fact\":\"sign\"}]}]}]}";

struct bench {
    struct channel_set *set;
    struct arena arena;
    struct json *facts;
};

static int setup(void **state)
{
    static struct bench b;
    struct err_detail d;
    assert_int_equal(channel_set_new(extra, &b.set, &d), ERR_OK);
    arena_init(&b.arena, 1 << 20);
    b.facts = NULL;
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    channel_set_free(b->set);
    json_free(b->facts);
    arena_fini(&b->arena);
    return 0;
}

static void know(struct bench *b, const char *facts)
{
    struct err_detail d;
    json_free(b->facts);
    assert_int_equal(json_parse(facts, strlen(facts), &json_limits_spec, &b->facts, &d),
                     ERR_OK);
}

static const char *fill(struct bench *b, const char *channel, const char *text)
{
    const struct channel *c = channel_find(b->set, channel);
    const char *once = channel_text_fill(&b->arena, c, b->facts, text);
    assert_string_equal(channel_text_fill(&b->arena, c, b->facts, once), once);
    return once;
}

static void test_slots(void **state)
{
    struct bench *b = *state;
    know(b, "{\"sign\":\"超越户外\"}");
    assert_string_equal(fill(b, "sms.zh-CN", " 新品上市 \n"),
                        "【超越户外】新品上市拒收请回复R");
    assert_string_equal(fill(b, "sms.zh-CN", "【超越户外】新品"),
                        "【超越户外】新品拒收请回复R");
    assert_string_equal(fill(b, "sms.zh-CN", "  "), "");
    know(b, "{\"sign\":\"【超越户外】\",\"opt_out\":\"回T退订\"}");
    assert_string_equal(fill(b, "sms.zh-CN", "新品"), "【超越户外】新品回T退订");
    assert_string_equal(fill(b, "plain", " a "), "a");
    know(b, "{\"sign\":\"超越户外\",\"opt_out\":\" 回T退订 \"}");
    assert_string_equal(fill(b, "sms.zh-CN", "新品"), "【超越户外】新品回T退订");
}

/* A word that looks like the slot is not it, and is not taken out either. */
static void test_look_alikes(void **state)
{
    struct bench *b = *state;
    know(b, "{\"brand\":\"On\"}");
    const char *full = fill(b, "sms.en-US", "Only today");
    assert_string_equal(full, "On: Only today Reply STOP to opt out.");
    const struct channel *c = channel_find(b->set, "sms.en-US");
    assert_string_equal(channel_text_body(&b->arena, c, b->facts, full),
                        "Only today\n");
    assert_string_equal(fill(b, "sms.en-US", "On: now Reply STOP to opt out."),
                        "On: now Reply STOP to opt out.");
    assert_string_equal(fill(b, "sms.en-US", "On"), "");
    know(b, "{\"brand\":\"On\",\"opt_out\":\" \"}"); /* blank is absent */
    assert_string_equal(fill(b, "sms.en-US", "a"), "On: a Reply STOP to opt out.");
}

static void test_fields(void **state)
{
    struct bench *b = *state;
    know(b, "{\"sign\":\"x\"}");
    assert_string_equal(
        fill(b, "card", "{\"foot\":\" f\",\"line\":[\" a \",7],\"more\":1}"),
        "{\"line\":[\"a\",7],\"foot\":\"f <x>\",\"more\":1}");
    assert_string_equal(fill(b, "card", "{\"line\":\"a\",\"foot\":\"\"}"),
                        "{\"line\":\"a\",\"foot\":\"\"}");
    assert_string_equal(fill(b, "card", "no object"), "no object");
    assert_string_equal(fill(b, "card", "[1]"), "[1]");
}

static const char *mend(struct bench *b, const char *text)
{
    return channel_text_mend(&b->arena, channel_find(b->set, "card"), b->facts, text);
}

static void test_mend(void **state)
{
    struct bench *b = *state;
    assert_string_equal(mend(b, "{\"line\":[\"toolong\",\"a\",\"b\",\"a\"]}"),
                        "{\"line\":[\"a\",\"b\"]}");
    assert_string_equal(mend(b, "{\"line\":[\"a\",\"b\",\"c\",\"d\"]}"),
                        "{\"line\":[\"a\",\"b\",\"c\"]}");
    assert_string_equal(mend(b, "{\"line\":[\"a\",\"a \",\"fits \\n\"]}"),
                        "{\"line\":[\"a\",\"fits\"]}");
    /* too few would remain: told as it is */
    assert_string_equal(mend(b, "{\"line\":[\"toolong\",\"a\"]}"),
                        "{\"line\":[\"toolong\",\"a\"]}");
    assert_string_equal(mend(b, "{\"line\":[\"a\",\"a\",\"a\"]}"),
                        "{\"line\":[\"a\",\"a\",\"a\"]}");
}

static void test_body(void **state)
{
    struct bench *b = *state;
    know(b, "{\"sign\":\"S\"}");
    const struct channel *sms = channel_find(b->set, "sms.zh-CN");
    const struct channel *card = channel_find(b->set, "card");
    assert_string_equal(
        channel_text_body(&b->arena, sms, b->facts, fill(b, "sms.zh-CN", "新品")),
        "新品\n");
    assert_string_equal(
        channel_text_body(&b->arena, card, b->facts,
                          "{\"line\":[\"a\",\"b\"],\"foot\":\"f <S>\"}"),
        "a\nb\nf\n");
    assert_string_equal(channel_text_body(&b->arena, card, b->facts, "broken"),
                        "broken\n");
}

static void assert_check(struct bench *b, const char *channel, const char *facts,
                         enum err code, const char *path)
{
    struct err_detail d = {.path = ""};
    if (facts)
        know(b, facts);
    const struct channel *c = channel_find(b->set, channel);
    enum err e = channel_text_check(c, b->facts, &b->arena, "/channel/0", &d);
    assert_string_equal(err_code(e), err_code(code));
    assert_string_equal(d.path, path);
}

static void test_check(void **state)
{
    struct bench *b = *state;
    assert_check(b, "sms.zh-CN", NULL, ERR_MISSING, "/facts/sign");
    assert_check(b, "sms.zh-CN", "{\"sign\":1}", ERR_BAD_TYPE, "/facts/sign");
    assert_check(b, "sms.zh-CN", "{\"sign\":\"\"}", ERR_BAD_VALUE, "/facts/sign");
    assert_check(b, "sms.zh-CN", "{\"sign\":\" \"}", ERR_BAD_VALUE, "/facts/sign");
    assert_check(b, "sms.zh-CN", "{\"sign\":\"a\\r\\nBcc: x\"}", ERR_BAD_VALUE,
                 "/facts/sign");
    assert_check(b, "sms.zh-CN", "{\"sign\":\"a\",\"opt_out\":[]}", ERR_BAD_TYPE,
                 "/facts/opt_out");
    assert_check(b, "sms.zh-CN", "{\"sign\":\"a\"}", ERR_OK, "");
    assert_check(b, "tight", "{\"sign\":\"12345678\"}", ERR_UNSATISFIABLE,
                 "/channel/0");
    assert_check(b, "tight", "{\"sign\":\"1234567\"}", ERR_OK, "");
}

static int64_t room(struct bench *b, const char *channel, int field, const char *locale)
{
    const struct channel *c = channel_find(b->set, channel);
    return channel_text_room(&c->fields[field], b->facts, locale);
}

static void test_room(void **state)
{
    struct bench *b = *state;
    assert_int_equal(room(b, "plain", 0, "en-US"), 0);
    assert_int_equal(room(b, "sms", 0, "en-US"), 140);
    assert_int_equal(room(b, "sms", 0, "zh-CN"), 65);
    assert_int_equal(room(b, "google.rsa", 0, "en-US"), 27);
    assert_int_equal(room(b, "google.rsa", 0, "ja-JP"), 13);
    assert_int_equal(room(b, "taobao.title", 0, "zh-CN"), 27);
    assert_int_equal(room(b, "meta", 0, "en-US"), 125);
    know(b, "{\"sign\":\"12345678901234567890\"}");
    assert_int_equal(room(b, "sms.zh-CN", 0, "zh-CN"), 65 - 22 - 6);
    know(b, "{\"sign\":\"1234567\"}");
    assert_int_equal(room(b, "tight", 0, "en-US"), 1);
}

#define bench_test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        bench_test(test_slots), bench_test(test_look_alikes), bench_test(test_fields),
        bench_test(test_mend),  bench_test(test_body),        bench_test(test_check),
        bench_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
