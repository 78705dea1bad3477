/* provider_test.c: the list of dialects, bounded text, transport failures. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include <limits.h>

static void test_list(void **state)
{
    (void)state;
    size_t count = 0;
    for (const struct provider *p; (p = provider_at(count)) != NULL; count++) {
        assert_ptr_equal(provider_find(p->name), p);
        assert_true(*p->meaning && p->authorize && p->build && p->read);
        assert_memory_equal(p->base_url, "https://", 8);
    }
    assert_true(count > 0);
    assert_non_null(provider_find("openai_chat"));
    assert_null(provider_find(""));
    assert_null(provider_find("openai"));
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"a\r\n\tb\x7f", "a   b "},
        {"\xe4\xb8\xad\xe6\x96\x87", "\xe4\xb8\xad\xe6\x96\x87"},
        {"a\xff\xe4\xb8", "a???"},
        {"\xc2\x9b"
         "31m",
         " 31m"}, /* a C1 control: CSI */
        {"123456789012345\xe4\xb8\xad", "123456789012345"},
        {"1234567890123456789", "1234567890123456"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[17];
        provider_copy_text(out, sizeof out, cases[i].in, strlen(cases[i].in));
        assert_string_equal(out, cases[i].out);
    }
}

static void test_failures(void **state)
{
    (void)state;
    static const struct {
        enum err err;
        bool retryable;
        const char *finish;
    } cases[] = {
        {ERR_UNSENT, true, ""},   {ERR_UNKNOWN_OUTCOME, true, ""},
        {ERR_DEADLINE, true, ""}, {ERR_TRUNCATED, true, "truncated"},
        {ERR_LIMIT, false, ""},   {ERR_CANCELLED, false, "cancelled"},
        {ERR_NOMEM, false, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reply_fixture f;
        fixture_set(&f, 0, "", "");
        f.http.err = cases[i].err;
        f.http.message = "connection reset";
        provider_read_failure(&f.http, &f.reply);
        expect_class(err_code(cases[i].err), &f.reply, cases[i].err,
                     cases[i].retryable);
        assert_string_equal(f.reply.finish, cases[i].finish);
        assert_non_null(strstr(f.reply.message, ": connection reset"));
        assert_int_equal(f.reply.retry_after_ms, -1);
        fixture_end(&f);
    }
}

static void test_request(void **state)
{
    (void)state;
    struct provider_request q;
    struct port_call call = {
        .campaign = "c~1", .stage = "write", .iteration = 2, .index = 3, .attempt = 4};
    provider_request_init(&q);
    provider_json_headers(&q, &call);
    provider_key(&q, "Authorization", "Bearer ", "sk-1");
    assert_int_equal(q.header_count, 4);
    assert_string_equal(q.headers[2].name, "X-Client-Request-Id");
    assert_string_equal(q.headers[2].value, "c~1/write/2/3/4");
    assert_string_equal(q.headers[3].name, "Authorization");
    assert_string_equal(q.headers[3].value, "Bearer sk-1");
    provider_request_fini(&q);
    provider_request_init(&q);
    provider_json_headers(&q, &call);
    provider_key(&q, "Authorization", "Bearer ", NULL);
    assert_int_equal(q.header_count, 3);
    provider_request_fini(&q);
    char name[400];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    call = (struct port_call){.campaign = name, .stage = name, .attempt = INT_MIN};
    provider_request_init(&q);
    provider_json_headers(&q, &call);
    assert_true(strlen(q.call_id) < sizeof q.call_id);
    assert_non_null(strstr(q.call_id, "nnn/0/0/-2147483648"));
    provider_request_fini(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
