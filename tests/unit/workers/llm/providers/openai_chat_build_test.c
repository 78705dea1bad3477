/* openai_chat_build_test.c: requests, checked by reading them back. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "core/base/json.h"
#include "core/base/utf8.h"
#include <stdlib.h>

#define SCHEMA "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}}}"

struct built {
    struct provider_request q;
    struct json *body;
};

static struct config_endpoint endpoint(void)
{
    return (struct config_endpoint){.name = "default",
                                    .dialect = "openai_chat",
                                    .base_url = "http://127.0.0.1:1/v1",
                                    .model = "m",
                                    .json_schema = true};
}

static struct ask ask(void)
{
    return (struct ask){.type = ASK_CHAT,
                        .system = "You write.",
                        .user = "Write \"it\".\n",
                        .temperature = 0.7,
                        .max_tokens = 150,
                        .seed = 42};
}

static struct port_call call_of(const struct ask *a)
{
    return (struct port_call){.campaign = "c",
                              .stage = "write",
                              .ask = a,
                              .endpoint = "",
                              .model = "",
                              .refused_text = "",
                              .objection = ""};
}

static void build(struct built *b, const struct config_endpoint *e, const char *key,
                  const struct port_call *call, unsigned without)
{
    struct err_detail d = {0};
    provider_request_init(&b->q);
    b->q.without = without;
    const struct provider *p = provider_find("openai_chat");
    assert_int_equal(p->build(e, key, "model-1", call, &b->q), ERR_OK);
    if (json_parse(b->q.body.data, b->q.body.len, &json_limits_reply, &b->body, &d))
        fail_msg("%s in %s", d.message, b->q.body.data);
}

static void built_end(struct built *b)
{
    json_free(b->body);
    provider_request_fini(&b->q);
}

static const struct json *message(const struct built *b, size_t i, const char *role)
{
    const struct json *m = json_at(json_get(b->body, "messages"), i);
    assert_non_null(m);
    assert_string_equal(json_str(json_get(m, "role"), ""), role);
    return json_get(m, "content");
}

static size_t message_count(const struct built *b)
{
    return json_count(json_get(b->body, "messages"));
}

static void test_plain(void **state)
{
    (void)state;
    static const char *const order[] = {"model", "messages", "temperature",
                                        "max_tokens", "seed"};
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a);
    struct built b;
    build(&b, &e, "sk-1", &call, 0);
    assert_string_equal(buf_str(&b.q.url), "http://127.0.0.1:1/v1/chat/completions");
    assert_int_equal(json_count(b.body), 5);
    size_t i = 0;
    json_each (member, b.body) {
        assert_string_equal(json_key(member), order[i++]);
    }
    assert_string_equal(json_str(json_get(b.body, "model"), ""), "model-1");
    assert_true(json_num(json_get(b.body, "temperature"), 0) == 0.7);
    assert_int_equal(json_int(json_get(b.body, "max_tokens"), 0), 150);
    assert_int_equal(json_int(json_get(b.body, "seed"), 0), 42);
    assert_int_equal(message_count(&b), 2);
    assert_string_equal(json_str(message(&b, 0, "system"), ""), "You write.");
    assert_string_equal(json_str(message(&b, 1, "user"), ""), "Write \"it\".\n");
    built_end(&b);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    (void)snprintf(e.base_url, sizeof e.base_url, "http://127.0.0.1:1/v1//");
    struct ask a = ask();
    a.system = NULL;
    a.max_tokens = 0;
    a.seed = UINT64_MAX;
    struct port_call call = call_of(&a);
    struct built b;
    build(&b, &e, NULL, &call, 0);
    assert_string_equal(buf_str(&b.q.url), "http://127.0.0.1:1/v1/chat/completions");
    assert_int_equal(message_count(&b), 1);
    assert_null(json_get(b.body, "max_tokens"));
    assert_int_equal(json_int(json_get(b.body, "seed"), 0), INT32_MAX);
    assert_int_equal(b.q.header_count, 3); /* no key, no Authorization */
    built_end(&b);
}

