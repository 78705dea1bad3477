/* llmsim_fuzz.c: bodies of POST /v1/chat/completions to the simulated model: what it
 * accepts it answers with a reply that our own provider can read. */
#include "core/io/http_headers.h"
#include "tests/fuzz/fuzz.h"
#include "tests/llmsim/sim_chat.h"
#include "workers/llm/provider_stream.h"

#define ARENA_MAX_BYTES ((size_t)32 << 20)
#define ANSWER_MAX_BYTES ((size_t)16 << 20)

/* The events of a stream. */
static void check_stream(struct buf *body, const struct sim_chat *chat,
                         const struct sim_usage *usage)
{
    struct http_headers headers;
    struct provider_reply reply;
    struct provider_stream s;
    http_headers_init(&headers);
    const struct http_reply http = {
        .sent = true, .status = 200, .body = "", .message = "", .headers = &headers};
    provider_reply_init(&reply);
    provider_stream_init(&s, provider_find("openai_chat"), &reply);
    s.is_stream = true;
    check(provider_stream_feed(&s, &http, buf_str(body), body->len) == HTTP_TAKE);
    provider_stream_end(&s, &http, 0);
    check(s.done && *reply.finish && reply.has_usage == chat->stream_usage);
    check(!reply.has_usage || (reply.tokens_in == usage->prompt_tokens &&
                               reply.tokens_out == usage->completion_tokens));
    provider_stream_fini(&s);
    provider_reply_fini(&reply);
    http_headers_fini(&headers);
}

static void check_answer(struct buf *body, const struct sim_usage *usage)
{
    struct err_detail d = {.code = ERR_OK};
    struct json *root = NULL;
    struct provider_reply reply;
    struct http_headers headers;
    http_headers_init(&headers);
    struct http_reply http = {.sent = true,
                              .status = 200,
                              .body = buf_str(body),
                              .body_len = body->len,
                              .message = "",
                              .headers = &headers};
    check(json_parse(body->data, body->len, &json_limits_reply, &root, &d) == ERR_OK);
    check(json_count(json_get(root, "choices")) == 1);
    json_free(root);
    provider_reply_init(&reply);
    provider_find("openai_chat")->read(&http, 0, &reply);
    check(reply.has_usage && reply.tokens_in == usage->prompt_tokens);
    check(reply.tokens_out == usage->completion_tokens);
    provider_reply_fini(&reply);
    http_headers_fini(&headers);
}

static void answer(const struct sim_chat *chat, struct arena *a, enum sim_fault fault)
{
    struct sim_sample sample = {.seed = 1, .request = 1, .fault = fault};
    struct sim_usage usage = {.prompt_tokens = 0};
    struct err_detail d = {.code = ERR_OK};
    struct buf body;
    buf_init(&body, ANSWER_MAX_BYTES);
    enum err e = sim_chat_answer(chat, a, &sample, &body, &usage, &d);
    if (e)
        fuzz_check_refusal(e, &d);
    else if (chat->stream)
        check_stream(&body, chat, &usage);
    else
        check_answer(&body, &usage);
    buf_fini(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct err_detail d = {.code = ERR_OK};
    struct sim_chat chat;
    struct arena arena;
    arena_init(&arena, ARENA_MAX_BYTES);
    enum err e = sim_chat_parse(&arena, (const char *)data, n, &chat, &d);
    if (e) {
        fuzz_check_refusal(e, &d);
    } else {
        answer(&chat, &arena, SIM_FAULT_NONE);
        answer(&chat, &arena, SIM_FAULT_MALFORMED);
        answer(&chat, &arena, SIM_FAULT_SCHEMA);
    }
    sim_chat_fini(&chat);
    arena_fini(&arena);
    return 0;
}
