/* openai_moderations.c: POST <base_url>/moderations: a text in, a verdict out (LLM_WIRE
 * §1.5). */
#include "core/base/json.h"
#include "core/base/utf8.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/rates.h"
#include <string.h>

#define CATEGORIES_MAX 64
#define CATEGORY_MAX_BYTES 64

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    struct json_out w;
    provider_url(out, e, "/moderations");
    provider_json_headers(out, call);
    provider_bearer(out, key);
    json_out_init(&w, &out->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    json_out_kstr(&w, "input", call->ask->user ? call->ask->user : "");
    json_out_close(&w, '}');
    return provider_request_status(out);
}

struct category {
    const char *name;
    double score;
};

/* Those that apply, the surest first. */
static size_t rank(const struct json *result, struct category *out)
{
    const struct json *scores = json_get(result, "category_scores");
    size_t n = 0;
    json_each (member, json_get(result, "categories")) {
        if (!json_bool(member, false) || n == CATEGORIES_MAX)
            continue;
        struct category c = {json_key(member),
                             json_num(json_get(scores, json_key(member)), 0)};
        size_t at = n++;
        for (; at > 0 && out[at - 1].score < c.score; at--)
            out[at] = out[at - 1];
        out[at] = c;
    }
    return n;
}

static enum err write_verdict(const struct json *result, struct buf *out)
{
    struct category list[CATEGORIES_MAX];
    size_t n = rank(result, list);
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kbool(&w, "flagged", json_bool(json_get(result, "flagged"), true));
    json_out_key(&w, "categories");
    json_out_open(&w, '[');
    for (size_t i = 0; i < n; i++)
        json_out_strn(
            &w, list[i].name,
            utf8_prefix(list[i].name, strlen(list[i].name), CATEGORY_MAX_BYTES));
    json_out_close(&w, ']');
    json_out_close(&w, '}');
    return buf_status(out);
}

static void read_result(const struct json_span *span, struct provider_reply *out)
{
    struct json *result = NULL;
    struct err_detail d = {.message = ""};
    enum err e = json_parse(span->at, span->len, &json_limits_reply, &result, &d);
    if (!e && json_type(json_get(result, "flagged")) != JSON_BOOL)
        e = ERR_BAD_TYPE;
    if (!e)
        e = write_verdict(result, &out->text);
    json_free(result);
    if (e == ERR_NOMEM)
        provider_fail(out, e, true, "no memory for the verdict");
    else if (e)
        provider_fail(out, ERR_BAD_OUTPUT, true, "the verdict is damaged");
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, result;
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "results.0", &result);
    if (provider_scan_no_answer(http, e, now_ms, out))
        return;
    read_result(&result, out);
    provider_scan_word(&body, "model", out->model, sizeof out->model);
    provider_check_whole(&body, out);
}

const struct provider provider_openai_moderations = {
    .name = "openai_moderations",
    .meaning = "OpenAI moderations: is a text fit to be shown",
    .base_url = "https://api.openai.com/v1",
    .serves = ASK_MODERATE,
    .free = true,
    .authorize = provider_bearer,
    .build = build,
    .read = read_reply,
    .rates = &rates_openai,
};