static void test_schema(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    a.schema_name = "variant";
    a.schema = SCHEMA;
    struct port_call call = call_of(&a);
    struct built b;
    build(&b, &e, NULL, &call, 0);
    const struct json *format = json_get(b.body, "response_format");
    const struct json *inner = json_get(format, "json_schema");
    assert_string_equal(json_str(json_get(format, "type"), ""), "json_schema");
    assert_string_equal(json_str(json_get(inner, "name"), ""), "variant");
    assert_true(json_bool(json_get(inner, "strict"), false));
    assert_string_equal(json_str(json_get(json_get(inner, "schema"), "type"), ""),
                        "object");
    assert_null(strstr(json_str(message(&b, 1, "user"), ""), "Schema"));
    built_end(&b);
}

static void test_schema_in_prompt(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    a.schema = SCHEMA;
    struct port_call call = call_of(&a);
    for (int refused = 0; refused < 2; refused++) { /* configured, or learnt */
        struct built b;
        e.structured = refused ? CONFIG_STRUCTURED_SCHEMA : CONFIG_STRUCTURED_PROMPT;
        build(&b, &e, NULL, &call, refused ? PROVIDER_SCHEMA : 0);
        const char *user = json_str(message(&b, 1, "user"), "");
        assert_null(json_get(b.body, "response_format"));
        assert_memory_equal(user, a.user, strlen(a.user));
        assert_non_null(strstr(user, SCHEMA));
        built_end(&b);
    }
}

static void test_learnt_parameters(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a);
    struct built b;
    build(&b, &e, NULL, &call,
          PROVIDER_TEMPERATURE | PROVIDER_MAX_TOKENS | PROVIDER_SEED);
    assert_null(json_get(b.body, "temperature"));
    assert_null(json_get(b.body, "seed"));
    assert_null(json_get(b.body, "max_tokens"));
    assert_int_equal(json_int(json_get(b.body, "max_completion_tokens"), 0), 150);
    built_end(&b);
}

static void test_reask(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a);
    call.refused_text = "too long a text";
    call.objection = "Use 20 characters at most.";
    struct built b;
    build(&b, &e, NULL, &call, 0);
    assert_int_equal(message_count(&b), 4);
    assert_string_equal(json_str(message(&b, 1, "user"), ""), a.user);
    assert_string_equal(json_str(message(&b, 2, "assistant"), ""), "too long a text");
    assert_string_equal(json_str(message(&b, 3, "user"), ""), call.objection);
    built_end(&b);
}

/* Without a text to show, the roles must still alternate. */
static void test_reask_of_nothing(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a);
    call.objection = "Say something.";
    struct built b;
    build(&b, &e, NULL, &call, 0);
    assert_int_equal(message_count(&b), 2);
    const char *user = json_str(message(&b, 1, "user"), "");
    assert_non_null(strstr(user, a.user));
    assert_non_null(strstr(user, call.objection));
    built_end(&b);
}

static void test_long_refused_text_is_cut(void **state)
{
    (void)state;
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    struct port_call call = call_of(&a);
    char text[9001] = ""; /* 3000 characters of 3 bytes: 8192 is inside one */
    for (int i = 0; i < 3000; i++)
        memcpy(text + (size_t)i * 3, "\xe4\xb8\xad", 4);
    call.refused_text = text;
    call.objection = "No.";
    struct built b;
    build(&b, &e, NULL, &call, 0);
    const char *said = json_str(message(&b, 2, "assistant"), "");
    assert_int_equal(strlen(said), PROVIDER_REFUSED_MAX_BYTES / 3 * 3);
    assert_int_equal(utf8_invalid_at(said, strlen(said)), strlen(said));
    built_end(&b);
}

static void test_too_large(void **state)
{
    (void)state;
    size_t size = (size_t)9 * 1024 * 1024;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'a', size - 1);
    text[size - 1] = '\0';
    struct config_endpoint e = endpoint();
    struct ask a = ask();
    a.user = text;
    struct port_call call = call_of(&a);
    struct provider_request q;
    provider_request_init(&q);
    enum err got = provider_find("openai_chat")->build(&e, NULL, "m", &call, &q);
    assert_int_equal(got, ERR_LIMIT);
    provider_request_fini(&q);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_schema),
        cmocka_unit_test(test_schema_in_prompt),
        cmocka_unit_test(test_learnt_parameters),
        cmocka_unit_test(test_reask),
        cmocka_unit_test(test_reask_of_nothing),
        cmocka_unit_test(test_long_refused_text_is_cut),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
