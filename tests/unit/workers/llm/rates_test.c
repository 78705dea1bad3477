/* rates_test.c: what servers tell of their limits, by dialect, and nonsense of each. */
#include "workers/llm/rates.h"
#include "tests/unit/workers/llm/reply_fixture.h"

static bool read_as(const char *dialect, const char *headers, struct rates *out)
{
    struct reply_fixture f;
    fixture_set(&f, 200, headers, "");
    bool any = rates_read(provider_find(dialect)->rates, &f.http, NOW_MS, out);
    fixture_end(&f);
    return any;
}

static void expect(const struct rates *r, enum limits_kind kind, int64_t most,
                   int64_t left, int64_t ms)
{
    if (r->most[kind] != most || r->left[kind] != left || r->reset_ms[kind] != ms)
        fail_msg("%d: %lld %lld %lld", kind, (long long)r->most[kind],
                 (long long)r->left[kind], (long long)r->reset_ms[kind]);
}

static void test_openai(void **state)
{
    static const char *const dialects[] = {"openai_chat",        "openai_responses",
                                           "openai_completions", "openai_embeddings",
                                           "openai_moderations", "azure_openai"};
    struct rates r;
    (void)state;
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        assert_true(read_as(dialects[i],
                            "Content-Type: application/json\n"
                            "x-ratelimit-limit-requests: 500\n"
                            "x-ratelimit-limit-tokens: 30000\n"
                            "x-ratelimit-remaining-requests: 499\n"
                            "x-ratelimit-remaining-tokens: 0\n"
                            "x-ratelimit-reset-requests: 120ms\n"
                            "x-ratelimit-reset-tokens: 59.5s\n"
                            "x-request-id: r\n",
                            &r));
        expect(&r, LIMITS_CALLS, 500, 499, 120);
        expect(&r, LIMITS_TOKENS, 30000, 0, 59500);
        expect(&r, LIMITS_IN, -1, -1, -1);
        expect(&r, LIMITS_OUT, -1, -1, -1);
    }
    assert_true(read_as("openai_chat",
                        "X-RateLimit-Remaining-Tokens: 900\n"
                        "X-RateLimit-Reset-Tokens: 6m0s\n" /* over 120 s */
                        "X-RateLimit-Remaining-Project-Tokens: 7\n"
                        "X-RateLimit-Reset-Project-Tokens: 1s\n"
                        "X-RateLimit-Remaining-Tokens_Usage_Based: 8\n"
                        "X-RateLimit-Reset-Tokens_Usage_Based: 2s\n",
                        &r));
    expect(&r, LIMITS_TOKENS, -1, 7, 1000); /* the lowest, and when that is over */
    assert_true(read_as("openai_chat",
                        "x-ratelimit-remaining-requests: 4\n"
                        "x-ratelimit-reset-requests: 6m0s\n",
                        &r));
    expect(&r, LIMITS_CALLS, -1, 4, RATES_RESET_MAX_MS);
}

static void test_azure(void **state)
{
    struct rates r;
    (void)state;
    assert_true(read_as("azure_openai",
                        "x-ratelimit-remaining-requests: 9\n"
                        "x-ratelimit-reset-requests: 38\n"
                        "x-ratelimit-limit-tokens: 0\n" /* it does not know */
                        "x-ratelimit-remaining-tokens: 0\n"
                        "x-ratelimit-reset-tokens: 38\n",
                        &r));
    expect(&r, LIMITS_CALLS, -1, 9, 38000);
    expect(&r, LIMITS_TOKENS, -1, -1, -1);
    assert_false(read_as("azure_openai",
                         "x-ratelimit-limit-tokens: -1\n"
                         "x-ratelimit-remaining-tokens: 0\n"
                         "x-ratelimit-reset-tokens: 1\n",
                         &r));
}

