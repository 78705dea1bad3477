/* Ids of lines, and shards of both dialects read back. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "core/base/json.h"
#include "workers/llm/batch.h"
#include <stdlib.h>

static const struct config_endpoint endpoint = {
    .name = "e", .base_url = "https://x.example/v1/", .model = "m"};

static void ids_are_read_back(void **state)
{
    static const struct batch_place places[] = {
        {0, 0, 0}, {3, 17, 2}, {999999999, 999999999, 999999999}};
    char id[BATCH_ID_SIZE], long_name[65];
    (void)state;
    memset(long_name, 'x', 64);
    long_name[64] = '\0';
    const char *campaigns[] = {"mugs", "a.b-c_d~4", long_name};
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < 3; i++) {
            struct batch_place at = {0};
            batch_id_write(id, campaigns[c], "write", &places[i]);
            assert_true(batch_is_name(id) && strlen(id) <= 54);
            assert_true(batch_id_read(id, campaigns[c], "write", &at));
            assert_memory_equal(&at, &places[i], sizeof at);
            assert_false(batch_id_read(id, campaigns[c], "judge", &at));
            assert_false(batch_id_read(id, "other", "write", &at));
        }
    }
}

static void ids_of_others_are_refused(void **state)
{
    struct batch_place at = {1, 2, 3};
    char id[BATCH_ID_SIZE], other[BATCH_ID_SIZE];
    (void)state;
    batch_id_write(id, "c", "s", &at);
    assert_non_null(strstr(id, "-1-2-3"));
    for (size_t i = 0; i < strlen(id); i++) {
        memcpy(other, id, sizeof other);
        other[i] ^= 1;
        bool same = batch_id_read(other, "c", "s", &at);
        /* one digit of a place is another place */
        assert_true(!same || i > 24);
    }
    static const char *const tails[] = {"",        "-1-2",    "-1-2-3 ", "-1-2-3-4",
                                        "-01-2-3", "-+1-2-3", "--1-2-3", "-1-2-3x"};
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        (void)snprintf(other, sizeof other, "%.24s%s", id, tails[i]);
        assert_false(batch_id_read(other, "c", "s", &at));
    }
}

static void build(struct provider_request *q, const char *dialect, const char *user)
{
    struct ask ask = {.type = ASK_CHAT,
                      .system = "You write.",
                      .user = user,
                      .schema = "{\n \"type\":\r\n \"object\"\n}",
                      .temperature = 0.5,
                      .max_tokens = 50};
    struct port_call call = {.campaign = "c",
                             .stage = "write",
                             .ask = &ask,
                             .endpoint = "",
                             .model = "",
                             .refused_text = "",
                             .objection = ""};
    provider_request_init(q);
    assert_int_equal(provider_find(dialect)->build(&endpoint, "sk", "m", &call, q),
                     ERR_OK);
}

static struct json *parse(const char *text, size_t n)
{
    struct json *root = NULL;
    struct err_detail d = {0};
    if (json_parse(text, n, &json_limits_reply, &root, &d))
        fail_msg("%s in %.*s", d.message, (int)n, text);
    return root;
}

/* The body of a line is that of a live call; breaks of lines in it are blanks. */
static void check_body(const struct json *body, const struct provider_request *q)
{
    struct buf mine, live;
    struct json *root = parse(q->body.data, q->body.len);
    buf_init(&mine, 4096);
    buf_init(&live, 4096);
    assert_int_equal(json_print(body, &mine), ERR_OK);
    assert_int_equal(json_print(root, &live), ERR_OK);
    assert_string_equal(buf_str(&mine), buf_str(&live));
    json_free(root);
    buf_fini(&mine);
    buf_fini(&live);
}

