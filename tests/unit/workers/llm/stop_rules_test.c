/* stop_rules_test.c: a reply that cannot come right is seen while it grows; one that
 * may, is not. */
#include "workers/llm/stop_rules.h"
#include "core/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define LONG_WORDS "and some more words that say nothing at all of any kind "

/* Where the growing text was stopped, in bytes; 0 = never. It grows by `step` bytes,
 * at borders of characters. */
static size_t stopped_at(const struct ask_stop *of, const char *text, size_t step)
{
    struct stop_rules s;
    size_t n = strlen(text), result = 0;
    assert_int_equal(stop_rules_init(&s, of), ERR_OK);
    for (size_t at = 0; at < n && !result;) {
        at = at + step < n ? at + step : n;
        while ((text[at] & 0xc0) == 0x80)
            at++;
        char *grown = strndup(text, at); /* of its own, for the sanitizer */
        assert_non_null(grown);
        if (stop_rules_broken(&s, grown, at))
            result = at;
        free(grown);
    }
    stop_rules_fini(&s);
    return result;
}

static size_t long_at(int64_t max, const char *text, size_t step)
{
    const struct ask_stop of = {.max_characters = max};
    return stopped_at(&of, text, step);
}

static void test_characters(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 12; step++) {
        assert_int_equal(long_at(10, "0123456789", step), 0);
        assert_true(long_at(10, "0123456789a", step) == 11);
        assert_true(long_at(0, "0123456789a", step) == 0);
        /* Han and emoji are one each, and so is an escape of JSON */
        assert_true(long_at(4, "\xe5\xa5\xbd\xe5\xa5\xbd\xf0\x9f\x98\x80x", step) == 0);
        assert_true(long_at(3, "\xe5\xa5\xbd\xe5\xa5\xbd\xf0\x9f\x98\x80x", step) > 0);
        assert_true(long_at(4, "\\u4e2d\\n\\\\x", step) == 0);
        assert_true(long_at(3, "\\u4e2d\\n\\\\x", step) == 11);
    }
}

static void test_thoughts_are_not_counted(void **state)
{
    (void)state;
    static const char text[] =
        " \n<think>a long way to the answer, with \\ in it</think>"
        "{\"a\":1}";
    for (size_t step = 1; step <= 60; step++) {
        assert_int_equal(long_at(10, text, step), 0);
        assert_int_equal(long_at(10, "<think>it does not end, however long", step), 0);
    }
    assert_int_equal(long_at(10, "<think>x</think>0123456789a", 1), 27);
    assert_true(long_at(10, "<thinking aloud>", 1) > 0);
}

/* cheap, and 便宜 */
static size_t banned_at(const char *text, size_t step)
{
    static const char *const terms[] = {"never ever", "cheap",
                                        "\xe4\xbe\xbf\xe5\xae\x9c"};
    const struct ask_stop of = {.banned = terms, .banned_count = 3};
    return stopped_at(&of, text, step);
}

static void test_banned(void **state)
{
    (void)state;
    for (size_t step = 1; step <= 20; step++) {
        assert_true(banned_at("A CHEAP lamp " LONG_WORDS, step) > 0);
        assert_true(banned_at(LONG_WORDS "so cheap, so good " LONG_WORDS, step) > 0);
        assert_true(banned_at("Never-ever \n" LONG_WORDS, step) > 0);
        assert_true(banned_at("\xe5\xbe\x88\xe4\xbe\xbf\xe5\xae\x9c\xe7\x9a\x84\xe8\x8c"
                              "\xb6\xe5\xbe\x88\xe5\xa5\xbd\xe5\x96\x9d\xe5\xbe\x88\xe5"
                              "\xa5\xbd\xe5\x96\x9d",
                              step) > 0);
        assert_true(banned_at("A lamp. " LONG_WORDS, step) == 0);
        /* the stage judges what is complete; here a word may still grow */
        assert_true(banned_at(LONG_WORDS "cheaper and cheapest " LONG_WORDS, step) ==
                    0);
        assert_true(banned_at(LONG_WORDS "cheap", step) == 0);
    }
}

/* 32 bytes, after which it is looked for, end in the middle of a word. */
static void test_a_word_may_still_grow(void **state)
{
    (void)state;
    static const char text[] = "0123456789 0123456789 0123 cheaper, " LONG_WORDS;
    assert_memory_equal(text + 27, "cheap", 5);
    assert_int_equal(banned_at(text, 1), 0);
    assert_int_equal(banned_at(text, 16), 0);
}

static void test_found_within_an_eighth_of_the_text(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    while (text.len < 60000)
        buf_append_str(&text, LONG_WORDS);
    assert_int_equal(banned_at(buf_str(&text), 1), 0);
    size_t clean = text.len;
    buf_append_str(&text, "cheap ");
    for (int i = 0; i < 200; i++)
        buf_append_str(&text, LONG_WORDS);
    size_t at = banned_at(buf_str(&text), 7);
    assert_true(at > clean && at < clean + clean / 8 + 100);
    buf_fini(&text);
}

/* The ask does not outlive the call's beginning. */
static void test_rules_are_a_copy(void **state)
{
    (void)state;
    char word[] = "cheap";
    const char *terms[] = {word};
    const struct ask_stop of = {.banned = terms, .banned_count = 1};
    struct stop_rules s;
    assert_int_equal(stop_rules_init(&s, &of), ERR_OK);
    memset(word, 'x', 5);
    terms[0] = NULL;
    static const char text[] = "A cheap lamp " LONG_WORDS;
    assert_true(stop_rules_broken(&s, text, strlen(text)));
    stop_rules_fini(&s);
}

static void test_no_rules(void **state)
{
    (void)state;
    const struct ask_stop none = {.max_characters = 0};
    assert_int_equal(stopped_at(&none, "<think>" LONG_WORDS, 3), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_characters),
        cmocka_unit_test(test_thoughts_are_not_counted),
        cmocka_unit_test(test_banned),
        cmocka_unit_test(test_a_word_may_still_grow),
        cmocka_unit_test(test_found_within_an_eighth_of_the_text),
        cmocka_unit_test(test_rules_are_a_copy),
        cmocka_unit_test(test_no_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
