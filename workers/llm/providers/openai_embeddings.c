/* openai_embeddings.c: POST <base_url>/embeddings: a text in, numbers out (LLM_WIRE
 * §1.4). */
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/provider_vector.h"
#include "workers/llm/rates.h"

/* base64 is a quarter of the bytes; servers that know arrays only overlook the word. */
static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    const struct ask *ask = call->ask;
    struct json_out w;
    provider_url(out, e, "/embeddings");
    provider_json_headers(out, call);
    provider_bearer(out, key);
    json_out_init(&w, &out->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    json_out_key(&w, "input");
    json_out_open(&w, '[');
    json_out_str(&w, ask->user ? ask->user : "");
    json_out_close(&w, ']');
    json_out_kstr(&w, "encoding_format", "base64");
    if (ask->dimensions > 0)
        json_out_kint(&w, "dimensions", ask->dimensions);
    json_out_close(&w, '}');
    return provider_request_status(out);
}

static void read_usage(const struct json_span *body, struct provider_reply *out)
{
    int64_t in = provider_scan_count(body, "usage.prompt_tokens");
    if (in < 0)
        in = provider_scan_count(body, "usage.total_tokens");
    provider_set_usage(out, in, 0, -1);
}

static void judge(struct provider_reply *out, enum err e)
{
    if (e == ERR_LIMIT)
        provider_fail(out, ERR_LIMIT, false, "more than %d numbers",
                      ASK_DIMENSIONS_MAX);
    else if (e == ERR_NOMEM)
        provider_fail(out, e, true, "no memory for the embedding");
    else if (e)
        provider_fail(out, ERR_BAD_OUTPUT, true, "the embedding is damaged");
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, vector;
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "data.0.embedding", &vector);
    if (provider_scan_no_answer(http, e, now_ms, out))
        return;
    judge(out, provider_vector_read(&vector, &out->text));
    provider_scan_word(&body, "model", out->model, sizeof out->model);
    read_usage(&body, out);
    provider_check_whole(&body, out);
}

const struct provider provider_openai_embeddings = {
    .name = "openai_embeddings",
    .meaning = "OpenAI embeddings, and all servers that speak them",
    .base_url = "https://api.openai.com/v1",
    .serves = ASK_EMBED,
    .authorize = provider_bearer,
    .build = build,
    .read = read_reply,
    .rates = &rates_openai,
};
