/* openai_embeddings_test.c: requests, and replies in both forms, whole, damaged and cut
 * at every byte. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include <stdlib.h>

#define REPLY(vector)                                                                  \
    "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"            \
    "\"embedding\":" vector "}],\"model\":\"m-2026\",\"usage\":{\"prompt_tokens\":12," \
    "\"total_tokens\":12}}"
#define LARGEST "3.4028234663852886e38"

static const struct reply_case {
    const char *name;
    int status;
    const char *body;
    enum err code;
    bool retryable;
    const char *text;
} cases[] = {
    {"base64", 200, REPLY("\"AACAPwAAAMA=\""), ERR_OK, false, "AACAPwAAAMA="},
    {"no padding", 200, REPLY("\"AACAPwAAAMA\""), ERR_OK, false, "AACAPwAAAMA="},
    {"escaped", 200, REPLY("\"AAAAPwAAgL7msWF\\/\""), ERR_OK, false,
     "AAAAPwAAgL7msWF/"},
    {"array", 200, REPLY("[1, -2]"), ERR_OK, false, "AACAPwAAAMA="},
    {"array in lines", 200, REPLY("[\n 1.0e0 ,\t-20e-1\r\n]"), ERR_OK, false,
     "AACAPwAAAMA="},
    {"largest", 200, REPLY("[" LARGEST "]"), ERR_OK, false, "//9/fw=="},
    {"smallest", 200, REPLY("[1e-45,1e-300]"), ERR_OK, false, "AQAAAAAAAAA="},
    {"no number", 200, REPLY("\"AADAfw==\""), ERR_BAD_OUTPUT, true, ""},
    {"infinite", 200, REPLY("\"AACAPwAAgH8=\""), ERR_BAD_OUTPUT, true, ""},
    {"minus infinite", 200, REPLY("\"AACA/w==\""), ERR_BAD_OUTPUT, true, ""},
    {"over float32", 200, REPLY("[1,3.5e38]"), ERR_BAD_OUTPUT, true, ""},
    {"over double", 200, REPLY("[1e999]"), ERR_BAD_OUTPUT, true, ""},
    {"three bytes", 200, REPLY("\"AACA\""), ERR_BAD_OUTPUT, true, ""},
    {"five bytes", 200, REPLY("\"AACAPwA=\""), ERR_BAD_OUTPUT, true, ""},
    {"no base64", 200, REPLY("\"AACAPw-_\""), ERR_BAD_OUTPUT, true, ""},
    {"empty text", 200, REPLY("\"\""), ERR_BAD_OUTPUT, true, ""},
    {"empty array", 200, REPLY("[]"), ERR_BAD_OUTPUT, true, ""},
    {"words", 200, REPLY("[1,\"2\"]"), ERR_BAD_OUTPUT, true, ""},
    {"arrays", 200, REPLY("[[1,2]]"), ERR_BAD_OUTPUT, true, ""},
    {"null", 200, REPLY("null"), ERR_BAD_OUTPUT, true, ""},
    {"a number", 200, REPLY("1"), ERR_BAD_OUTPUT, true, ""},
    {"nothing", 200, "", ERR_SERVER, true, ""},
    {"no data", 200, "{\"data\":[]}", ERR_SERVER, true, ""},
    {"rate", 429, "{\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}",
     ERR_RATE, true, ""},
    {"money", 429, "{\"error\":{\"message\":\"x\",\"type\":\"insufficient_quota\"}}",
     ERR_MONEY, false, ""},
    {"key", 401, "{\"error\":{\"message\":\"x\",\"type\":\"invalid_request_error\"}}",
     ERR_AUTH, false, ""},
    {"error inside 200", 200,
     "{\"error\":{\"message\":\"x\",\"code\":\"rate_limit_exceeded\"}}", ERR_RATE, true,
     ""},
};

static void read_into(struct reply_fixture *f, int status, const char *body)
{
    fixture_set(f, status, "", body);
    provider_find("openai_embeddings")->read(&f->http, NOW_MS, &f->reply);
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
        if (cases[i].code == ERR_OK) {
            assert_string_equal(f.reply.model, "m-2026");
            assert_true(f.reply.has_usage);
            assert_int_equal(f.reply.tokens_in, 12);
            assert_int_equal(f.reply.tokens_out, 0);
        }
        fixture_end(&f);
    }
}

static void test_usage(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int64_t in; /* 0: not told */
    } rows[] = {
        {"{\"data\":[{\"embedding\":[1]}],\"usage\":{\"total_tokens\":7}}", 7},
        {"{\"data\":[{\"embedding\":[1]}],\"usage\":{\"prompt_tokens\":-1}}", 0},
        {"{\"data\":[{\"embedding\":[1]}]}", 0},
        {"{\"data\":[{\"embedding\":[]}],\"usage\":{\"prompt_tokens\":3}}",
         3}, /* paid */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reply_fixture f;
        read_into(&f, 200, rows[i].body);
        assert_int_equal(f.reply.has_usage, rows[i].in > 0);
        if (rows[i].in)
            assert_int_equal(f.reply.tokens_in, rows[i].in);
        fixture_end(&f);
    }
}

