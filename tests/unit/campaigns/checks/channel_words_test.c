/* channel_words_test.c: characters, phrases and words that a platform refuses. */
#include "campaigns/checks/channel_words.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void test_forbidden(void **state)
{
    (void)state;
    const char *text = "Soft ¦ warm!";
    assert_ptr_equal(channel_find_forbidden(text, strlen(text), "!¦"), text + 5);
    assert_ptr_equal(channel_find_forbidden(text, strlen(text), "!"),
                     text + strlen(text) - 1);
    assert_null(channel_find_forbidden(text, strlen(text), "$?"));
    assert_null(channel_find_forbidden(text, strlen(text), ""));
    assert_null(channel_find_forbidden("\xC2", 1, "¦")); /* half of a character */
}

static struct json *list(const char *text)
{
    struct json *j = NULL;
    struct err_detail d;
    assert_int_equal(json_parse(text, strlen(text), &json_limits_spec, &j, &d), ERR_OK);
    return j;
}

static void test_phrase(void **state)
{
    (void)state;
    struct json *phrases = list("[\"free shipping\",\"on sale\"]");
    const char *text = "Mug, FREE-Shipping today";
    assert_string_equal(channel_find_phrase(text, strlen(text), phrases),
                        "free shipping");
    text = "Mug on sales floor";
    assert_null(channel_find_phrase(text, strlen(text), phrases));
    assert_null(channel_find_phrase(text, strlen(text), NULL));
    json_free(phrases);
}

static bool repeats(const char *text, const struct json *words)
{
    char word[64] = "";
    bool found = channel_find_repeat(text, strlen(text), 2, words, word, sizeof word);
    assert_int_equal(found, word[0] != '\0');
    return found;
}

static void test_repeat(void **state)
{
    (void)state;
    struct json *words = list("[\"for\"]");
    assert_false(repeats("Mug for tea, mug for coffee, for all", words));
    assert_true(repeats("Mug for tea, mug for coffee, for all", NULL));
    assert_true(repeats("Mug MUG mug", words));
    assert_false(repeats("mugs mug mug", words));
    assert_true(repeats("Öl öl ÖL", words));
    assert_false(repeats("", words));
    char word[4] = "";
    assert_true(channel_find_repeat("longer longer longer", 20, 2, NULL, word, 4));
    assert_string_equal(word, "lon");
    json_free(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forbidden),
        cmocka_unit_test(test_phrase),
        cmocka_unit_test(test_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
