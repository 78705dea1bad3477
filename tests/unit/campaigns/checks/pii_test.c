/* pii_test.c: what is personal data, and the way there and back. */
#include "campaigns/checks/pii.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* "kind:value" of each, joined by |. */
static const char *found(const char *text)
{
    static char out[1000];
    struct pii_place p;
    size_t n = strlen(text), used = 0;
    out[0] = '\0';
    for (size_t from = 0; pii_find(text, n, from, &p); from = p.at + p.len)
        used += (size_t)snprintf(out + used, sizeof out - used, "%s%s:%.*s",
                                 used ? "|" : "", pii_kind_name(p.kind), (int)p.len,
                                 text + p.at);
    return out;
}

struct row {
    const char *text, *found;
};
static void try_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = found(rows[i].text);
        if (strcmp(got, rows[i].found) != 0)
            print_error("in: %s\n", rows[i].text);
        assert_string_equal(got, rows[i].found);
    }
}
#define TRY(rows) try_rows(rows, sizeof(rows) / sizeof *(rows))

static void test_email(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"write to ann.lee+news@mail.shop.example.",
         "email:ann.lee+news@mail.shop.example"},
        {"联系ann@shop.example谢谢", "email:ann@shop.example"},
        {"<ann@shop.example>, (bob_2@a-b.co)",
         "email:ann@shop.example|email:bob_2@a-b.co"},
        {"mailto:ann@shop.example?subject=hi", "email:ann@shop.example"},
        {"ann@shop.example.13", "email:ann@shop.example"},
        {"{\"to\":\"hi\\nann@shop.example\\n\"}", "email:ann@shop.example"},
        {"C:\\nann@shop.example", "email:ann@shop.example"},
        {"ann@shop.example+4930123456", "email:ann@shop.example|phone:+4930123456"},
        {"+49 30 1234567,0@x.io", "phone:+49 30 1234567|email:0@x.io"},
        {"ann@shop", ""},
        {"@handle and ann@ and @", ""},
        {"ann@shop.e, 2 @ 3.50", ""},
        {"a@b@c@d", ""},
    };
    TRY(rows);
}

static void test_phone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"call +49 30 12345678, daily", "phone:+49 30 12345678"},
        {"call +49 (0)30 1234567 24 hours", "phone:+49 (0)30 1234567"},
        {"(+1-415-555-2671)", "phone:+1-415-555-2671"},
        {"+8613800138000", "phone:+8613800138000"},
        {"+33.6.12.34.56.78.", "phone:+33.6.12.34.56.78"},
        {"手机13800138000或者 138-0013-8000", "phone:13800138000|phone:138-0013-8000"},
        {"打138 0013 8000咨询", "phone:138 0013 8000"},
        {"86-13800138000 8613912345678", "phone:13800138000|phone:8613912345678"},
        {"{\"t\":\"a\\n13800138000\"}", "phone:13800138000"},
        {"+20 % off, 1+1=2, +1234567", ""},
        {"+0301234567890", ""},
        {"12800138000 138001380001 1380013800 a13800138000", ""},
        {"13800138000,13912345678;1.13800138000.",
         "phone:13800138000|phone:13912345678|phone:13800138000"},
        {"1380 013 8000", ""},
    };
    TRY(rows);
}

static void test_card(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"4111111111111111", "card:4111111111111111"},
        {"paid by 5555-5555-5555-4444 today", "card:5555-5555-5555-4444"},
        {"3782 822463 10005", "card:3782 822463 10005"},
        {"4111 1111 1111 1111 2025", "card:4111 1111 1111 1111"},
        {"卡号6222021234567890128,", "card:6222021234567890128"},
        {"卡号6222021234567890123,", ""},
        {"4111111111111112", ""},
        {"1234567812345670", ""}, /* Luhn is right, nobody issues it */
        {"41111111111111110", ""},
        {"item 4006381333931", ""},
    };
    TRY(rows);
}

static void test_iban(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"DE89370400440532013000", "iban:DE89370400440532013000"},
        {"to GB29 NWBK 6016 1331 9268 19 please", "iban:GB29 NWBK 6016 1331 9268 19"},
        {"nl91abna0417164300.", "iban:nl91abna0417164300"},
        {"NO9386011117947", "iban:NO9386011117947"},
        {"DE88370400440532013000", ""},
        {"XDE89370400440532013000", ""},
        {"SW12 shop by the river side", ""},
    };
    TRY(rows);
}

static void test_resident_id(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"身份证11010519491231002X,", "id:11010519491231002X"},
        {"440524188001010014", ""}, /* born in 1880 */
        {"440308199901101512", "id:440308199901101512"},
        {"11010519491231002x", "id:11010519491231002x"},
        {"110105194912310021", ""},
        {"11010519491331002X", ""},
        {"011010519491231002X", ""},
        {"11010519491231002X.4111111111111111",
         "id:11010519491231002X|card:4111111111111111"},
    };
    TRY(rows);
}

static void test_ip(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"from 192.168.0.17, twice", "ip:192.168.0.17"},
        {"255.255.255.255.", "ip:255.255.255.255"},
        {"256.1.1.1 1.2.3 v1.2.3.4 1.2.3.0004 1.2.3.4a", ""},
    };
    TRY(rows);
}

static void test_copy_is_left_alone(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Save 25 % until 2026-11-30, 1,299.00 EUR instead of 1,499.00", ""},
        {"Reply STOP to 62555. Order 20261125-000123, EAN 4006381333931", ""},
        {"满300减50,仅限11月11日 00:00-24:00,回T退订,拒收请回复R", ""},
        {"https://shop.example/p/1234567890123?utm=a_b#x", ""},
        {"400-820-8820 or 010-88886666", ""},
        {"", ""},
    };
    TRY(rows);
}

