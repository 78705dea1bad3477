/* llm_tokens_test.c: the estimate of tokens, never under what is sent. */
#include "workers/llm/llm_tokens.h"
#include "workers/llm/llm.h"
#include "workers/llm/provider.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t tokens;
    } cases[] = {
        {NULL, 0},
        {"", 0},
        {"a", 1},
        {"abc", 1},
        {"abcd", 2},
        {"\xe4\xb8\xad\xe6\x96\x87", 2}, /* 2 Han */
        {"\xe4\xb8\xad abc", 3},         /* 1 Han, 4 bytes */
        {"\xd0\x96\xd0\x96\xd0\x96", 2}, /* Cyrillic: bytes */
        {"\xf0\x9f\x98\x80", 2},         /* an emoji: 4 bytes */
        {"\xff\xff\xff\xff", 2},         /* not UTF-8 at all */
        {"\xea\xb0\x80\xe3\x81\x82", 2}, /* hangul, kana */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t n = llm_count_tokens(cases[i].text);
        if (n != cases[i].tokens)
            fail_msg("case %zu: %lld", i, (long long)n);
    }
}

static void test_all_parts_count(void **state)
{
    (void)state;
    struct ask a = {.type = ASK_CHAT, .user = "abcdef"};
    struct port_call call = {.ask = &a, .refused_text = "", .objection = ""};
    int64_t before = llm_prompt_tokens(&call), now;
    assert_true(before > 2);
#define GROWS_BY(tokens)                                                               \
    now = llm_prompt_tokens(&call);                                                    \
    assert_true(now >= before + (tokens));                                             \
    before = now
    a.system = "abcdef";
    GROWS_BY(2);
    a.schema = "{\"type\":\"object\"}";
    GROWS_BY(6);
    call.objection = "abcdef";
    GROWS_BY(2);
    call.refused_text = "abcdef";
    GROWS_BY(2);
#undef GROWS_BY
}

/* What is cut from a re-ask is not counted either. */
static void test_refused_text_is_bounded(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, 'a', sizeof text - 1);
    struct ask a = {.type = ASK_CHAT, .user = "u"};
    struct port_call call = {.ask = &a, .refused_text = text, .objection = "o"};
    int64_t n = llm_prompt_tokens(&call);
    assert_in_range(n, PROVIDER_REFUSED_MAX_BYTES / 3, PROVIDER_REFUSED_MAX_BYTES / 2);
}

static void test_reply(void **state)
{
    (void)state;
    struct ask a = {.max_tokens = 150};
    assert_int_equal(llm_reply_tokens(&a), 150);
    a.max_tokens = 0;
    assert_int_equal(llm_reply_tokens(&a), LLM_REPLY_TOKENS_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_all_parts_count),
        cmocka_unit_test(test_refused_text_is_bounded),
        cmocka_unit_test(test_reply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
