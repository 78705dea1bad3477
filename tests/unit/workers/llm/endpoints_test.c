/* endpoints_test.c: which endpoint, model and price a call gets, and what a bad
 * configuration is told. */
#include "tests/unit/workers/llm/llm_fixture.h"

#define TWO                                                                            \
    "[endpoint fast]\nbase_url = http://127.0.0.1:9/v1\nmodel = gpt-4o-mini\n"         \
    "[endpoint own]\nbase_url = http://127.0.0.1:9/v1\nmodel = local\n"                \
    "price_in = 0.5\nprice_out = 2\n"

static void start(struct fixture *f, const char *ini)
{
    struct err_detail d = {0};
    fixture_server(f, NULL, 0);
    if (fixture_llm(f, ini, WAIT_MS, &d))
        fail_msg("%s: %s", d.path, d.message);
}

static void test_prices(void **state)
{
    (void)state;
    static const struct {
        const char *endpoint, *model;
        int64_t usd_nano; /* of 1 token in and 100 out, beside the prompt; -1 unknown */
        int64_t in, out;
    } cases[] = {
        {"", "", 0, 150, 600},
        {"fast", "", 0, 150, 600},
        {"fast", "gpt-4.1-nano", 0, 100, 400},
        {"fast", "unheard-of", -1, 0, 0},
        {"own", "", 0, 500, 2000},
        {"own", "gpt-4o-mini", 0, 500, 2000}, /* the endpoint's price wins */
        {"nowhere", "", -1, 0, 0},
    };
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    start(&f, TWO);
    assert_true(llm_is_ready(f.llm));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        call.endpoint = cases[i].endpoint;
        call.model = cases[i].model;
        struct port_estimate most = llm_estimate(f.llm, &call);
        int64_t cost = cases[i].usd_nano < 0
                           ? -1
                           : (most.tokens - 100) * cases[i].in + 100 * cases[i].out;
        bool known = llm_price_known(f.llm, cases[i].endpoint, cases[i].model);
        if (most.usd_nano != cost || known != (cost >= 0) || most.tokens <= 100)
            fail_msg("case %zu: %lld", i, (long long)most.usd_nano);
    }
    fixture_stop(&f);
}

/* A reservation covers the dearest class of prompt tokens; an endpoint's own price in
 * takes the table's classes along. */
static void test_price_classes(void **state)
{
    (void)state;
    static const struct {
        const char *ini;
        int64_t in;
    } cases[] = {
        {"price_written = 0.25\n", 250},
        {"price_cached = 0.01\n", 150},
        {"price_in = 0.01\nprice_out = 0.6\n", 10},
        {"price_in = 0.2\nprice_out = 0.6\nprice_written = 0.1\n", 200},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct ask a = plain_ask();
        struct port_call call = call_of(&a);
        char ini[256];
        (void)snprintf(ini, sizeof ini, "[endpoint e]\nmodel = gpt-4o-mini\n%s",
                       cases[i].ini);
        start(&f, ini);
        struct port_estimate most = llm_estimate(f.llm, &call);
        assert_int_equal(most.usd_nano, (most.tokens - 100) * cases[i].in + 100 * 600);
        fixture_stop(&f);
    }
}

static void test_price_file(void **state)
{
    (void)state;
    char path[] = "/tmp/barker-prices-XXXXXX", ini[512];
    static const char good[] = "{\"v\":1,\"prices\":[{\"model\":\"lo*\","
                               "\"in_usd_per_m\":3,\"out_usd_per_m\":4}]}";
    struct err_detail d = {0};
    struct fixture f;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, good, strlen(good)), (ssize_t)strlen(good));
    (void)snprintf(ini, sizeof ini, "[llm]\nprices = %s\n[endpoint e]\nmodel = local\n",
                   path);
    start(&f, ini);
    assert_true(llm_price_known(f.llm, "", ""));
    assert_false(llm_price_known(f.llm, "", "gpt-4o-mini")); /* instead of ours */
    fixture_stop(&f);
    assert_int_equal(ftruncate(fd, (off_t)strlen(good) - 2), 0);
    fixture_server(&f, NULL, 0);
    assert_int_equal(fixture_llm(&f, ini, WAIT_MS, &d), ERR_BAD_JSON);
    assert_string_equal(d.path, path);
    fixture_stop(&f);
    (void)close(fd);
    (void)unlink(path);
    fixture_server(&f, NULL, 0);
    assert_int_equal(fixture_llm(&f, ini, WAIT_MS, &d), ERR_IO);
    fixture_stop(&f);
}