static void test_anthropic(void **state)
{
    struct rates r;
    (void)state;
    assert_true(read_as(
        "anthropic",
        "anthropic-ratelimit-requests-limit: 50\n"
        "anthropic-ratelimit-requests-remaining: 49\n"
        "anthropic-ratelimit-requests-reset: 2026-11-05T12:00:01Z\n"
        "anthropic-ratelimit-tokens-limit: 48000\n"
        "anthropic-ratelimit-tokens-remaining: 47000\n"
        "anthropic-ratelimit-tokens-reset: 2026-11-05T11:59:59Z\n" /* has passed */
        "anthropic-ratelimit-input-tokens-limit: 40000\n"
        "anthropic-ratelimit-input-tokens-remaining: 1000\n"
        "anthropic-ratelimit-input-tokens-reset: 2026-11-05T14:00:58.25+02:00\n"
        "anthropic-ratelimit-output-tokens-limit: 8000\n"
        "anthropic-ratelimit-output-tokens-remaining: 0\n"
        "anthropic-ratelimit-output-tokens-reset: 2026-11-05T13:00:00Z\n"
        "anthropic-priority-output-tokens-remaining: 5\n",
        &r));
    expect(&r, LIMITS_CALLS, 50, 49, 1000);
    expect(&r, LIMITS_TOKENS, 48000, 47000, 0);
    expect(&r, LIMITS_IN, 40000, 1000, 58250);
    expect(&r, LIMITS_OUT, 8000, 0, RATES_RESET_MAX_MS);
}

static void test_nothing_is_told(void **state)
{
    struct rates r;
    (void)state;
    assert_null(provider_find("gemini")->rates);
    assert_false(read_as("gemini", "x-ratelimit-remaining-requests: 1\n", &r));
    assert_false(read_as("openai_chat", "", &r));
    assert_false(read_as("openai_chat", "x-request-id: 1\nretry-after: 1\n", &r));
    assert_false(read_as("anthropic", "x-ratelimit-remaining-requests: 1\n", &r));
    static const char *const odd[] = {
        "x-ratelimit-remaining-requests: 1\n", /* for how long? */
        "x-ratelimit-reset-requests: 1s\n",
        "x-ratelimit-remaining-requests: -1\nx-ratelimit-reset-requests: 1s\n",
        "x-ratelimit-remaining-requests: 1e3\nx-ratelimit-reset-requests: 1s\n",
        "x-ratelimit-remaining-requests: \nx-ratelimit-reset-requests: 1s\n",
        "x-ratelimit-remaining-tokens: 9999999999999\nx-ratelimit-reset-tokens: 1s\n",
        "x-ratelimit-remaining-requests: 0\nx-ratelimit-reset-requests: never\n",
        "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1s\n",
        "x-ratelimit-remaining-: 0\nx-ratelimit-reset-: 1s\n",
        "x-ratelimit-: 0\n",
        "x-ratelimit-remainingrequests: 0\nx-ratelimit-reset-requests: 1s\n",
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (read_as("openai_chat", odd[i], &r))
            fail_msg("%s", odd[i]);
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"12ms", 12},
                 {"1s", 1000},
                 {"6m0s", 360000},
                 {"1m26.4s", 86400},
                 {"1h2m3s", 3723000},
                 {"20", 20000},
                 {"0", 0},
                 {"0s", 0},
                 {"1.5", 1500},
                 {"500us", 1},
                 {"1d", 86400000},
                 {"2d", -1},
                 {"", -1},
                 {"s", -1},
                 {"-1s", -1},
                 {"1 s", -1},
                 {"1x", -1},
                 {"nan", -1},
                 {"1e9s", -1},
                 {"0x1s", -1},
                 {"1.2.3s", -1},
                 {".", -1},
                 {"1s2", 3000},
                 {"1793880000", -1},
                 {"99999999999999999999999999999999s", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (rates_duration_ms(cases[i].text, NOW_MS) != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text,
                     (long long)rates_duration_ms(cases[i].text, NOW_MS));
}

static void test_dates(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"2026-11-05T12:00:30Z", 30000},
                 {"2026-11-05T12:00:30.5z", 30500},
                 {"2026-11-05T05:00:30-07:00", 30000},
                 {"2026-11-05T11:00:30Z", 0},
                 {"2026-11-07T12:00:30Z", -1},
                 {"2026-11-05T12:00:30", -1},
                 {"2026-11-05T12:00:30+2", -1},
                 {"2026-11-05T12:00:30+02-00", -1},
                 {"2026-11-05T12:00:30.Z", -1},
                 {"2026-11-05", -1},
                 {"30s", -1},
                 {"", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (rates_until_ms(cases[i].text, NOW_MS) != cases[i].ms)
            fail_msg("%s: %lld", cases[i].text,
                     (long long)rates_until_ms(cases[i].text, NOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openai),    cmocka_unit_test(test_azure),
        cmocka_unit_test(test_anthropic), cmocka_unit_test(test_nothing_is_told),
        cmocka_unit_test(test_durations), cmocka_unit_test(test_dates)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
