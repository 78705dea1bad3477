/* llm_test.c: calls from end to end: what comes back, what it costs, and that each
 * settles once whatever the server does. */
#include "tests/unit/workers/llm/llm_fixture.h"
#include "core/base/json.h"

#define REPLY(text, finish, usage)                                                     \
    "{\"id\":\"x\",\"model\":\"served\",\"choices\":[{\"message\":{\"content\":"       \
    "\"" text "\"},\"finish_reason\":\"" finish "\"}]" usage "}"
#define USAGE ",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":10}"
#define OK_REPLY REPLY("Hello", "stop", USAGE)
#define STEPS(...)                                                                     \
    static const struct step steps[] = {__VA_ARGS__};                                  \
    struct fixture f;                                                                  \
    fixture_start(&f, steps, sizeof steps / sizeof *steps)

static void test_ok(void **state)
{
    (void)state;
    STEPS({200, OK_REPLY, "X-Request-Id", "req-1"});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_OK);
    assert_string_equal(c->text, "Hello");
    assert_string_equal(c->finish, "stop");
    assert_string_equal(c->model, "served");
    assert_string_equal(c->message, "");
    assert_int_equal(c->result.status, 200);
    assert_true(c->result.sent && !c->result.possibly_billed);
    assert_false(c->result.usage_estimated);
    assert_int_equal(c->result.tokens_in, 1000);
    assert_int_equal(c->result.tokens_out, 10);
    assert_int_equal(c->result.usd_nano, 1000 * 150 + 10 * 600); /* gpt-4o-mini */
    assert_string_equal(f.keys[0], "Bearer " KEY);
    assert_string_equal(f.ids[0], "camp/write/1/2/3");
    fixture_stop(&f);
    assert_int_equal(f.calls[0].count, 1);
}

static void test_cached_costs_less(void **state)
{
    (void)state;
    STEPS({200,
           REPLY("Hello", "stop",
                 ",\"usage\":{\"prompt_tokens\":1000,\"completion_tokens\":10,"
                 "\"prompt_tokens_details\":{\"cached_tokens\":600}}"),
           NULL, NULL});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->result.tokens_in, 1000);
    assert_int_equal(c->result.tokens_cached, 600);
    assert_int_equal(c->result.usd_nano, 400 * 150 + 600 * 75 + 10 * 600);
    fixture_stop(&f);
}

static void test_usage_estimated(void **state)
{
    (void)state;
    STEPS({200, REPLY("abcdef", "stop", ""), NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    int64_t most = llm_estimate(f.llm, &call).tokens;
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_OK);
    assert_true(c->result.usage_estimated);
    assert_int_equal(c->result.tokens_in, most - 100);
    assert_int_equal(c->result.tokens_out, 2);
    assert_true(c->result.usd_nano > 0);
    fixture_stop(&f);
}

static void test_length(void **state)
{
    (void)state;
    STEPS({200, REPLY("Hel", "length", USAGE), NULL, NULL},
          {200, REPLY("{", "length", USAGE), NULL, NULL},
          {200, REPLY("{", "length", USAGE), NULL, NULL});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_OK); /* a plain text is of use */
    assert_string_equal(c->finish, "length");
    a.schema = "{\"type\":\"object\"}"; /* half an object is not */
    c = exchange(&f, &a, 1);
    assert_int_equal(c->code, ERR_TRUNCATED);
    assert_true(c->result.retryable);
    assert_string_equal(c->text, "{");
    assert_int_equal(c->result.tokens_out, 10); /* and it was paid for */
    assert_true(c->result.usd_nano > 0);
    struct port_call again = call_of(&a);
    again.failures = 1; /* it would be too long each time, and paid for each time */
    (void)start_call(&f, &again, 2);
    c = await_call(&f, 2);
    assert_int_equal(c->code, ERR_TRUNCATED);
    assert_false(c->result.retryable);
    fixture_stop(&f);
}

static void test_rate_limit(void **state)
{
    (void)state;
    STEPS({429, "{\"error\":{\"message\":\"slow\",\"code\":\"rate_limit_exceeded\"}}",
           "Retry-After", "2"});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_RATE);
    assert_true(c->result.retryable && c->result.sent);
    assert_int_equal(c->result.retry_after_ms, 2000);
    assert_int_equal(c->result.status, 429);
    assert_string_equal(c->text, "");
    assert_int_equal(c->result.tokens_in + c->result.usd_nano, 0);
    assert_false(c->result.usage_estimated);
    fixture_stop(&f);
}

