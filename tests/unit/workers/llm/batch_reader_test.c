/* Results of batches: joined by id in any order, split anywhere, settled once. */
#include "tests/unit/workers/llm/reply_fixture.h"
#include "workers/llm/batch_reader.h"

#define SLOTS 8

struct seen {
    int slot;
    enum err code;
    bool retryable;
    char text[64], message[256];
    int64_t tokens_in, tokens_out;
};
struct fixture {
    struct batch_reader r;
    struct batch_slot slots[SLOTS];
    struct seen seen[SLOTS];
    int count;
    enum err stop;
};

static enum err on_result(void *arg, int slot, const struct provider_reply *reply)
{
    struct fixture *f = arg;
    assert_true(f->count < SLOTS);
    assert_null(strstr(reply->model, "secret"));
    struct seen *s = &f->seen[f->count++];
    *s = (struct seen){.slot = slot,
                       .code = reply->code,
                       .retryable = reply->retryable,
                       .tokens_in = reply->tokens_in,
                       .tokens_out = reply->tokens_out};
    (void)snprintf(s->text, sizeof s->text, "%s", buf_str(&reply->text));
    (void)snprintf(s->message, sizeof s->message, "%s", reply->message);
    return f->stop;
}

static void begin(struct fixture *f, const char *dialect, int count)
{
    *f = (struct fixture){.r = {.provider = provider_find(dialect),
                                .key = "sk-secret-1",
                                .campaign = "mugs",
                                .stage = "write",
                                .iteration = 2,
                                .count = count,
                                .now_ms = NOW_MS}};
    f->r.slots = f->slots;
    f->r.fn = on_result;
    f->r.arg = f;
    for (int i = 0; i < count; i++)
        f->slots[i] = (struct batch_slot){.index = i * 10, .attempt = i % 2};
    batch_reader_init(&f->r);
}

static void put_id(struct buf *out, int iteration, int index, int attempt)
{
    char id[BATCH_ID_SIZE];
    batch_id_write(id, "mugs", "write",
                   &(struct batch_place){iteration, index, attempt});
    buf_printf(out, "{\"custom_id\":\"%s\",", id);
}

#define CHAT(text)                                                                     \
    "{\"id\":\"c\",\"model\":\"m-sk-secret-1\",\"choices\":[{\"index\":0,\"finish_"    \
    "reason\":"                                                                        \
    "\"stop\","                                                                        \
    "\"message\":{\"role\":\"assistant\",\"content\":\"" text "\"}}],"                 \
    "\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":4}}"

static void put_chat(struct buf *out, int index, int attempt, const char *tail)
{
    put_id(out, 2, index, attempt);
    buf_printf(out, "\"id\":\"r\",%s}\n", tail);
}

static void feed(struct fixture *f, const struct buf *text, size_t piece)
{
    for (size_t at = 0; at < text->len;) {
        size_t n = text->len - at < piece ? text->len - at : piece;
        assert_int_equal(batch_reader_feed(&f->r, text->data + at, n), ERR_OK);
        at += n;
    }
    assert_int_equal(batch_reader_end(&f->r), ERR_OK);
}

static void expect(const struct seen *s, int slot, enum err code, bool retryable)
{
    if (s->slot != slot || s->code != code || s->retryable != retryable)
        fail_msg("slot %d: %s %d %s", s->slot, err_code(s->code), s->retryable,
                 s->message);
}

static void write_files(struct buf *out)
{
    buf_init(out, 65536);
    put_chat(out, 20, 0,
             "\"response\":{\"status_code\":200,\"body\":" CHAT(
                 "\xe6\x9d\xaf \\ud83d\\ude00") "},\"error\":null");
    put_chat(out, 0, 0, "\"response\":{\"status_code\":200,\"body\":" CHAT("a") "}");
    buf_append_str(out, "\r\n");
    put_chat(out, 10, 1,
             "\"response\":{\"status_code\":429,\"body\":{\"error\":{\"code\":"
             "\"insufficient_quota\",\"message\":\"key sk-secret-1\"}}}");
    put_chat(out, 30, 1,
             "\"response\":null,\"error\":{\"code\":\"batch_expired\","
             "\"message\":\"late\"}");
    put_chat(out, 40, 0,
             "\"response\":null,\"error\":{\"code\":\"server_error\","
             "\"message\":\"oh\"}");
    put_chat(out, 50, 1,
             "\"response\":{\"status_code\":200,\"body\":{\"error\":{\"type\":"
             "\"overloaded_error\"}}}");
    put_chat(out, 60, 0, "\"response\":null,\"error\":{\"code\":\"batch_cancelled\"}");
    out->len--; /* the last line may lack its end */
}

