/* similarity_test.c: folding, and distances known by hand. */
#include "campaigns/checks/similarity.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_fold(const char *text, const char *folded)
{
    char *out = similarity_fold(text, strlen(text));
    assert_non_null(out);
    assert_string_equal(out, folded);
    free(out);
}

static double distance(const char *x, const char *y)
{
    struct grams a, b;
    assert_int_equal(grams_init(&a, x, strlen(x)), ERR_OK);
    assert_int_equal(grams_init(&b, y, strlen(y)), ERR_OK);
    double there = grams_distance(&a, &b), back = grams_distance(&b, &a);
    grams_fini(&a);
    grams_fini(&b);
    assert_true(there == back && there >= 0 && there <= 1);
    return there;
}

static void assert_distance(const char *x, const char *y, double wanted)
{
    double is = distance(x, y);
    if (fabs(is - wanted) > 1e-12)
        print_error("%s / %s: %g, wanted %g\n", x, y, is, wanted);
    assert_true(fabs(is - wanted) <= 1e-12);
}

static void test_fold(void **state)
{
    (void)state;
    assert_fold("Best, Ever!", "bestever");
    assert_fold("ＮＯ．１", "no1");
    assert_fold("第①", "第1");
    assert_fold("50% & #1", "501");
    assert_fold("\xD8\x80"
                "5",
                "5"); /* a format character that shows */
    assert_fold("Straße", "strasse");
    assert_fold("e\xCC\x81T\xC3\x89", "\xC3\xA9t\xC3\xA9");
    assert_fold("ch\xE2\x80\x8B"
                "eap\xC2\xAD",
                "cheap");
    assert_fold("全网，最低。", "全网最低");
    assert_fold("🔥 €5", "🔥€5");
    assert_fold("a\xFF\tb", "ab");
    assert_fold(" \n…!", "");
    assert_fold("", "");
}

static void test_distance(void **state)
{
    (void)state;
    assert_distance("Warm jacket", "warm, JACKET!", 0.0);
    assert_distance("abc", "xyz", 1.0);
    /* abcd: ^ab abc bcd cd$; abce: ^ab abc bce ce$ */
    assert_distance("abcd", "abce", 1.0 - 2.0 / 6.0);
    /* a repeated gram counts once: ^aa aaa aa$ */
    assert_distance("aaaa", "aaaaaaaa", 0.0);
    /* 轻暖羽绒服: ^轻暖 轻暖羽 暖羽绒 羽绒服 绒服$, the other shares the last three */
    assert_distance("轻暖羽绒服", "厚暖羽绒服", 1.0 - 3.0 / 7.0);
}

static void test_short(void **state)
{
    (void)state;
    assert_distance("a", "A", 0.0);
    assert_distance("a", "b", 1.0);
    assert_distance("轻", "轻暖", 1.0);
    assert_distance("ab", "abc", 0.75);
    assert_distance("", "!", 0.0);
    assert_distance("", "a", 1.0);
}

static void test_large(void **state)
{
    (void)state;
    size_t n = SIMILARITY_MAX_BYTES;
    char *text = malloc(n + 1);
    struct grams g;
    assert_non_null(text);
    memset(text, 'x', n + 1);
    assert_int_equal(grams_init(&g, text, n), ERR_OK);
    assert_int_equal(g.count, 3);
    grams_fini(&g);
    assert_int_equal(grams_init(&g, text, n + 1), ERR_LIMIT);
    grams_fini(&g);
    /* U+FDFA, three bytes, folds to 18 characters: room must be for all of them */
    for (size_t i = 0; i < n; i++)
        text[i] = "\xEF\xB7\xBA"[i % 3];
    assert_int_equal(grams_init(&g, text, n - 1), ERR_OK);
    assert_true(g.count > 3 && g.count < 40);
    for (size_t i = 1; i < g.count; i++)
        assert_true(g.set[i - 1] < g.set[i]);
    grams_fini(&g);
    /* a long run of marks in the wrong order is cut, not sorted in quadratic time */
    for (size_t i = 0; i < n; i++)
        text[i] = "\xCC\x81\xCC\xA3"[i % 4];
    char *folded = similarity_fold(text, n);
    assert_non_null(folded);
    assert_int_equal(strlen(folded), 30 * 2);
    free(folded);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_short),
        cmocka_unit_test(test_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