static void test_server_error(void **state)
{
    (void)state;
    STEPS({500, "<html>no</html>", NULL, NULL}, {200, OK_REPLY, NULL, NULL});
    struct ask a = plain_ask();
    assert_int_equal(exchange(&f, &a, 0)->code, ERR_SERVER);
    assert_true(f.calls[0].result.retryable);
    assert_false(f.calls[0].result.possibly_billed);
    assert_int_equal(exchange(&f, &a, 1)->code, ERR_OK);
    fixture_stop(&f);
}

static void test_drop(void **state)
{
    (void)state;
    STEPS({0, NULL, NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    struct port_estimate most = llm_estimate(f.llm, &call);
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_UNKNOWN_OUTCOME);
    assert_true(c->result.retryable && c->result.sent && c->result.possibly_billed);
    assert_int_equal(c->result.tokens_in + c->result.tokens_out, most.tokens);
    assert_int_equal(c->result.usd_nano, most.usd_nano);
    assert_true(c->result.usage_estimated);
    assert_int_equal(f.requests, 1); /* never sent twice */
    fixture_stop(&f);
}

static void test_nobody_listens(void **state)
{
    (void)state;
    STEPS({0, NULL, NULL, NULL});
    httpd_free(f.server);
    struct httpd_options o = {.listen = "127.0.0.1:0", .max_body_bytes = 1};
    struct err_detail d = {0};
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_UNSENT);
    assert_true(c->result.retryable);
    assert_false(c->result.sent || c->result.possibly_billed);
    assert_int_equal(c->result.tokens_in + c->result.usd_nano, 0);
    assert_int_equal(httpd_new(f.loop, &o, on_request, on_gone, &f, &f.server, &d),
                     ERR_OK);
    fixture_stop(&f);
}