static void results_of_files_at_every_split(void **state)
{
    struct buf text;
    (void)state;
    write_files(&text);
    for (size_t piece = 1; piece <= text.len; piece++) {
        struct fixture f;
        begin(&f, "openai_chat", SLOTS);
        feed(&f, &text, piece);
        assert_int_equal(f.count, 7);
        expect(&f.seen[0], 2, ERR_OK, false);
        assert_string_equal(f.seen[0].text, "\xe6\x9d\xaf \xf0\x9f\x98\x80");
        assert_true(f.seen[0].tokens_in == 9 && f.seen[0].tokens_out == 4);
        expect(&f.seen[1], 0, ERR_OK, false);
        expect(&f.seen[2], 1, ERR_MONEY, false);
        assert_null(strstr(f.seen[2].message, "secret"));
        expect(&f.seen[3], 3, ERR_DEADLINE, true);
        expect(&f.seen[4], 4, ERR_SERVER, true);
        expect(&f.seen[5], 5, ERR_OVERLOAD, true);
        expect(&f.seen[6], 6, ERR_CANCELLED, true);
        assert_int_equal(batch_reader_missing(&f.r), 1);
        assert_false(f.slots[7].is_settled);
        assert_true(f.r.broken == 0 && f.r.foreign == 0 && f.r.twice == 0);
        batch_reader_fini(&f.r);
    }
    buf_fini(&text);
}

static void put_result(struct buf *out, int index, int attempt, const char *result)
{
    put_id(out, 2, index, attempt);
    buf_printf(out, "\"result\":%s}\n", result);
}

static void results_of_messages_at_every_split(void **state)
{
    struct buf text;
    (void)state;
    buf_init(&text, 65536);
    put_result(&text, 30, 1, "{\"type\":\"expired\"}");
    put_result(&text, 10, 1,
               "{\"type\":\"succeeded\",\"message\":{\"id\":\"m\",\"type\":\"message\","
               "\"content\":[{\"type\":\"text\",\"text\":\"\xe6\x9d\xaf\"}],"
               "\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":7,"
               "\"output_tokens\":3}}}");
    put_result(&text, 20, 0,
               "{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{"
               "\"type\":\"invalid_request_error\",\"message\":\"no\"}}}");
    put_result(&text, 0, 0,
               "{\"type\":\"errored\",\"error\":{\"type\":\"error\",\"error\":{"
               "\"type\":\"overloaded_error\",\"message\":\"later\"}}}");
    put_result(&text, 40, 0, "{\"type\":\"canceled\"}");
    for (size_t piece = 1; piece <= text.len; piece++) {
        struct fixture f;
        begin(&f, "anthropic", 5);
        feed(&f, &text, piece);
        assert_int_equal(f.count, 5);
        expect(&f.seen[0], 3, ERR_DEADLINE, true);
        expect(&f.seen[1], 1, ERR_OK, false);
        assert_string_equal(f.seen[1].text, "\xe6\x9d\xaf");
        assert_true(f.seen[1].tokens_in == 7 && f.seen[1].tokens_out == 3);
        expect(&f.seen[2], 2, ERR_BAD_REQUEST, false);
        expect(&f.seen[3], 0, ERR_OVERLOAD, true);
        expect(&f.seen[4], 4, ERR_CANCELLED, true);
        assert_int_equal(batch_reader_missing(&f.r), 0);
        batch_reader_fini(&f.r);
    }
    buf_fini(&text);
}

/* An answer is paid for: no second line may take its place, nor one of another call. */
static void a_call_is_settled_once(void **state)
{
    struct fixture f;
    struct buf text;
    (void)state;
    buf_init(&text, 65536);
    for (int i = 0; i < 3; i++)
        put_chat(&text, 10, 1,
                 i ? "\"response\":{\"status_code\":200,\"body\":" CHAT("no") "}"
                   : "\"response\":{\"status_code\":200,\"body\":" CHAT("yes") "}");
    begin(&f, "openai_chat", 3);
    feed(&f, &text, 1000);
    assert_int_equal(f.count, 1);
    assert_string_equal(f.seen[0].text, "yes");
    assert_int_equal(f.r.twice, 2);
    batch_reader_fini(&f.r);
    batch_reader_init(&f.r); /* the file is fetched once more */
    feed(&f, &text, 1000);
    assert_int_equal(f.count, 1);
    assert_int_equal(f.r.twice, 3);
    batch_reader_fini(&f.r);
    buf_fini(&text);
}

