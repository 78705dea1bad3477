/* format_test.c: the list of formats, and the rules that hold for every event. */
#include "campaigns/formats/format.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct format_event good(void)
{
    struct format_event e;
    format_event_init(&e);
    e.campaign = "con-1";
    e.variant = "v1";
    e.type = "conversion";
    return e;
}

static void refused(const struct format_event *e, enum err code, const char *path)
{
    struct err_detail d = {.message = ""};
    assert_int_equal(format_check_event(e, NULL, &d), code);
    assert_int_equal(d.code, code);
    assert_string_equal(d.path, path);
    assert_true(d.message[0]);
}

static void accepted(const struct format_event *e)
{
    struct err_detail d = {.message = ""};
    assert_int_equal(format_check_event(e, NULL, &d), ERR_OK);
}

static void test_list(void **state)
{
    (void)state;
    assert_non_null(format_at(0));
    for (size_t i = 0; format_at(i); i++) {
        assert_ptr_equal(format_find(format_at(i)->name), format_at(i));
        assert_true(format_at(i)->meaning[0]);
    }
    assert_string_equal(format_find("plain")->name, "plain");
    assert_null(format_find("Plain"));
}

static void test_defaults(void **state)
{
    (void)state;
    struct format_event e;
    format_event_init(&e);
    assert_int_equal(e.count, 1);
    assert_int_equal(e.epoch, -1);
    assert_int_equal(e.ts_ms, 0);
    assert_string_equal(e.id, "");
    refused(&e, ERR_MISSING, "/campaign");
    e = good();
    accepted(&e);
}

#define TEXT_10 "abcdefghij"
#define TEXT_60 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10 TEXT_10

static void test_campaigns(void **state)
{
    (void)state;
    static const char *const yes[] = {"a",     "A-9._", TEXT_60 "abcd",
                                      "con~1", "c~1~2", "_x"};
    static const char *const no[] = {"a b", "~1",  "é",   TEXT_60 "abcde",
                                     "c~x", "c/d", "{0}", TEXT_60 "~1234"};
    struct format_event e = good();
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        e.campaign = yes[i];
        accepted(&e);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        e.campaign = no[i];
        refused(&e, ERR_BAD_ID, "/campaign");
    }
}

static void test_names(void **state)
{
    (void)state;
    struct format_event e = good();
    e.variant = "";
    refused(&e, ERR_MISSING, "/variant");
    e.variant = "_holdout";
    accepted(&e);
    e.variant = "v 1";
    refused(&e, ERR_BAD_ID, "/variant");
    e = good();
    e.type = "";
    refused(&e, ERR_MISSING, "/type");
    e.type = "add_to.wish-list2";
    accepted(&e);
    e.type = "Click";
    refused(&e, ERR_BAD_VALUE, "/type");
    e.type = "abcdefghijklmnopqrstuvwxyz012345";
    accepted(&e);
    e.type = "abcdefghijklmnopqrstuvwxyz0123456";
    refused(&e, ERR_BAD_VALUE, "/type");
}

static void test_numbers(void **state)
{
    (void)state;
    struct format_event e = good();
    e.count = 1000000;
    accepted(&e);
    e.count = 1000001;
    refused(&e, ERR_OUT_OF_RANGE, "/count");
    e.count = 0;
    refused(&e, ERR_OUT_OF_RANGE, "/count");
    e = good();
    e.ts_ms = 1760000000000;
    accepted(&e);
    e.ts_ms = -1;
    refused(&e, ERR_OUT_OF_RANGE, "/ts");
    e.ts_ms = 1760000000000000; /* microseconds */
    refused(&e, ERR_OUT_OF_RANGE, "/ts");
    e = good();
    e.epoch = -2;
    refused(&e, ERR_OUT_OF_RANGE, "/epoch");
    e = good();
    e.quantity = 1000001;
    refused(&e, ERR_OUT_OF_RANGE, "/quantity");
}

static void test_money(void **state)
{
    (void)state;
    struct format_event e = good();
    e.value_micro = FORMAT_VALUE_MAX_MICRO;
    e.currency = "EUR";
    accepted(&e);
    e.value_micro++;
    refused(&e, ERR_OUT_OF_RANGE, "/value");
    e.value_micro = -1;
    refused(&e, ERR_OUT_OF_RANGE, "/value");
    e.type = "refund";
    accepted(&e);
    e.value_micro = -FORMAT_VALUE_MAX_MICRO - 1;
    refused(&e, ERR_OUT_OF_RANGE, "/value");
    static const char *const no[] = {"eur", "EU", "EURO", "E R", "€"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        e = good();
        e.currency = no[i];
        refused(&e, ERR_BAD_VALUE, "/currency");
    }
}

static void test_csat(void **state)
{
    (void)state;
    static const int64_t no[] = {0, 999999, 5000001, -1000000};
    struct format_event e = good();
    e.type = "csat";
    e.value_micro = 1000000;
    accepted(&e);
    e.value_micro = 5000000;
    accepted(&e);
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        e.value_micro = no[i];
        refused(&e, ERR_OUT_OF_RANGE, "/value");
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char text[600];
    struct format_event e = good();
    memset(text, 0, sizeof text);
    for (int i = 0; i < 100; i++)
        memcpy(text + 2 * i, "\xC3\xA9", 2); /* characters, not bytes */
    e.id = text;
    accepted(&e);
    text[200] = 'x';
    refused(&e, ERR_OUT_OF_RANGE, "/eid");
    memset(text, 'u', 256);
    e = good();
    e.user = text;
    accepted(&e);
    text[256] = 'u';
    refused(&e, ERR_OUT_OF_RANGE, "/user");
    e = good();
    text[128] = '\0';
    e.impression = text;
    accepted(&e);
    text[128] = 'u';
    refused(&e, ERR_OUT_OF_RANGE, "/impression");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),      cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_campaigns), cmocka_unit_test(test_names),
        cmocka_unit_test(test_numbers),   cmocka_unit_test(test_money),
        cmocka_unit_test(test_csat),      cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
