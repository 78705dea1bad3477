/* openai_moderations_test.c: requests, and verdicts whole, damaged and cut at every
 * byte. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include <stdlib.h>

#define REPLY(result)                                                                  \
    "{\"id\":\"modr-1\",\"model\":\"m-2026\",\"results\":[" result "]}"
#define FLAGGED                                                                        \
    REPLY("{\"flagged\":true,\"categories\":{\"hate\":true,\"violence\":false,"        \
          "\"harassment\":true},\"category_scores\":{\"hate\":0.6,\"violence\":0.01,"  \
          "\"harassment\":0.9},\"category_applied_input_types\":{\"hate\":"            \
          "[\"text\"]}}")

static const struct {
    const char *name;
    int status;
    const char *body;
    enum err code;
    bool retryable;
    const char *text;
} cases[] = {
    {"flagged, the surest first", 200, FLAGGED, ERR_OK, false,
     "{\"flagged\":true,\"categories\":[\"harassment\",\"hate\"]}"},
    {"clean", 200,
     REPLY("{\"flagged\":false,\"categories\":{\"hate\":false},\"category_scores\":"
           "{\"hate\":0.001}}"),
     ERR_OK, false, "{\"flagged\":false,\"categories\":[]}"},
    {"no scores", 200,
     REPLY("{\"flagged\":true,\"categories\":{\"b\":true,\"a\":true}}"), ERR_OK, false,
     "{\"flagged\":true,\"categories\":[\"b\",\"a\"]}"},
    {"no categories", 200, REPLY("{\"flagged\":true}"), ERR_OK, false,
     "{\"flagged\":true,\"categories\":[]}"},
    {"odd categories", 200,
     REPLY("{\"flagged\":false,\"categories\":[1],\"category_scores\":\"x\"}"), ERR_OK,
     false, "{\"flagged\":false,\"categories\":[]}"},
    {"a name in quotes", 200,
     REPLY("{\"flagged\":true,\"categories\":{\"a\\\"b\":true}}"), ERR_OK, false,
     "{\"flagged\":true,\"categories\":[\"a\\\"b\"]}"},
    {"no verdict", 200, REPLY("{\"categories\":{}}"), ERR_BAD_OUTPUT, true, ""},
    {"a word", 200, REPLY("{\"flagged\":\"false\"}"), ERR_BAD_OUTPUT, true, ""},
    {"a number", 200, REPLY("1"), ERR_BAD_OUTPUT, true, ""},
    {"bad text", 200, REPLY("{\"flagged\":true,\"categories\":{\"\xff\":true}}"),
     ERR_BAD_OUTPUT, true, ""},
    {"nothing", 200, "", ERR_SERVER, true, ""},
    {"no result", 200, REPLY(""), ERR_SERVER, true, ""},
    {"rate", 429, "{\"error\":{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}}",
     ERR_RATE, true, ""},
    {"error inside 200", 200,
     "{\"error\":{\"message\":\"x\",\"type\":\"insufficient_quota\"}}", ERR_MONEY,
     false, ""},
};

static void read_into(struct reply_fixture *f, int status, const char *body)
{
    fixture_set(f, status, "", body);
    provider_find("openai_moderations")->read(&f->http, NOW_MS, &f->reply);
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        read_into(&f, cases[i].status, cases[i].body);
        expect_class(cases[i].name, &f.reply, cases[i].code, cases[i].retryable);
        if (strcmp(buf_str(&f.reply.text), cases[i].text) != 0)
            fail_msg("%s: %s", cases[i].name, buf_str(&f.reply.text));
        assert_false(f.reply.has_usage);
        fixture_end(&f);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct buf body;
    struct reply_fixture f;
    buf_init(&body, 1 << 20);
    (void)buf_append_str(&body, "{\"results\":[{\"flagged\":true,\"categories\":{");
    for (int i = 0; i < 100; i++)
        (void)buf_printf(&body, "%s\"%0100d\":true", i ? "," : "", i);
    (void)buf_append_str(&body, "}}]}");
    read_into(&f, 200, buf_str(&body));
    assert_int_equal(f.reply.code, ERR_OK);
    assert_int_equal(f.reply.text.len, strlen("{\"flagged\":true,\"categories\":[]}") +
                                           64 * strlen("\"\"") + 64 * 64 + 63);
    fixture_end(&f);
    buf_fini(&body);
}

static void test_cut_everywhere(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof FLAGGED - 1; n++) {
        struct reply_fixture f;
        char *part = strndup(FLAGGED, n);
        read_into(&f, 200, part);
        if (f.reply.code == ERR_OK || !f.reply.retryable)
            fail_msg("cut to %zu bytes: %s", n, f.reply.message);
        fixture_end(&f);
        free(part);
    }
}

static void test_request(void **state)
{
    (void)state;
    const struct config_endpoint e = {.base_url = "https://x.example/v1"};
    const struct ask a = {.type = ASK_MODERATE, .user = "A \"tea\"."};
    const struct port_call call = {.campaign = "c", .stage = "s", .ask = &a};
    struct provider_request q;
    provider_request_init(&q);
    assert_int_equal(
        provider_find("openai_moderations")->build(&e, "sk-1", "m", &call, &q), ERR_OK);
    assert_string_equal(buf_str(&q.url), "https://x.example/v1/moderations");
    assert_string_equal(buf_str(&q.auth), "Bearer sk-1");
    assert_string_equal(buf_str(&q.body),
                        "{\"model\":\"m\",\"input\":\"A \\\"tea\\\".\"}");
    provider_request_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_cut_everywhere),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
