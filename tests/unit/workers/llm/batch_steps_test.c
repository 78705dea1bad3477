/* The steps of a batch: what is sent, and what the replies mean. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "workers/llm/batch.h"

static const struct config_endpoint endpoint = {
    .name = "e", .base_url = "https://x.example/v1/", .model = "m"};

static enum err build(const char *dialect, const struct batch_order *order,
                      struct batch_request *out)
{
    batch_request_init(out);
    return batch_build(provider_find(dialect), &endpoint, "sk-1", order, out);
}

static const char *header(const struct batch_request *q, const char *name)
{
    for (size_t i = 0; i < q->http.header_count; i++)
        if (strcmp(q->http.headers[i].name, name) == 0)
            return q->http.headers[i].value;
    return "";
}

static void steps_go_to_their_addresses(void **state)
{
    static const struct {
        const char *dialect;
        enum batch_step step;
        const char *name, *method, *url;
    } rows[] = {
        {"openai_chat", BATCH_CREATE, "file-1", "POST", "/batches"},
        {"openai_chat", BATCH_POLL, "batch_1", "GET", "/batches/batch_1"},
        {"openai_chat", BATCH_RESULTS, "file-2", "GET", "/files/file-2/content"},
        {"openai_chat", BATCH_CANCEL, "batch_1", "POST", "/batches/batch_1/cancel"},
        {"openai_chat", BATCH_FIND, "", "GET", "/batches?limit=100"},
        {"openai_chat", BATCH_FIND, "b1", "GET", "/batches?limit=100&after=b1"},
        {"openai_chat", BATCH_DROP, "file-2", "DELETE", "/files/file-2"},
        {"anthropic", BATCH_POLL, "m1", "GET", "/messages/batches/m1"},
        {"anthropic", BATCH_RESULTS, "m1", "GET", "/messages/batches/m1/results"},
        {"anthropic", BATCH_CANCEL, "m1", "POST", "/messages/batches/m1/cancel"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_request q;
        char url[128];
        struct batch_order order = {rows[i].step, rows[i].name, NULL, "mark-1"};
        assert_int_equal(build(rows[i].dialect, &order, &q), ERR_OK);
        (void)snprintf(url, sizeof url, "https://x.example/v1%s", rows[i].url);
        assert_string_equal(buf_str(&q.http.url), url);
        assert_string_equal(q.method, rows[i].method);
        assert_string_equal(header(&q, "X-Client-Request-Id"), "mark-1");
        bool other = strcmp(rows[i].dialect, "anthropic") == 0;
        assert_string_equal(header(&q, other ? "x-api-key" : "Authorization"),
                            other ? "sk-1" : "Bearer sk-1");
        batch_request_fini(&q);
    }
}

static void steps_that_cannot_be(void **state)
{
    static const enum batch_step lacking[] = {BATCH_UPLOAD, BATCH_DROP};
    static const char *const bad[] = {"", "a/b", "..", "a?b", "a b", "a\r\nb", "%2e"};
    struct batch_request q;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct batch_order order = {lacking[i], "a", NULL, "m"};
        assert_int_equal(build("anthropic", &order, &q), ERR_NOT_SUPPORTED);
        batch_request_fini(&q);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct batch_order order = {BATCH_POLL, bad[i], NULL, "m"};
        assert_int_equal(build("openai_chat", &order, &q), ERR_BAD_VALUE);
        batch_request_fini(&q);
    }
    struct batch_order order = {BATCH_CREATE, "", NULL, "m"};
    assert_int_equal(build("openai_chat", &order, &q), ERR_BAD_VALUE);
    batch_request_fini(&q);
}

static void upload_is_multipart(void **state)
{
    struct provider_request line;
    struct batch_shard s;
    struct batch_request q;
    (void)state;
    provider_request_init(&line);
    buf_append_str(&line.body, "{\"text\":\"--barker-batch-lines--\"}");
    batch_shard_init(&s, &batch_openai_chat, 4096);
    assert_int_equal(batch_shard_add(&s, "a", &line), ERR_OK);
    struct batch_order order = {BATCH_UPLOAD, "", &s, s.mark};
    assert_int_equal(build("openai_chat", &order, &q), ERR_OK);
    assert_string_equal(header(&q, "Content-Type"),
                        "multipart/form-data; boundary=barker-batch-lines");
    char want[1024];
    (void)snprintf(want, sizeof want,
                   "--barker-batch-lines\r\nContent-Disposition: form-data; "
                   "name=\"purpose\"\r\n\r\nbatch\r\n--barker-batch-lines\r\n"
                   "Content-Disposition: form-data; name=\"file\"; "
                   "filename=\"a.jsonl\"\r\nContent-Type: application/jsonl\r\n\r\n"
                   "%s\r\n--barker-batch-lines--\r\n",
                   buf_str(&s.body));
    assert_string_equal(buf_str(&q.http.body), want);
    batch_request_fini(&q);
    batch_shard_fini(&s);
    provider_request_fini(&line);
}

static void create_tells_the_mark(void **state)
{
    struct batch_request q;
    struct batch_order order = {BATCH_CREATE, "file-1", NULL, "mark-1"};
    (void)state;
    assert_int_equal(build("openai_responses", &order, &q), ERR_OK);
    assert_string_equal(buf_str(&q.http.body),
                        "{\"input_file_id\":\"file-1\",\"endpoint\":\"/v1/responses\","
                        "\"completion_window\":\"24h\","
                        "\"metadata\":{\"barker\":\"mark-1\"}}");
    batch_request_fini(&q);
}

static void read_as(const char *dialect, enum batch_step step, int status,
                    const char *body, struct batch_status *out)
{
    struct reply_fixture f;
    struct batch_order order = {step, "x", NULL, "mark-1"};
    fixture_set(&f, status, "", body);
    batch_read(provider_find(dialect), "sk-secret-1", &order, &f.http, NOW_MS, out);
    fixture_end(&f);
}

#define OPENAI(status, more)                                                           \
    "{\"id\":\"batch_1\",\"object\":\"batch\",\"status\":\"" status "\"," more         \
    "\"request_counts\":{\"total\":3,\"completed\":2,\"failed\":1},"                   \
    "\"metadata\":{\"barker\":\"mark-1\"}}"

static void states_of_files(void **state)
{
    static const struct {
        const char *body;
        enum batch_state state;
    } rows[] = {
        {OPENAI("validating", ""), BATCH_WORKING},
        {OPENAI("in_progress", ""), BATCH_WORKING},
        {OPENAI("finalizing", ""), BATCH_WORKING},
        {OPENAI("cancelling", ""), BATCH_WORKING},
        {OPENAI("something_new", ""), BATCH_WORKING},
        {OPENAI("completed", "\"output_file_id\":\"file-o\","), BATCH_ENDED},
        {OPENAI("expired", "\"error_file_id\":\"file-e\","), BATCH_ENDED},
        {OPENAI("cancelled", "\"output_file_id\":null,"), BATCH_ENDED},
        {OPENAI("failed", ""), BATCH_REFUSED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_status s;
        read_as("openai_chat", BATCH_POLL, 200, rows[i].body, &s);
        assert_int_equal(s.code, ERR_OK);
        assert_int_equal(s.state, rows[i].state);
        assert_string_equal(s.name, "batch_1");
        assert_string_equal(s.mark, "mark-1");
        assert_string_equal(s.output, strstr(rows[i].body, "file-o") ? "file-o" : "");
        assert_string_equal(s.failures, strstr(rows[i].body, "file-e") ? "file-e" : "");
        assert_true(s.total == 3 && s.completed == 2 && s.failed == 1);
    }
}

static void why_a_batch_is_refused(void **state)
{
    struct batch_status s;
    (void)state;
    read_as("openai_chat", BATCH_POLL, 200,
            OPENAI("failed", "\"errors\":{\"data\":[{\"code\":\"token_limit_exceeded\","
                             "\"message\":\"Too many, sk-secret-1\"}]},"),
            &s);
    assert_true(s.state == BATCH_REFUSED && s.retryable);
    assert_string_equal(s.message, "Too many, ***********");
    read_as(
        "openai_chat", BATCH_POLL, 200,
        OPENAI("failed", "\"errors\":{\"data\":[{\"code\":\"invalid_json_line\"}]},"),
        &s);
    assert_true(s.state == BATCH_REFUSED && !s.retryable);
}

static void states_of_messages(void **state)
{
    struct batch_status s;
    (void)state;
    read_as("anthropic", BATCH_POLL, 200,
            "{\"id\":\"msgbatch_1\",\"processing_status\":\"in_progress\","
            "\"request_counts\":{\"processing\":4,\"succeeded\":0,\"errored\":0,"
            "\"canceled\":0,\"expired\":0},\"results_url\":null}",
            &s);
    assert_true(!s.code && s.state == BATCH_WORKING && s.total == 4);
    assert_string_equal(s.output, "");
    read_as("anthropic", BATCH_POLL, 200,
            "{\"id\":\"msgbatch_1\",\"processing_status\":\"ended\","
            "\"request_counts\":{\"processing\":0,\"succeeded\":5,\"errored\":1,"
            "\"canceled\":2,\"expired\":3},\"results_url\":\"https://evil.example/\"}",
            &s);
    assert_true(!s.code && s.state == BATCH_ENDED);
    assert_true(s.total == 11 && s.completed == 5 && s.failed == 6);
    assert_string_equal(s.output, "msgbatch_1"); /* never where results_url points */
}

