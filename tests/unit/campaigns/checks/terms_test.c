/* terms_test.c: which words are found in which text. */
#include "campaigns/checks/terms.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static bool found(const char *text, const char *term)
{
    const char *result = terms_find(text, strlen(text), &term, 1);
    assert_true(result == NULL || result == term);
    return result != NULL;
}

static void test_words(void **state)
{
    (void)state;
    assert_true(found("So cheap!", "cheap"));
    assert_true(found("CHEAP", "cheap"));
    assert_true(found("cheap", "Cheap"));
    assert_true(found("dirt-cheap", "cheap"));
    assert_false(found("cheaper", "cheap"));
    assert_false(found("dirtcheap", "cheap"));
    assert_false(found("cheap2", "cheap"));
    assert_true(found("cheaper, yet cheap", "cheap"));
    assert_false(found("che", "cheap"));
    assert_false(found("", "cheap"));
    assert_true(found("l'Étoile", "\x65\xCC\x81toile"));
}

static void test_evasion(void **state)
{
    (void)state;
    assert_true(found("ｃｈｅａｐ", "cheap"));
    assert_true(found("ch\xE2\x80\x8B"
                      "eap",
                      "cheap"));
    assert_true(found("c.h.e.a.p", "cheap"));
    assert_true(found("the BEST-EVER deal", "best ever"));
    assert_true(found("the best\never deal", "best ever"));
    assert_false(found("the bestevery", "best ever"));
    assert_true(found("NO．1", "no.1"));
    assert_false(found("No. 12", "no.1"));
}

static void test_unspaced(void **state)
{
    (void)state;
    assert_true(found("本店全网最低价", "全网最低"));
    assert_true(found("全网，最低", "全网最低"));
    assert_false(found("全网低", "全网最低"));
    assert_true(found("买iPhone吧", "iphone"));
    assert_false(found("买iPhones吧", "iphone"));
    assert_true(found("ราคาถูกมาก", "ถูก"));
}

static void test_signs(void **state)
{
    (void)state;
    assert_true(found("We are #1 in wool", "#1"));
    assert_true(found("We are ＃1!", "#1"));
    assert_false(found("1 jacket", "#1"));
    assert_false(found("#12", "#1"));
    assert_true(found("100% wool", "100%"));
    assert_false(found("100 jackets", "100%"));
    assert_true(found("Buy now!!", "!!"));
    assert_false(found("Buy now!", "!!"));
    assert_true(found("hot🔥deal", "🔥"));
    assert_false(found("anything", ""));
}

static void test_first(void **state)
{
    (void)state;
    const char *const terms[] = {"gold", "", "#1", "cheap"};
    const char *text = "Cheap, and #1";
    assert_ptr_equal(terms_find(text, strlen(text), terms, 4), terms[2]);
    assert_null(terms_find(text, strlen(text), terms, 2));
    assert_null(terms_find(text, strlen(text), NULL, 0));
    /* The text ends at n, not at the NUL. */
    assert_null(terms_find("cheap", 4, &terms[3], 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_evasion),
        cmocka_unit_test(test_unspaced), cmocka_unit_test(test_signs),
        cmocka_unit_test(test_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