static int setup(void **state)
{
    struct arena *a = calloc(1, sizeof *a);
    if (!a)
        return -1;
    arena_init(a, (size_t)64 << 20);
    *state = a;
    return 0;
}
static int teardown(void **state)
{
    arena_fini(*state);
    free(*state);
    return 0;
}

static const char *mask(struct pii *p, const char *text)
{
    const char *out = NULL;
    assert_int_equal(pii_mask(p, text, &out), ERR_OK);
    return out;
}
static const char *restore(const struct pii *p, const char *text)
{
    const char *out = NULL;
    size_t n;
    assert_int_equal(pii_restore(p, text, strlen(text), &out, &n), ERR_OK);
    assert_int_equal(strlen(out), n);
    return out;
}

static void test_there_and_back(void **state)
{
    struct pii p;
    pii_init(&p, *state);
    assert_string_equal(mask(&p, "a@x.io or b@x.io or a@x.io, +4930123456"),
                        "[[email_1]] or [[email_2]] or [[email_1]], [[phone_1]]");
    assert_string_equal(mask(&p, "再写给b@x.io,c@x.io"),
                        "再写给[[email_2]],[[email_3]]");
    assert_string_equal(
        restore(&p, "Write to [[email_2]]: [[EMAIL_1]], [[ phone_1 ]]!"),
        "Write to b@x.io: a@x.io, +4930123456!");
    const char *plain = "nothing here [[ ]] [[first_name]] [email_1]";
    assert_ptr_equal(mask(&p, plain), plain);
    assert_string_equal(restore(&p, plain), plain);
    assert_null(mask(&p, NULL));
}

/* Whoever writes [[email_1]] into a review gets that back, and nobody's address. */
static void test_words_of_the_text_are_no_tokens(void **state)
{
    struct pii p;
    pii_init(&p, *state);
    const char *text = "[[email_1]] says: a@x.io, [[Email_2]]";
    assert_string_equal(mask(&p, text), "[[email_1]] says: [[email_2]], [[email_3]]");
    assert_string_equal(restore(&p, "[[email_1]] [[email_2]] [[email_3]]"),
                        "[[email_1]] a@x.io [[Email_2]]");
}

static void test_made_up(void **state)
{
    struct pii p;
    char token[PII_TOKEN_MAX];
    pii_init(&p, *state);
    const char *empty = "see [[ CARD_7 ]]";
    assert_true(pii_find_unknown(&p, empty, strlen(empty), token));
    assert_string_equal(token, "[[card_7]]");
    (void)mask(&p, "a@x.io");
    const char *good = "[[email_1]] [[email_x]] [[email_1] [[other_2]] [[email_]]",
               *bad = "[[email_1]] [[email_2]]";
    assert_false(pii_find_unknown(&p, good, strlen(good), token));
    assert_true(pii_find_unknown(&p, bad, strlen(bad), token));
    assert_string_equal(token, "[[email_2]]");
    assert_string_equal(restore(&p, bad), "a@x.io [[email_2]]"); /* left as it is */
}

static void test_more_than_can_be_kept(void **state)
{
    struct pii p;
    struct buf text;
    char token[PII_TOKEN_MAX];
    pii_init(&p, *state);
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 2 * PII_VALUES_MAX; i++)
        buf_printf(&text, "u%d@x.io ", i);
    const char *masked = mask(&p, buf_str(&text));
    assert_null(strchr(masked, '@'));
    assert_non_null(strstr(masked, "[[email_500]] [[email_0]] "));
    assert_true(pii_find_unknown(&p, "[[email_0]]", 11, token));
    assert_string_equal(restore(&p, "[[email_500]][[email_0]]"),
                        "u499@x.io[[email_0]]");
    buf_fini(&text);
}

static void test_a_reply_that_would_grow_too_large(void **state)
{
    struct pii p;
    struct buf text;
    const char *out;
    size_t n;
    char value[200];
    snprintf(value, sizeof value, "%0180d@x.io", 0);
    pii_init(&p, *state);
    (void)mask(&p, value);
    buf_init(&text, 4 << 20);
    for (int i = 0; i < 100000; i++)
        buf_append_str(&text, "[[email_1]]");
    assert_int_equal(pii_restore(&p, buf_str(&text), text.len, &out, &n), ERR_LIMIT);
    assert_ptr_equal(out, text.data);
    assert_int_equal(n, text.len);
    buf_fini(&text);
}

static void test_describe(void **state)
{
    struct pii p;
    struct buf out;
    pii_init(&p, *state);
    (void)mask(&p, "ann@shop.example 13800138000");
    buf_init(&out, 1000);
    assert_int_equal(pii_describe(&p, &out), ERR_OK);
    assert_string_equal(buf_str(&out), "[[email_1]] (16), [[phone_1]] (11)");
    buf_fini(&out);
}

int main(void)
{
#define EACH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_phone),
        cmocka_unit_test(test_card),
        cmocka_unit_test(test_iban),
        cmocka_unit_test(test_resident_id),
        cmocka_unit_test(test_ip),
        cmocka_unit_test(test_copy_is_left_alone),
        EACH(test_there_and_back),
        EACH(test_words_of_the_text_are_no_tokens),
        EACH(test_made_up),
        EACH(test_more_than_can_be_kept),
        EACH(test_a_reply_that_would_grow_too_large),
        EACH(test_describe),
    };
#undef EACH
    return cmocka_run_group_tests(tests, NULL, NULL);
}