static void errors_are_those_of_live_calls(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum err code;
        bool retryable;
    } rows[] = {
        {429, "{\"error\":{\"code\":\"rate_limit_exceeded\"}}", ERR_RATE, true},
        {429, "{\"error\":{\"code\":\"insufficient_quota\"}}", ERR_MONEY, false},
        {401, "{\"error\":{\"message\":\"bad key sk-secret-1\"}}", ERR_AUTH, false},
        {404, "{\"error\":{\"message\":\"none\"}}", ERR_BAD_REQUEST, false},
        {502, "<html>bad gateway</html>", ERR_SERVER, true},
        {200, "{\"error\":{\"type\":\"overloaded_error\"}}", ERR_OVERLOAD, true},
        {200, "<html>", ERR_SERVER, true},
        {200, "", ERR_SERVER, true},
        {200, "{\"id\":\"../files\"}", ERR_SERVER, true},
        {200, "{\"id\":7}", ERR_SERVER, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch_status s;
        read_as("openai_chat", BATCH_POLL, rows[i].status, rows[i].body, &s);
        if (s.code != rows[i].code || s.retryable != rows[i].retryable)
            fail_msg("%s: %s %d %s", rows[i].body, err_code(s.code), s.retryable,
                     s.message);
        assert_true(s.message[0] && !strstr(s.message, "secret"));
    }
}

