/* dialects_build_test.c: requests of the dialects beside chat, read back. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "core/base/json.h"
#include <stdlib.h>

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}}"

struct built {
    struct provider_request q;
    struct json *body;
};

static struct config_endpoint endpoint(void)
{
    return (struct config_endpoint){
        .name = "e", .base_url = "https://x.example/v1/", .model = "m"};
}

static struct ask ask(void)
{
    return (struct ask){.type = ASK_CHAT,
                        .system = "You write.",
                        .user = "Write \"it\".",
                        .schema = SCHEMA,
                        .schema_name = "copy",
                        .temperature = 1.5,
                        .max_tokens = 150,
                        .seed = 42};
}

static struct port_call call_of(const struct ask *a, bool again)
{
    return (struct port_call){.campaign = "c",
                              .stage = "write",
                              .ask = a,
                              .endpoint = "",
                              .model = "",
                              .refused_text = again ? "bad" : "",
                              .objection = again ? "too long" : ""};
}

static void build_streamed(struct built *b, const char *dialect,
                           const struct config_endpoint *e,
                           const struct port_call *call, bool stream, unsigned without)
{
    struct err_detail d = {0};
    provider_request_init(&b->q);
    b->q.stream = stream;
    b->q.without = without;
    assert_int_equal(
        provider_find(dialect)->build(e, "sk-1", "org/model 1", call, &b->q), ERR_OK);
    if (json_parse(b->q.body.data, b->q.body.len, &json_limits_reply, &b->body, &d))
        fail_msg("%s in %s", d.message, b->q.body.data);
}

static void build(struct built *b, const char *dialect, const struct config_endpoint *e,
                  const struct port_call *call)
{
    build_streamed(b, dialect, e, call, false, 0);
}

static void built_end(struct built *b)
{
    json_free(b->body);
    provider_request_fini(&b->q);
}

static const char *header(const struct built *b, const char *name)
{
    for (size_t i = 0; i < b->q.header_count; i++)
        if (strcmp(b->q.headers[i].name, name) == 0)
            return b->q.headers[i].value;
    return "";
}

/* "a.0.b" of the body. */
static const struct json *at(const struct built *b, const char *path)
{
    const struct json *j = b->body;
    char part[64];
    while (*path && j) {
        size_t n = strcspn(path, ".");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        j = json_type(j) == JSON_ARRAY ? json_at(j, strtoul(part, NULL, 10))
                                       : json_get(j, part);
        path += n + (path[n] == '.');
    }
    return j;
}

static void is_text(const struct built *b, const char *path, const char *want)
{
    const char *got = json_str(at(b, path), "(none)");
    if (strcmp(got, want) != 0)
        fail_msg("%s is %s, wanted %s", path, got, want);
}

static void test_anthropic(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, true);
    struct built b;
    build(&b, "anthropic", &e, &call);
    assert_string_equal(buf_str(&b.q.url), "https://x.example/v1/messages");
    assert_string_equal(header(&b, "x-api-key"), "sk-1");
    assert_string_equal(header(&b, "Authorization"), "");
    assert_true(header(&b, "anthropic-version")[0]);
    is_text(&b, "system", "You write.");
    is_text(&b, "messages.0.role", "user");
    is_text(&b, "messages.1.role", "assistant");
    is_text(&b, "messages.1.content", "bad");
    is_text(&b, "messages.2.content", "too long");
    assert_int_equal(json_int(at(&b, "max_tokens"), 0), 150);
    assert_true(json_num(at(&b, "temperature"), 0) == 1); /* its highest */
    is_text(&b, "output_config.format.type", "json_schema");
    is_text(&b, "output_config.format.schema.type", "object");
    assert_null(at(&b, "seed"));
    built_end(&b);
    a.max_tokens = 0;
    e.structured = CONFIG_STRUCTURED_TOOL;
    build(&b, "anthropic", &e, &call);
    assert_true(json_int(at(&b, "max_tokens"), 0) > 0); /* it must be there */
    is_text(&b, "tools.0.input_schema.type", "object");
    is_text(&b, "tool_choice.name", "copy");
    assert_null(at(&b, "output_config"));
    built_end(&b);
}

static void test_gemini(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, true);
    struct built b;
    build(&b, "gemini", &e, &call);
    assert_string_equal(buf_str(&b.q.url),
                        "https://x.example/v1/models/org%2Fmodel%201:generateContent");
    assert_string_equal(header(&b, "x-goog-api-key"), "sk-1");
    is_text(&b, "systemInstruction.parts.0.text", "You write.");
    is_text(&b, "contents.0.parts.0.text", "Write \"it\".");
    is_text(&b, "contents.1.role", "model");
    assert_int_equal(json_int(at(&b, "generationConfig.maxOutputTokens"), 0), 150);
    assert_int_equal(json_int(at(&b, "generationConfig.seed"), 0), 42);
    is_text(&b, "generationConfig.responseMimeType", "application/json");
    is_text(&b, "generationConfig.responseJsonSchema.type", "object");
    built_end(&b);
    e.structured = CONFIG_STRUCTURED_OBJECT;
    call = call_of(&a, false);
    build(&b, "gemini", &e, &call);
    assert_null(at(&b, "generationConfig.responseJsonSchema"));
    assert_non_null(strstr(json_str(at(&b, "contents.0.parts.0.text"), ""), SCHEMA));
    built_end(&b);
}

