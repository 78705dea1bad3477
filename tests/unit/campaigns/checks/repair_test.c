/* repair_test.c: JSON out of what models write. */
#include "campaigns/checks/repair.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Checks one repair; wanted NULL = cannot be repaired. */
static void assert_repair(const char *text, const char *wanted)
{
    struct json *j = NULL;
    struct err_detail d = {.message = ""};
    bool repaired = true;
    enum err err = repair_parse(text, strlen(text), &j, &repaired, &d);
    if (!wanted) {
        assert_string_equal(err_code(err), "bad_json");
        assert_false(repaired);
        assert_null(j);
        assert_true(strlen(d.message) > 0);
        return;
    }
    assert_int_equal(err, ERR_OK);
    assert_true(repaired);
    struct buf out;
    buf_init(&out, 1 << 16);
    assert_int_equal(json_print(j, &out), ERR_OK);
    assert_string_equal(buf_str(&out), wanted);
    buf_fini(&out);
    json_free(j);
}

static void test_as_it_is(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"a\":\"``` [1,] <think>\"}", " [1] \n", "7"};
    for (size_t i = 0; i < 3; i++) {
        struct json *j = NULL;
        struct err_detail d;
        bool repaired = true;
        assert_int_equal(repair_parse(texts[i], strlen(texts[i]), &j, &repaired, &d),
                         ERR_OK);
        assert_false(repaired);
        json_free(j);
    }
}

static void test_words_around(void **state)
{
    (void)state;
    assert_repair("```json\n{\"a\":1}\n```", "{\"a\":1}");
    assert_repair("```\n[1,2]\n```\nAnything else?", "[1,2]");
    assert_repair("Sure! Here it is:\n{\"a\":\"}\"} Enjoy.", "{\"a\":\"}\"}");
    assert_repair("As in [1], {name}: {\"a\":{\"b\":[]}} see [2].",
                  "{\"a\":{\"b\":[]}}");
    assert_repair(
        "[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},"
        "{},{},{},{},{},{},{},{},{},{},{},{},{}], that is: {\"a\":"
        "\"a value longer than what came before, so that it must be found as "
        "the best one, also after more brackets than the search will try\"}",
        "{\"a\":\"a value longer than what came before, so that it must be "
        "found as the best one, also after more brackets than the search will "
        "try\"}");
    assert_repair("\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}");
    assert_repair("bad \xFF byte {\"a\":1}", "{\"a\":1}");
    assert_repair("<think>\nMaybe {\"a\":[1,2,3,4,5,6]}?</think>\n{\"a\":1}",
                  "{\"a\":1}");
    assert_repair("<think>\nMaybe {\"a\":1}", NULL);
}

static void test_small_faults(void **state)
{
    (void)state;
    assert_repair("{\"a\":[1,2,],}", "{\"a\":[1,2]}");
    assert_repair("{\"a\":[ ] , }", "{\"a\":[]}");
    assert_repair("{\"a\":\"one\ntwo\t\x01\"}", "{\"a\":\"one\\ntwo\\t\\u0001\"}");
    assert_repair("{\"a\":\"\\\"q\\\\\",}", "{\"a\":\"\\\"q\\\\\"}");
}

static void test_cut_tail(void **state)
{
    (void)state;
    static const char *const cut[] = {
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"}]",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"},",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"},{",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"},{\"t\":",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"},{\"t\":\"half of it \\",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"},{\"t\":\"c\",\"tags\":[\"x\"",
        "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"}\n```\n",
    };
    for (size_t i = 0; i < sizeof cut / sizeof cut[0]; i++)
        assert_repair(cut[i], "{\"v\":[{\"t\":\"a\"},{\"t\":\"b\"}]}");
    assert_repair("{\"a\":1,\"b\":\"half", "{\"a\":1}");
    assert_repair("{\"a\":1,\"b\":12", "{\"a\":1}");
    assert_repair("{\"a\":1,\"b\":12.", "{\"a\":1}");
    assert_repair("{\"a\":1,\"b\":tru", "{\"a\":1}");
    assert_repair("{\"a\":1,\"b", "{\"a\":1}");
    assert_repair("{\"a\":1,\"b\"", "{\"a\":1}");
    assert_repair("{\"a\":{\"b\":1},\"c\":{\"d\":2,\"e\":\"ha",
                  "{\"a\":{\"b\":1},\"c\":{\"d\":2}}");
    assert_repair("{\"a\":1,\"v\":[{\"t\":\"ha", "{\"a\":1}");
    assert_repair("[1,2,3", "[1,2]");
}

static void test_hopeless(void **state)
{
    (void)state;
    assert_repair("", NULL);
    assert_repair("I cannot help with that.", NULL);
    assert_repair("{\"a\":\"half", NULL);
    assert_repair("{", NULL);
    assert_repair("[[[", NULL);
    assert_repair("{'a':1}", NULL);
    assert_repair("{\"a\" 1}", NULL);
    assert_repair("{\"a\":1 \"b\":2}", NULL);
    assert_repair("{\"a\":1,,\"b\":2}", NULL);
    assert_repair("x {\"a\":1,\"a\":2}", NULL);
    assert_repair("x {\"a\":\"\xFF\"}", NULL);
}

/* Every prefix of a reply is refused or gives whole strings of the reply only. */
static void test_every_prefix(void **state)
{
    (void)state;
    static const char text[] =
        "Here:\n```json\n{\"n\":-12.5e3,\"v\":[{\"t\":\"one \\u00e9\",\"k\":[true]},"
        "{\"t\":\"two\",\"k\":[null,false]},],\"m\":{\"x\":{}},}\n```";
    for (size_t n = 0; n <= strlen(text); n++) {
        char *copy =
            malloc(n ? n : 1); /* of exact size, so that ASan sees an overrun */
        assert_non_null(copy);
        memcpy(copy, text, n);
        struct json *j = NULL;
        bool repaired = false;
        enum err err = repair_parse(copy, n, &j, &repaired, NULL);
        json_each (item, json_get(j, "v")) {
            const char *t = json_str(json_get(item, "t"), "");
            assert_true(strcmp(t, "one é") == 0 || strcmp(t, "two") == 0);
            assert_int_equal(json_count(json_get(item, "k")), t[0] == 'o' ? 1 : 2);
        }
        assert_int_equal(err == ERR_OK, j != NULL);
        json_free(j);
        free(copy);
    }
}

static void test_bounded(void **state)
{
    (void)state;
    size_t n = json_limits_reply.max_bytes + 1;
    char *text = malloc(n);
    struct json *j = NULL;
    bool repaired = false;
    struct err_detail d;
    assert_non_null(text);
    memset(text, '[', n);
    assert_int_equal(repair_parse(text, n, &j, &repaired, &d), ERR_LIMIT);
    assert_int_not_equal(repair_parse(text, n - 1, &j, &repaired, &d), ERR_OK);
    /* the worst case of the search: every bracket begins a string up to the end */
    for (size_t i = 1; i < n; i += 2)
        text[i] = '"';
    assert_int_not_equal(repair_parse(text, n - 1, &j, &repaired, &d), ERR_OK);
    assert_null(j);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_it_is),     cmocka_unit_test(test_words_around),
        cmocka_unit_test(test_small_faults), cmocka_unit_test(test_cut_tail),
        cmocka_unit_test(test_hopeless),     cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