static void lines_of_others_are_read_over(void **state)
{
    static const char answer[] =
        "\"response\":{\"status_code\":200,\"body\":" CHAT("x") "}}\n";
    struct fixture f;
    struct buf text;
    (void)state;
    buf_init(&text, 65536);
    put_id(&text, 1, 10, 1); /* another iteration */
    buf_append_str(&text, answer);
    put_id(&text, 2, 11, 1); /* another index */
    buf_append_str(&text, answer);
    put_id(&text, 2, 10, 0); /* an attempt that is over */
    buf_append_str(&text, answer);
    buf_printf(&text, "{\"custom_id\":\"\",%s", answer);
    buf_printf(&text, "{\"custom_id\":\"%0500d\",%s", 1, answer);
    begin(&f, "openai_chat", 3);
    feed(&f, &text, 77);
    assert_int_equal(f.count, 0);
    assert_int_equal(f.r.foreign, 5);
    assert_int_equal(batch_reader_missing(&f.r), 3);
    batch_reader_fini(&f.r);
    buf_fini(&text);
}

static void damage_is_read_over(void **state)
{
    static const char *const tails[] = {
        "",
        "\"response\":{\"status_code\":200,\"body\":{}",
        "\"response\":null,\"error\":null}",
        "\"response\":{\"status_code\":\"x\",\"body\":{}}}",
        "\"response\":{\"status_code\":99999,\"body\":{}}}",
        "\"response\":7}",
    };
    struct fixture f;
    struct buf text;
    (void)state;
    buf_init(&text, 65536);
    buf_append_str(&text, "\n\n  \nnot json\n[]\n{}\n{\"response\":null}\n\xff\n");
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        put_id(&text, 2, 10, 1);
        buf_printf(&text, "%s\n", tails[i]);
    }
    put_chat(&text, 20, 0, "\"response\":{\"status_code\":200,\"body\":" CHAT("x") "}");
    begin(&f, "openai_chat", 3);
    feed(&f, &text, 5);
    assert_int_equal(f.count, 1);
    expect(&f.seen[0], 2, ERR_OK, false);
    assert_int_equal(f.r.broken, 5 + 6);
    assert_false(f.slots[1].is_settled);
    batch_reader_fini(&f.r);
    buf_fini(&text);
}

static void lines_have_a_bound(void **state)
{
    struct fixture f;
    struct buf text;
    static char junk[100000];
    (void)state;
    memset(junk, 'x', sizeof junk);
    buf_init(&text, 65536);
    put_chat(&text, 20, 0, "\"response\":{\"status_code\":200,\"body\":" CHAT("x") "}");
    begin(&f, "openai_chat", 3);
    for (size_t n = 0; n < BATCH_LINE_MAX_BYTES * 2; n += sizeof junk)
        assert_int_equal(batch_reader_feed(&f.r, junk, sizeof junk), ERR_OK);
    assert_true(f.r.line.cap_bytes <= BATCH_LINE_MAX_BYTES + 4096);
    assert_int_equal(batch_reader_feed(&f.r, "\n", 1), ERR_OK);
    feed(&f, &text, 1000);
    assert_int_equal(f.r.broken, 1);
    assert_int_equal(f.count, 1);
    batch_reader_fini(&f.r);
    buf_fini(&text);
}

static void an_error_ends_the_reading(void **state)
{
    struct fixture f;
    struct buf text;
    (void)state;
    write_files(&text);
    begin(&f, "openai_chat", SLOTS);
    f.stop = ERR_NOMEM;
    assert_int_equal(batch_reader_feed(&f.r, text.data, text.len), ERR_NOMEM);
    assert_int_equal(batch_reader_feed(&f.r, text.data, text.len), ERR_NOMEM);
    assert_int_equal(batch_reader_end(&f.r), ERR_NOMEM);
    assert_int_equal(f.count, 1);
    batch_reader_fini(&f.r);
    buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_of_files_at_every_split),
        cmocka_unit_test(results_of_messages_at_every_split),
        cmocka_unit_test(a_call_is_settled_once),
        cmocka_unit_test(lines_of_others_are_read_over),
        cmocka_unit_test(damage_is_read_over),
        cmocka_unit_test(lines_have_a_bound),
        cmocka_unit_test(an_error_ends_the_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