static void test_cancel(void **state)
{
    (void)state;
    STEPS({-1, NULL, NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    uint64_t id = start_call(&f, &call, 0);
    assert_int_equal(loop_run_until(f.loop, &f.arrived, WAIT_MS), ERR_OK);
    llm_cancel(f.llm, id);
    assert_int_equal(f.calls[0].count, 0); /* never inside the call */
    const struct seen_call *c = await_call(&f, 0);
    assert_int_equal(c->code, ERR_CANCELLED);
    assert_false(c->result.retryable);
    assert_true(c->result.sent && c->result.possibly_billed);
    assert_string_equal(c->finish, "cancelled");
    llm_cancel(f.llm, id); /* gone: a no-op */
    fixture_stop(&f);
    assert_int_equal(f.calls[0].count, 1);
}

static void test_deadline(void **state)
{
    (void)state;
    static const struct step steps[] = {{-1, NULL, NULL, NULL}};
    struct fixture f;
    struct err_detail d = {0};
    struct ask a = plain_ask();
    fixture_server(&f, steps, 1);
    assert_int_equal(fixture_llm(&f, NULL, 100, &d), ERR_OK);
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_DEADLINE);
    assert_true(c->result.retryable);
    fixture_stop(&f);
}

/* Leave that has run out is no call, and no failure of one. */
static void test_late_leave(void **state)
{
    (void)state;
    STEPS({200, OK_REPLY, NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    uint64_t id;
    call.grant = (struct port_grant){.there = {.gate = 1}};
    assert_int_equal(llm_call(f.llm, &call, on_call, &f, 0, &id), ERR_CANCELLED);
    fixture_stop(&f);
    assert_int_equal(f.calls[0].count + (int)f.requests, 0);
}

static void test_a_hint_closes_the_endpoint(void **state)
{
    (void)state;
    STEPS({429, "{}", NULL, NULL}, {429, "{}", "Retry-After", "5"});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    struct port_grant leave;
    assert_true(llm_admit(f.llm, &call, 1, &leave));
    assert_int_equal(exchange(&f, &a, 0)->code, ERR_RATE);
    assert_true(llm_admit(f.llm, &call, 1, &leave)); /* no hint */
    assert_int_equal(exchange(&f, &a, 1)->code, ERR_RATE);
    assert_false(llm_admit(f.llm, &call, 1, &leave));
    call.endpoint = "nowhere"; /* is told so by its call */
    assert_true(llm_admit(f.llm, &call, 1, &leave));
    llm_forgo(f.llm, &leave);
    llm_leave(f.llm);
    fixture_stop(&f);
}

/* llm_free() settles what is in flight, and what waits to be settled. */
static void test_free_settles(void **state)
{
    (void)state;
    STEPS({-1, NULL, NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    (void)start_call(&f, &call, 0);
    assert_int_equal(loop_run_until(f.loop, &f.arrived, WAIT_MS), ERR_OK);
    call.endpoint = "nowhere";
    (void)start_call(&f, &call, 1);
    llm_free(f.llm);
    f.llm = NULL;
    assert_int_equal(f.calls[0].count, 1);
    assert_int_equal(f.calls[0].code, ERR_CANCELLED);
    assert_int_equal(f.calls[1].count, 1);
    assert_int_equal(f.calls[1].code, ERR_CONFIG);
    fixture_stop(&f);
    assert_int_equal(f.calls[1].count, 1);
}

static void on_call_frees(void *arg, uint64_t ticket, const struct port_call_result *r)
{
    struct fixture *f = arg;
    on_call(arg, ticket, r);
    llm_free(f->llm);
    f->llm = NULL;
}

static void test_callback_may_free(void **state)
{
    (void)state;
    STEPS({200, OK_REPLY, NULL, NULL});
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    uint64_t id;
    assert_int_equal(llm_call(f.llm, &call, on_call_frees, &f, 0, &id), ERR_OK);
    assert_int_equal(await_call(&f, 0)->code, ERR_OK);
    assert_null(f.llm);
    fixture_stop(&f);
}

/* A server that quotes the key does not get it into logs and audit rows. */
static void test_key_is_hidden(void **state)
{
    (void)state;
    STEPS({401, "{\"error\":{\"message\":\"Bad key " KEY "!\"}}", NULL, NULL});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_AUTH);
    assert_null(strstr(c->message, KEY));
    assert_non_null(strstr(c->message, "Bad key *****"));
    fixture_stop(&f);
}

/* The message is cut inside the key: its beginning is hidden too. */
static void test_cut_key_is_hidden(void **state)
{
    (void)state;
    static char body[512];
    (void)snprintf(body, sizeof body, "{\"error\":{\"message\":\"%0232d" KEY "\"}}", 0);
    STEPS({401, body, NULL, NULL});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_in_range(strlen(c->message), 250, 255);
    assert_null(strstr(c->message, "sk-"));
    assert_non_null(strstr(c->message, "00*****"));
    fixture_stop(&f);
}

/* A parameter is refused once; the retry goes without it, and so do later calls. */
static void test_refused_parameter_is_learnt(void **state)
{
    (void)state;
    static const char refusal[] =
        "{\"error\":{\"message\":\"Unsupported parameter: 'max_tokens' is not "
        "supported\","
        "\"param\":\"max_tokens\",\"code\":\"unsupported_parameter\"}}";
    STEPS({400, refusal, NULL, NULL}, {200, OK_REPLY, NULL, NULL},
          {400, refusal, NULL, NULL});
    struct ask a = plain_ask();
    const struct seen_call *c = exchange(&f, &a, 0);
    assert_int_equal(c->code, ERR_BAD_REQUEST);
    assert_true(c->result.retryable);
    assert_non_null(strstr(f.bodies[0], "\"max_tokens\":100"));
    assert_int_equal(exchange(&f, &a, 1)->code, ERR_OK);
    assert_null(strstr(f.bodies[1], "\"max_tokens\""));
    assert_non_null(strstr(f.bodies[1], "\"max_completion_tokens\":100"));
    assert_false(exchange(&f, &a, 2)->result.retryable); /* no use in a third try */
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ok),
        cmocka_unit_test(test_cached_costs_less),
        cmocka_unit_test(test_usage_estimated),
        cmocka_unit_test(test_length),
        cmocka_unit_test(test_rate_limit),
        cmocka_unit_test(test_server_error),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_nobody_listens),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_deadline),
        cmocka_unit_test(test_late_leave),
        cmocka_unit_test(test_a_hint_closes_the_endpoint),
        cmocka_unit_test(test_free_settles),
        cmocka_unit_test(test_callback_may_free),
        cmocka_unit_test(test_key_is_hidden),
        cmocka_unit_test(test_cut_key_is_hidden),
        cmocka_unit_test(test_refused_parameter_is_learnt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