static void test_bad_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *ini, *message;
    } cases[] = {
        {"[endpoint e]\nmodel = m\ndialect = telnet\n", "no dialect 'telnet'"},
        {"[endpoint e]\nmodel = m\nbase_url = 127.0.0.1:80\n", "http://"},
        {"[endpoint e]\nmodel = m\nkey_env = BARKER_TEST_KEY\n", "has a character"},
    };
    (void)setenv("BARKER_TEST_KEY", "sk-1\nX-Evil: 1", 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fixture f;
        struct err_detail d = {0};
        fixture_server(&f, NULL, 0);
        assert_int_equal(fixture_llm(&f, cases[i].ini, WAIT_MS, &d), ERR_CONFIG);
        if (!strstr(d.message, cases[i].message) || strstr(d.message, "sk-1"))
            fail_msg("%s", d.message);
        fixture_stop(&f);
    }
    (void)unsetenv("BARKER_TEST_KEY");
}

static void test_no_model_anywhere(void **state)
{
    (void)state;
    struct fixture f;
    struct err_detail d = {0};
    fixture_server(&f, NULL, 0);
    (void)setenv("OPENAI_BASE_URL", f.base_url, 1);
    assert_int_equal(fixture_llm(&f, "", WAIT_MS, &d), ERR_CONFIG);
    assert_non_null(strstr(d.message, "BARKER_MODEL"));
    fixture_stop(&f);
}

static void test_calls_without_a_target(void **state)
{
    (void)state;
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    start(&f, ""); /* no endpoint at all */
    assert_false(llm_is_ready(f.llm));
    assert_int_equal(llm_estimate(f.llm, &call).usd_nano, -1);
    (void)start_call(&f, &call, 0);
    call.endpoint = "nowhere";
    (void)start_call(&f, &call, 1);
    for (size_t i = 0; i < 2; i++) {
        const struct seen_call *c = await_call(&f, i);
        assert_int_equal(c->code, ERR_CONFIG);
        assert_false(c->result.retryable || c->result.sent);
        assert_int_equal(c->result.retry_after_ms, -1);
        assert_non_null(strstr(c->message, "endpoint"));
    }
    fixture_stop(&f);
}

static void test_key_is_trimmed_and_own(void **state)
{
    (void)state;
    static const struct step steps[] = {{500, "", NULL, NULL}, {500, "", NULL, NULL}};
    char ini[256];
    struct err_detail d = {0};
    struct fixture f;
    struct ask a = plain_ask();
    struct port_call call = call_of(&a);
    fixture_server(&f, steps, 2);
    (void)snprintf(ini, sizeof ini,
                   "[endpoint a]\nmodel = m\nbase_url = %s\nkey_env = BARKER_TEST_KEY\n"
                   "[endpoint b]\nmodel = m\nbase_url = %s\n",
                   f.base_url, f.base_url);
    (void)setenv("BARKER_TEST_KEY", " sk-2\n", 1);
    (void)setenv("OPENAI_API_KEY", KEY, 1); /* not for endpoints that do not name it */
    assert_int_equal(fixture_llm(&f, ini, WAIT_MS, &d), ERR_OK);
    (void)start_call(&f, &call, 0);
    (void)await_call(&f, 0);
    call.endpoint = "b";
    call.model = "other";
    (void)start_call(&f, &call, 1);
    (void)await_call(&f, 1);
    assert_string_equal(f.keys[0], "Bearer sk-2");
    assert_string_equal(f.keys[1], "");
    assert_non_null(strstr(f.bodies[1], "\"model\":\"other\""));
    assert_string_equal(f.calls[1].model, "other");
    fixture_stop(&f);
    (void)unsetenv("BARKER_TEST_KEY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prices),
        cmocka_unit_test(test_price_classes),
        cmocka_unit_test(test_price_file),
        cmocka_unit_test(test_bad_configuration),
        cmocka_unit_test(test_no_model_anywhere),
        cmocka_unit_test(test_calls_without_a_target),
        cmocka_unit_test(test_key_is_trimmed_and_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
