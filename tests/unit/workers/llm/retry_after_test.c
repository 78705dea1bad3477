/* retry_after_test.c: hints of servers, in every form, and nonsense in each. */
#include "tests/unit/workers/llm/reply_fixture.h"

static void test_hints(void **state)
{
    (void)state;
    static const struct {
        const char *headers;
        int64_t ms;
    } cases[] = {
        {"", -1},
        {"Retry-After: 7\n", 7000},
        {"retry-after: 0\n", 0},
        {"Retry-After: 1.5\n", 1500},
        {"Retry-After: .25\n", 250},
        {"Retry-After-Ms: 12\n", 12},
        {"Retry-After-Ms: 12.6\nRetry-After: 9\n", 13}, /* the finer one wins */
        {"Retry-After-Ms: soon\nRetry-After: 9\n", 9000},
        {"Retry-After: 150\n", 150000}, /* over what SDKs accept: we wait */
        {"Retry-After: 86401\n", 86400000},
        {"Retry-After: 99999999999999999999999999\n", 86400000},
        {"Retry-After: 30\nRetry-After: 4\n", 4000}, /* the last of a name */
        {"Retry-After: Thu, 05 Nov 2026 12:00:30 GMT\n", 30000},
        {"Retry-After: Thursday, 05-Nov-26 12:01:00 GMT\n", 60000},
        {"Retry-After: Thu Nov  5 12:00:05 2026\n", 5000},
        {"Retry-After: Thu, 05 Nov 2026 11:59:59 GMT\n", 0}, /* has passed */
        {"Retry-After: Sun, 06 Nov 1994 08:49:37 GMT\n", 0},
        {"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\n", 86400000},
        /* nonsense */
        {"Retry-After:\n", -1},
        {"Retry-After: -5\n", -1},
        {"Retry-After: nan\n", -1},
        {"Retry-After: inf\n", -1},
        {"Retry-After: 1e3\n", -1},
        {"Retry-After: 0x10\n", -1},
        {"Retry-After: 1.2.3\n", -1},
        {"Retry-After: .\n", -1},
        {"Retry-After: 5 s\n", -1},
        {"Retry-After: Thu, 05 Nov 2026\n", -1},
        {"Retry-After: Thu, 05 Nov 2026 12:00:30 GMT+1\n", -1},
        {"Retry-After: 32 Nov 2026 12:00:30 GMT\n", -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        fixture_set(&f, 429, cases[i].headers, "");
        int64_t ms = provider_retry_after_ms(&f.http, NOW_MS);
        if (ms != cases[i].ms)
            fail_msg("%s: %lld", cases[i].headers, (long long)ms);
        fixture_end(&f);
    }
}

/* Google's hint stands in the body; a header wins; a quota of the day is no rate. */
static void test_google(void **state)
{
    (void)state;
#define DETAIL(details)                                                                \
    "{\"error\":{\"code\":429,\"status\":\"RESOURCE_EXHAUSTED\",\"message\":\"m\","    \
    "\"details\":[{\"@type\":\"x\"}," details "]}}"
    static const struct {
        const char *headers, *body;
        enum err code;
        int64_t ms;
    } cases[] = {
        {"", DETAIL("{\"retryDelay\":\"37s\"}"), ERR_RATE, 37000},
        {"", DETAIL("{\"retryDelay\":\"1.5s\"}"), ERR_RATE, 1500},
        {"", DETAIL("{\"retryDelay\":\"soon\"}"), ERR_RATE, -1},
        {"", DETAIL("{\"retryDelay\":\"s\"}"), ERR_RATE, -1},
        {"Retry-After: 2\n", DETAIL("{\"retryDelay\":\"37s\"}"), ERR_RATE, 2000},
        {"",
         DETAIL("{\"violations\":[{\"quotaId\":\"GenerateRequestsPerMinute\"}]},"
                "{\"retryDelay\":\"3s\"}"),
         ERR_RATE, 3000},
        {"",
         DETAIL(
             "{\"violations\":[{\"quotaId\":\"GenerateRequestsPerDayPerProject\"}]}"),
         ERR_MONEY, -1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        fixture_set(&f, 429, cases[i].headers, cases[i].body);
        provider_read_error(&f.http, NOW_MS, &f.reply);
        expect_class(cases[i].body, &f.reply, cases[i].code, cases[i].code == ERR_RATE);
        assert_int_equal(f.reply.retry_after_ms, cases[i].ms);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hints),
                                       cmocka_unit_test(test_google)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
