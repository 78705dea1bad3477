/* llm_asks_test.c: embeddings and moderations as calls: where they go, what they cost,
 * and that no chat goes there. */
#include "tests/unit/workers/llm/llm_fixture.h"

#define EMBEDDED                                                                       \
    "{\"model\":\"served\",\"data\":[{\"embedding\":[1,-2]}],\"usage\":"               \
    "{\"prompt_tokens\":1000}}"
#define UNCOUNTED "{\"data\":[{\"embedding\":[1,-2]}]}"
#define CLEAN "{\"results\":[{\"flagged\":false,\"categories\":{\"hate\":false}}]}"
#define CHATTED                                                                        \
    "{\"choices\":[{\"message\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}"
#define BROKE "{\"error\":{\"message\":\"x\",\"type\":\"insufficient_quota\"}}"
#define SLOW "{\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}"

/* %s: more keys. Those that do not chat come first. */
#define OTHERS                                                                         \
    "[endpoint numbers]\ndialect = openai_embeddings\nmodel = m-e\nbase_url = %s\n%s"  \
    "[endpoint guard]\ndialect = openai_moderations\nmodel = m-m\nbase_url = %s\n%s"
#define CHATS "[endpoint main]\nmodel = gpt-4o-mini\nbase_url = %s\nhedge = true\n"

static void start(struct fixture *f, const struct step *steps, size_t count,
                  const char *ini, const char *numbers, const char *guard)
{
    struct err_detail d = {0};
    char text[1024];
    fixture_server(f, steps, count);
    f->any_path = true;
    (void)snprintf(text, sizeof text, ini, f->base_url, numbers, f->base_url, guard,
                   f->base_url);
    if (fixture_llm(f, text, WAIT_MS, &d))
        fail_msg("%s: %s", d.path, d.message);
}
#define START(ini, numbers, guard, ...)                                                \
    static const struct step steps[] = {__VA_ARGS__};                                  \
    struct fixture f;                                                                  \
    start(&f, steps, sizeof steps / sizeof *steps, ini, numbers, guard)

static struct ask ask_of(enum ask_type type)
{
    struct ask a = plain_ask();
    if (type != ASK_CHAT)
        a = (struct ask){.type = type, .user = "Winter tea"};
    return a;
}

/* Each to the endpoint of its dialect, with the model there, whatever the spec names.
 */