static void test_responses(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, false);
    struct built b;
    build(&b, "openai_responses", &e, &call);
    assert_string_equal(buf_str(&b.q.url), "https://x.example/v1/responses");
    assert_string_equal(header(&b, "Authorization"), "Bearer sk-1");
    is_text(&b, "instructions", "You write.");
    is_text(&b, "input.0.content", "Write \"it\".");
    is_text(&b, "text.format.type", "json_schema");
    is_text(&b, "text.format.name", "copy");
    assert_int_equal(json_int(at(&b, "max_output_tokens"), 0), 150);
    assert_false(json_bool(at(&b, "store"), true));
    built_end(&b);
    e.structured = CONFIG_STRUCTURED_TOOL;
    build(&b, "openai_responses", &e, &call);
    is_text(&b, "tools.0.parameters.type", "object");
    is_text(&b, "tool_choice", "required");
    assert_null(at(&b, "text"));
    built_end(&b);
}

static void test_streams(void **state)
{
    (void)state;
    static const char *const dialects[] = {"openai_chat", "azure_openai",
                                           "openai_completions", "openai_responses",
                                           "anthropic"};
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, false);
    struct built b;
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        build_streamed(&b, dialects[i], &e, &call, true, 0);
        assert_true(json_bool(at(&b, "stream"), false));
        assert_int_equal(json_bool(at(&b, "stream_options.include_usage"), false),
                         i < 3);
        assert_string_equal(header(&b, "Accept"), "text/event-stream");
        built_end(&b);
        build_streamed(&b, dialects[i], &e, &call, true, PROVIDER_STREAM_USAGE);
        assert_true(json_bool(at(&b, "stream"), false));
        assert_null(at(&b, "stream_options"));
        built_end(&b);
        build(&b, dialects[i], &e, &call);
        bool told =
            strcmp(dialects[i], "openai_responses") == 0; /* that it shall not */
        assert_int_equal(at(&b, "stream") != NULL, told);
        assert_false(json_bool(at(&b, "stream"), false));
        assert_null(at(&b, "stream_options"));
        assert_string_equal(header(&b, "Accept"), "application/json");
        built_end(&b);
    }
    build_streamed(&b, "gemini", &e, &call, true, 0);
    assert_string_equal(
        buf_str(&b.q.url),
        "https://x.example/v1/models/org%2Fmodel%201:streamGenerateContent?alt=sse");
    assert_null(at(&b, "stream"));
    built_end(&b);
}

/* The classic call: prompt, max_tokens=150, temperature=0.7. */
static void test_completions(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    a.system = "";
    a.schema = NULL;
    a.temperature = 0.7;
    struct port_call call = call_of(&a, false);
    struct built b;
    build(&b, "openai_completions", &e, &call);
    assert_string_equal(buf_str(&b.q.url), "https://x.example/v1/completions");
    is_text(&b, "prompt", "Write \"it\".");
    assert_int_equal(json_int(at(&b, "max_tokens"), 0), 150);
    assert_true(json_num(at(&b, "temperature"), 0) > 0.69);
    built_end(&b);
    a = ask();
    call = call_of(&a, true);
    build(&b, "openai_completions", &e, &call);
    const char *prompt = json_str(at(&b, "prompt"), "");
    assert_memory_equal(prompt, "You write.\n\nWrite", 17);
    assert_non_null(strstr(prompt, SCHEMA));
    assert_non_null(strstr(prompt, "\n\nbad\n\ntoo long"));
    built_end(&b);
}

static void test_azure(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, false);
    struct built b;
    build(&b, "azure_openai", &e, &call);
    assert_string_equal(buf_str(&b.q.url), "https://x.example/v1/chat/completions");
    assert_string_equal(header(&b, "api-key"), "sk-1");
    assert_string_equal(header(&b, "Authorization"), "");
    is_text(&b, "model", "org/model 1");
    built_end(&b);
    snprintf(e.base_url, sizeof e.base_url, "https://r.example");
    snprintf(e.api_version, sizeof e.api_version, "2024-10-21");
    build(&b, "azure_openai", &e, &call);
    assert_string_equal(buf_str(&b.q.url),
                        "https://r.example/openai/deployments/org%2Fmodel%201/chat/"
                        "completions?api-version=2024-10-21");
    built_end(&b);
}

static void test_chat_forms(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a, false);
    struct built b;
    e.structured = CONFIG_STRUCTURED_OBJECT;
    snprintf(e.max_tokens_name, sizeof e.max_tokens_name, "max_new_tokens");
    build(&b, "openai_chat", &e, &call);
    is_text(&b, "response_format.type", "json_object");
    assert_non_null(strstr(json_str(at(&b, "messages.1.content"), ""), SCHEMA));
    assert_int_equal(json_int(at(&b, "max_new_tokens"), 0), 150);
    assert_null(at(&b, "max_tokens"));
    built_end(&b);
    e.structured = CONFIG_STRUCTURED_TOOL;
    build(&b, "openai_chat", &e, &call);
    is_text(&b, "tools.0.function.parameters.type", "object");
    is_text(&b, "tool_choice.function.name", "copy");
    assert_null(at(&b, "response_format"));
    built_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_anthropic),  cmocka_unit_test(test_gemini),
        cmocka_unit_test(test_responses),  cmocka_unit_test(test_completions),
        cmocka_unit_test(test_streams),    cmocka_unit_test(test_azure),
        cmocka_unit_test(test_chat_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