static void files_have_a_line_for_each_call(void **state)
{
    static const char *const dialects[][2] = {
        {"openai_chat", "/v1/chat/completions"},
        {"openai_responses", "/v1/responses"},
        {"openai_completions", "/v1/completions"},
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct provider *p = provider_find(dialects[i][0]);
        struct batch_shard s;
        struct provider_request q[2];
        batch_shard_init(&s, p->batch, 100000);
        build(&q[0], p->name, "one\n\"two\"");
        build(&q[1], p->name, "\xe6\x9d\xaf");
        assert_int_equal(batch_shard_add(&s, "id-0", &q[0]), ERR_OK);
        assert_int_equal(batch_shard_add(&s, "id-1", &q[1]), ERR_OK);
        assert_int_equal(s.lines, 2);
        assert_string_equal(s.mark, "id-0");
        const char *line = buf_str(&s.body);
        for (int k = 0; k < 2; k++) {
            size_t n = strcspn(line, "\n");
            struct json *root = parse(line, n);
            assert_string_equal(json_str(json_get(root, "custom_id"), ""),
                                k ? "id-1" : "id-0");
            assert_string_equal(json_str(json_get(root, "method"), ""), "POST");
            assert_string_equal(json_str(json_get(root, "url"), ""), dialects[i][1]);
            check_body(json_get(root, "body"), &q[k]);
            json_free(root);
            line += n + 1;
        }
        assert_string_equal(line, "");
        assert_null(strchr(buf_str(&s.body), '\r'));
        batch_shard_fini(&s);
        provider_request_fini(&q[0]);
        provider_request_fini(&q[1]);
    }
}

static void message_batches_are_one_body(void **state)
{
    const struct provider *p = provider_find("anthropic");
    struct batch_shard s;
    struct provider_request q;
    struct batch_request out;
    (void)state;
    batch_shard_init(&s, p->batch, 100000);
    build(&q, "anthropic", "hello");
    assert_int_equal(batch_shard_add(&s, "a", &q), ERR_OK);
    assert_int_equal(batch_shard_add(&s, "b", &q), ERR_OK);
    batch_request_init(&out);
    struct batch_order order = {BATCH_CREATE, "", &s, s.mark};
    assert_int_equal(batch_build(p, &endpoint, "sk", &order, &out), ERR_OK);
    struct json *root = parse(out.http.body.data, out.http.body.len);
    const struct json *requests = json_get(root, "requests");
    assert_int_equal(json_count(requests), 2);
    assert_string_equal(json_str(json_get(json_at(requests, 1), "custom_id"), ""), "b");
    check_body(json_get(json_at(requests, 1), "params"), &q);
    json_free(root);
    batch_request_fini(&out);
    provider_request_fini(&q);
    batch_shard_fini(&s);
}

static void shards_have_bounds(void **state)
{
    struct batch_dialect few = batch_openai_chat;
    struct batch_shard s;
    struct provider_request q;
    (void)state;
    few.lines_max = 2;
    build(&q, "openai_chat", "hello");
    batch_shard_init(&s, &few, 100000);
    assert_int_equal(batch_shard_add(&s, "a", &q), ERR_OK);
    assert_int_equal(batch_shard_add(&s, "b", &q), ERR_OK);
    size_t before = s.body.len;
    assert_int_equal(batch_shard_add(&s, "c", &q), ERR_BUSY);
    assert_int_equal(s.lines, 2);
    assert_int_equal(s.body.len, before);
    batch_shard_fini(&s);
    few.lines_max = 100;
    for (size_t max = 400; max < 4 * q.body.len + 2000; max += 7) {
        batch_shard_init(&s, &few, max);
        enum err e = ERR_OK;
        while (!(e = batch_shard_add(&s, "a", &q)))
            assert_true(s.body.len <= max);
        assert_int_equal(e, max < q.body.len + 512 ? ERR_LIMIT : ERR_BUSY);
        batch_shard_fini(&s);
    }
    batch_shard_init(&s, &batch_anthropic, BATCH_SHARD_MAX_BYTES);
    assert_int_equal(batch_shard_add(&s, "not/allowed", &q), ERR_BAD_VALUE);
    assert_int_equal(batch_shard_add(&s, "", &q), ERR_BAD_VALUE);
    q.stream = true;
    assert_int_equal(batch_shard_add(&s, "a", &q), ERR_BAD_VALUE);
    assert_int_equal(s.lines, 0);
    batch_shard_fini(&s);
    provider_request_fini(&q);
}

static void limits_are_those_of_the_providers(void **state)
{
    (void)state;
    assert_int_equal(batch_openai_chat.lines_max, 50000);
    assert_int_equal(batch_openai_chat.bytes_max, 200000000);
    assert_int_equal(batch_anthropic.lines_max, 100000);
    assert_int_equal(batch_anthropic.bytes_max, 256000000);
    assert_null(provider_find("gemini")->batch);
    assert_null(provider_find("azure_openai")->batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_read_back),
        cmocka_unit_test(ids_of_others_are_refused),
        cmocka_unit_test(files_have_a_line_for_each_call),
        cmocka_unit_test(message_batches_are_one_body),
        cmocka_unit_test(shards_have_bounds),
        cmocka_unit_test(limits_are_those_of_the_providers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