static void test_each_has_its_endpoint(void **state)
{
    (void)state;
    START(OTHERS CHATS, "", "", {200, EMBEDDED, NULL, NULL}, {200, CLEAN, NULL, NULL},
          {200, CHATTED, NULL, NULL});
    static const struct {
        enum ask_type type;
        const char *path, *model, *text;
    } rows[] = {
        {ASK_EMBED, "/v1/embeddings", "\"model\":\"m-e\"", "AACAPwAAAMA="},
        {ASK_MODERATE, "/v1/moderations", "\"model\":\"m-m\"",
         "{\"flagged\":false,\"categories\":[]}"},
        {ASK_CHAT, "/v1/chat/completions", "\"model\":\"gpt-4.1\"", "Hello"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct ask a = ask_of(rows[i].type);
        struct port_call call = call_of(&a);
        call.endpoint = i == 1 ? "main" : "";
        call.model = "gpt-4.1";
        (void)start_call(&f, &call, i);
        const struct seen_call *c = await_call(&f, i);
        assert_int_equal(c->code, ERR_OK);
        assert_string_equal(c->text, rows[i].text);
        assert_string_equal(f.paths[i], rows[i].path);
        assert_non_null(strstr(f.bodies[i], rows[i].model));
        assert_string_equal(f.ids[i], "camp/write/1/2/3");
    }
    fixture_stop(&f);
}

static void test_the_named_one_if_it_can(void **state)
{
    (void)state;
    START(OTHERS "[endpoint second]\ndialect = openai_embeddings\nmodel = m-2\n"
                 "base_url = %s\n",
          "", "", {200, EMBEDDED, NULL, NULL});
    struct ask a = ask_of(ASK_EMBED);
    struct port_call call = call_of(&a);
    call.endpoint = "second";
    (void)start_call(&f, &call, 0);
    assert_int_equal(await_call(&f, 0)->code, ERR_OK);
    assert_non_null(strstr(f.bodies[0], "\"model\":\"m-2\""));
    fixture_stop(&f);
}

static void test_no_chat_goes_there(void **state)
{
    (void)state;
    START(OTHERS, "", "", {0, NULL, NULL, NULL});
    struct ask a = ask_of(ASK_CHAT);
    struct port_call call = call_of(&a);
    assert_false(llm_is_ready(f.llm));
    assert_false(llm_endpoint_chats(f.llm, 0) || llm_endpoint_chats(f.llm, 1));
    for (size_t i = 0; i < 2; i++) {
        call.endpoint = i ? "numbers" : "";
        assert_int_equal(llm_estimate(f.llm, &call).usd_nano, -1);
        (void)start_call(&f, &call, i);
        const struct seen_call *c = await_call(&f, i);
        assert_int_equal(c->code, ERR_CONFIG);
        assert_false(c->result.sent || c->result.retryable);
        assert_non_null(strstr(c->message, "no LLM endpoint is configured"));
    }
    assert_int_equal(f.requests, 0);
    fixture_stop(&f);
}

/* Who named an endpoint for chat is not sent to another provider unasked. */
static void test_no_chat_goes_elsewhere(void **state)
{
    (void)state;
    START(OTHERS CHATS, "", "", {0, NULL, NULL, NULL});
    struct ask a = ask_of(ASK_CHAT);
    struct port_call call = call_of(&a);
    call.endpoint = "numbers";
    assert_int_equal(llm_estimate(f.llm, &call).usd_nano, -1);
    (void)start_call(&f, &call, 0);
    assert_int_equal(await_call(&f, 0)->code, ERR_CONFIG);
    assert_non_null(strstr(f.calls[0].message, "no endpoint 'numbers' that chats"));
    assert_int_equal(f.requests, 0);
    fixture_stop(&f);
}

/* Nor by failover: with nowhere else to go money is not tried again. */
static void test_no_chat_falls_back_there(void **state)
{
    (void)state;
    START(OTHERS CHATS "fallback = numbers\n", "", "", {429, BROKE, NULL, NULL});
    struct ask a = ask_of(ASK_CHAT);
    assert_int_equal(exchange(&f, &a, 0)->code, ERR_MONEY);
    assert_false(f.calls[0].result.retryable);
    fixture_stop(&f);
}

static void test_nobody_serves_it(void **state)
{
    (void)state;
    START("[endpoint main]\nmodel = m\nbase_url = %s\n%s", "", "",
          {0, NULL, NULL, NULL});
    static const char *const wanted[] = {"openai_embeddings", "openai_moderations"};
    for (size_t i = 0; i < 2; i++) {
        struct ask a = ask_of(i ? ASK_MODERATE : ASK_EMBED);
        const struct seen_call *c = exchange(&f, &a, i);
        assert_int_equal(c->code, ERR_CONFIG);
        assert_false(c->result.sent || c->result.retryable);
        assert_non_null(strstr(c->message, wanted[i]));
    }
    assert_true(llm_is_ready(f.llm));
    assert_int_equal(f.requests, 0);
    fixture_stop(&f);
}

/* price_in is all that an embedding has; what nobody counted is estimated. */
static void test_embeddings_are_priced(void **state)
{
    (void)state;
    START(OTHERS, "price_in = 0.02\n", "", {200, EMBEDDED, NULL, NULL},
          {200, UNCOUNTED, NULL, NULL}, {0, NULL, NULL, NULL}, {429, SLOW, NULL, NULL});
    struct ask a = ask_of(ASK_EMBED);
    struct port_call call = call_of(&a);
    struct port_estimate most = llm_estimate(f.llm, &call);
    assert_true(most.tokens > 0 && most.tokens < 100); /* nothing comes out */
    assert_int_equal(most.usd_nano, most.tokens * 20);
    assert_true(llm_price_known(f.llm, "numbers", ""));
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->result.tokens_in, 1000);
    assert_int_equal(c->result.tokens_out, 0);
    assert_int_equal(c->result.usd_nano, 1000 * 20);
    assert_false(c->result.usage_estimated);
    c = exchange(&f, &a, 1);
    assert_int_equal(c->code, ERR_OK);
    assert_true(c->result.usage_estimated);
    assert_int_equal(c->result.tokens_in, most.tokens);
    assert_int_equal(c->result.tokens_out, 0); /* base64 is no text of a model */
    c = exchange(&f, &a, 2);
    assert_true(c->result.possibly_billed);
    assert_int_equal(c->result.usd_nano, most.usd_nano);
    c = exchange(&f, &a, 3);
    assert_int_equal(c->code, ERR_RATE);
    assert_int_equal(c->result.usd_nano + c->result.tokens_in, 0);
    fixture_stop(&f);
}

static void test_moderations_are_free(void **state)
{
    (void)state;
    START(OTHERS, "", "", {200, CLEAN, NULL, NULL});
    struct ask a = ask_of(ASK_MODERATE);
    struct port_call call = call_of(&a);
    struct port_estimate most = llm_estimate(f.llm, &call);
    assert_int_equal(most.tokens, 0);
    assert_int_equal(most.usd_nano, 0); /* known */
    assert_true(llm_price_known(f.llm, "guard", ""));
    assert_false(llm_price_known(f.llm, "numbers", ""));
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_OK);
    assert_int_equal(c->result.tokens_in + c->result.tokens_out, 0);
    assert_int_equal(c->result.usd_nano, 0);
    fixture_stop(&f);
}

static void test_moderations_with_a_price(void **state)
{
    (void)state;
    START(OTHERS, "", "price_in = 1\n", {200, CLEAN, NULL, NULL});
    struct ask a = ask_of(ASK_MODERATE);
    struct port_call call = call_of(&a);
    struct port_estimate most = llm_estimate(f.llm, &call);
    assert_true(most.tokens > 0);
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->result.tokens_in, most.tokens);
    assert_int_equal(c->result.usd_nano, most.tokens * 1000);
    assert_int_equal(c->result.usd_nano, most.usd_nano);
    fixture_stop(&f);
}

/* `stream` of an endpoint that has no streams is without effect. */
static void test_never_streamed(void **state)
{
    (void)state;
    START(OTHERS, "stream = true\n", "", {200, EMBEDDED, NULL, NULL});
    struct ask a = ask_of(ASK_EMBED);
    assert_int_equal(exchange(&f, &a, 0)->code, ERR_OK);
    assert_null(strstr(f.bodies[0], "stream"));
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_has_its_endpoint),
        cmocka_unit_test(test_the_named_one_if_it_can),
        cmocka_unit_test(test_no_chat_goes_there),
        cmocka_unit_test(test_no_chat_goes_elsewhere),
        cmocka_unit_test(test_no_chat_falls_back_there),
        cmocka_unit_test(test_nobody_serves_it),
        cmocka_unit_test(test_embeddings_are_priced),
        cmocka_unit_test(test_moderations_are_free),
        cmocka_unit_test(test_moderations_with_a_price),
        cmocka_unit_test(test_never_streamed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