/* Half a reply would look as if there were no results. */
static void half_a_reply_is_none(void **state)
{
    static const char ended[] = OPENAI("completed", "\"output_file_id\":\"f\",");
    static const char page[] = "{\"data\":[" OPENAI("completed", "") "]}";
    char body[512];
    (void)state;
    for (size_t n = 0; n < strlen(ended); n++) {
        struct batch_status s;
        (void)snprintf(body, sizeof body, "%.*s", (int)n, ended);
        read_as("openai_chat", BATCH_POLL, 200, body, &s);
        assert_true(s.code != ERR_OK && s.retryable);
    }
    for (size_t n = 0; n < strlen(page); n++) {
        struct batch_status s;
        (void)snprintf(body, sizeof body, "%.*s", (int)n, page);
        read_as("openai_chat", BATCH_FIND, 200, body, &s);
        assert_true(s.code != ERR_OK && s.code != ERR_NOT_FOUND && s.retryable);
    }
}

static void transport_failures_are_told(void **state)
{
    struct http_reply http = {
        .err = ERR_UNKNOWN_OUTCOME, .body = "", .message = "gone"};
    struct batch_order order = {BATCH_CREATE, "f", NULL, "m"};
    struct batch_status s;
    (void)state;
    batch_read(provider_find("anthropic"), NULL, &order, &http, NOW_MS, &s);
    assert_true(s.code == ERR_UNKNOWN_OUTCOME && s.retryable && s.message[0]);
}

#define ROW(id, mark)                                                                  \
    "{\"id\":\"" id "\",\"status\":\"in_progress\",\"metadata\":{\"barker\":\"" mark   \
    "\"}}"

static void a_batch_is_found_by_its_mark(void **state)
{
    struct batch_status s;
    (void)state;
    read_as("openai_chat", BATCH_FIND, 200,
            "{\"data\":[" ROW("b1", "other") "," ROW("b2", "mark-1") "," ROW(
                "b3", "mark-1") "],\"has_more\":true}",
            &s);
    assert_int_equal(s.code, ERR_OK);
    assert_string_equal(s.name, "b2");
    read_as("openai_chat", BATCH_FIND, 200,
            "{\"data\":[" ROW("b1", "other") ",{\"id\":\"b9\",\"metadata\":null}],"
                                             "\"has_more\":true}",
            &s);
    assert_int_equal(s.code, ERR_NOT_FOUND);
    assert_string_equal(s.name, "b9"); /* the next page begins here */
    read_as("openai_chat", BATCH_FIND, 200,
            "{\"data\":[" ROW("b1", "other") "],\"has_more\":false}", &s);
    assert_int_equal(s.code, ERR_NOT_FOUND);
    assert_string_equal(s.name, "");
    read_as("openai_chat", BATCH_FIND, 200, "{\"data\":[]}", &s);
    assert_int_equal(s.code, ERR_NOT_FOUND);
    assert_string_equal(s.name, "");
}

static void files_are_named(void **state)
{
    struct batch_status s;
    (void)state;
    read_as("openai_chat", BATCH_UPLOAD, 200,
            "{\"id\":\"file-1\",\"object\":\"file\",\"status\":\"processed\"}", &s);
    assert_true(!s.code && s.state == BATCH_WORKING);
    assert_string_equal(s.name, "file-1");
    read_as("openai_chat", BATCH_DROP, 200, "{\"id\":\"file-1\",\"deleted\":true}", &s);
    assert_int_equal(s.code, ERR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_go_to_their_addresses),
        cmocka_unit_test(steps_that_cannot_be),
        cmocka_unit_test(upload_is_multipart),
        cmocka_unit_test(create_tells_the_mark),
        cmocka_unit_test(states_of_files),
        cmocka_unit_test(why_a_batch_is_refused),
        cmocka_unit_test(states_of_messages),
        cmocka_unit_test(errors_are_those_of_live_calls),
        cmocka_unit_test(half_a_reply_is_none),
        cmocka_unit_test(transport_failures_are_told),
        cmocka_unit_test(a_batch_is_found_by_its_mark),
        cmocka_unit_test(files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
