/* batch_fuzz.c: what a provider says about batches: the input is read as the reply to
 * each step, and as a file of results, whole and byte by byte. "@0".."@7" in it become
 * ids of the calls that are waited for. */
#include "core/io/http_headers.h"
#include "tests/fuzz/fuzz.h"
#include "workers/llm/batch_reader.h"

#define NOW_MS INT64_C(1793880000000) /* Thu, 05 Nov 2026 12:00:00 GMT */
#define SLOTS 8
#define TEXT_MAX_BYTES ((size_t)4 << 20)

struct outcome {
    int calls, order[SLOTS];
    enum err code[SLOTS];
    size_t len[SLOTS];
    int64_t tokens[SLOTS];
};

static enum err on_result(void *arg, int slot, const struct provider_reply *r)
{
    struct outcome *o = arg;
    check(slot >= 0 && slot < SLOTS && o->calls < SLOTS);
    check(r->code < ERR_COUNT);
    check(r->code == ERR_OK ? !r->retryable && r->text.len > 0 : r->message[0] != 0);
    check(utf8_invalid_at(buf_str(&r->text), r->text.len) == r->text.len);
    fuzz_check_text(r->message, sizeof r->message);
    fuzz_check_text(r->model, sizeof r->model);
    fuzz_check_text(r->request_id, sizeof r->request_id);
    o->order[o->calls] = slot;
    o->code[o->calls] = r->code;
    o->len[o->calls] = r->text.len;
    o->tokens[o->calls++] = r->has_usage ? r->tokens_in + r->tokens_out : -1;
    return ERR_OK;
}

/* Twice over: no call is given out again. */
static void read_results(const struct provider *p, const struct buf *text, size_t piece,
                         struct outcome *o)
{
    struct batch_slot slots[SLOTS];
    struct batch_reader r = {.provider = p,
                             .campaign = "c",
                             .stage = "s",
                             .iteration = 1,
                             .slots = slots,
                             .count = SLOTS,
                             .now_ms = NOW_MS,
                             .fn = on_result,
                             .arg = o};
    *o = (struct outcome){.calls = 0};
    for (int i = 0; i < SLOTS; i++)
        slots[i] = (struct batch_slot){.index = i};
    for (int again = 0; again < 2; again++) {
        batch_reader_init(&r);
        for (size_t at = 0; at < text->len; at += piece) {
            size_t left = text->len - at;
            check(!batch_reader_feed(&r, text->data + at, piece < left ? piece : left));
        }
        check(!batch_reader_end(&r));
        check(batch_reader_missing(&r) == SLOTS - o->calls);
        check(!again || r.twice >= o->calls);
        batch_reader_fini(&r);
    }
}

static void check_results(const struct provider *p, const struct buf *text)
{
    struct outcome whole, bytes;
    size_t all = text->len ? text->len : 1;
    read_results(p, text, all, &whole);
    read_results(p, text, 1, &bytes);
    check(whole.calls == bytes.calls);
    for (int i = 0; i < whole.calls; i++) {
        check(whole.order[i] == bytes.order[i] && whole.code[i] == bytes.code[i]);
        check(whole.len[i] == bytes.len[i] && whole.tokens[i] == bytes.tokens[i]);
    }
}

static void check_name(const char *name)
{
    check(!*name || batch_is_name(name));
}

/* What is named may go into a path. */
static void check_replies(const struct provider *p, const struct buf *text)
{
    struct http_headers headers;
    http_headers_init(&headers);
    struct http_reply http = {.sent = true,
                              .status = 200,
                              .body = buf_str(text),
                              .body_len = text->len,
                              .message = "",
                              .headers = &headers};
    for (int step = BATCH_UPLOAD; step <= BATCH_DROP; step++) {
        struct batch_order order = {(enum batch_step)step, "x", NULL, "mark-1"};
        struct batch_status s;
        batch_read(p, NULL, &order, &http, NOW_MS, &s);
        check(s.code < ERR_COUNT);
        check_name(s.name);
        check_name(s.output);
        check_name(s.failures);
        fuzz_check_text(s.message, sizeof s.message);
        fuzz_check_text(s.mark, sizeof s.mark);
        check(s.code || *s.name);
        check(step == BATCH_FIND || s.code != ERR_NOT_FOUND);
        check(!s.code || s.code == ERR_NOT_FOUND || s.message[0]);
    }
    http_headers_fini(&headers);
}

static void put_ids(struct buf *out, const uint8_t *data, size_t n)
{
    char id[BATCH_ID_SIZE];
    for (size_t i = 0; i < n; i++) {
        if (data[i] == '@' && i + 1 < n && data[i + 1] >= '0' && data[i + 1] < '8') {
            struct batch_place at = {.iteration = 1, .index = data[++i] - '0'};
            batch_id_write(id, "c", "s", &at);
            buf_append_str(out, id);
        } else {
            buf_append_char(out, (char)data[i]);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct provider *p;
    struct buf text;
    buf_init(&text, TEXT_MAX_BYTES);
    put_ids(&text, data, n);
    for (size_t i = 0; (p = provider_at(i)); i++) {
        if (!p->batch)
            continue;
        check_results(p, &text);
        check_replies(p, &text);
    }
    buf_fini(&text);
    return 0;
}