/* Cut after the vector it is no answer either, in either form. */
static void test_cut_everywhere(void **state)
{
    (void)state;
    static const char *const bodies[] = {REPLY("\"AACAPwAAAMA=\""), REPLY("[1.25,-2]")};
    for (size_t i = 0; i < 2; i++) {
        for (size_t n = 0; n < strlen(bodies[i]); n++) {
            struct reply_fixture f;
            char *part = strndup(bodies[i], n);
            read_into(&f, 200, part);
            if (f.reply.code == ERR_OK || !f.reply.retryable)
                fail_msg("cut to %zu bytes: %s", n, f.reply.message);
            fixture_end(&f);
            free(part);
        }
    }
}

/* 8,192 numbers are taken, one more is not, in either form. */
static void test_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct buf body;
        struct reply_fixture f;
        size_t n = ASK_DIMENSIONS_MAX + i % 2;
        bool array = i < 2;
        buf_init(&body, 1 << 20);
        (void)buf_append_str(&body, array ? "{\"data\":[{\"embedding\":[0"
                                          : "{\"data\":[{\"embedding\":\"");
        for (size_t k = 1; k < n && array; k++)
            (void)buf_append_str(&body, ",0");
        for (size_t k = 0; k < (n * 4 * 8 + 5) / 6 && !array; k++)
            (void)buf_append_str(&body, "A");
        (void)buf_append_str(&body, array ? "]}]}" : "\"}]}");
        read_into(&f, 200, buf_str(&body));
        expect_class(array ? "array" : "base64", &f.reply, i % 2 ? ERR_LIMIT : ERR_OK,
                     false);
        assert_int_equal(f.reply.text.len, i % 2 ? 0 : (n * 4 + 2) / 3 * 4);
        fixture_end(&f);
        buf_fini(&body);
    }
}

static void test_request(void **state)
{
    (void)state;
    const struct config_endpoint e = {.base_url = "https://x.example/v1/"};
    struct ask a = {.type = ASK_EMBED, .user = "A \"tea\"."};
    struct port_call call = {.campaign = "c", .stage = "s", .ask = &a};
    for (int i = 0; i < 2; i++) {
        struct provider_request q;
        provider_request_init(&q);
        a.dimensions = i * 256;
        assert_int_equal(
            provider_find("openai_embeddings")->build(&e, "sk-1", "m", &call, &q),
            ERR_OK);
        assert_string_equal(buf_str(&q.url), "https://x.example/v1/embeddings");
        assert_string_equal(buf_str(&q.auth), "Bearer sk-1");
        assert_string_equal(buf_str(&q.body),
                            i ? "{\"model\":\"m\",\"input\":[\"A \\\"tea\\\".\"],"
                                "\"encoding_format\":\"base64\",\"dimensions\":256}"
                              : "{\"model\":\"m\",\"input\":[\"A \\\"tea\\\".\"],"
                                "\"encoding_format\":\"base64\"}");
        provider_request_fini(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),          cmocka_unit_test(test_usage),
        cmocka_unit_test(test_cut_everywhere), cmocka_unit_test(test_bound),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
