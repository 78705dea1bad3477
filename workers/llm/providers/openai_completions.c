/* openai_completions.c: POST <base_url>/completions with `prompt`: the classic call,
 * for servers that still have it (LLM_WIRE §1.3). */
#include "workers/llm/batch.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/providers/openai_chat.h"
#include "workers/llm/rates.h"
#include <string.h>

/* There are no roles: what the system says stands first, then each turn. */
static enum err put_prompt(struct json_out *w, const struct port_call *call)
{
    const struct ask *ask = call->ask;
    enum provider_form form = ask->schema ? PROVIDER_FORM_PROMPT : PROVIDER_FORM_TEXT;
    struct provider_turns turns;
    struct buf text;
    enum err e = provider_turns_init(&turns, call, form);
    buf_init(&text, w->out->max_bytes);
    if (ask->system && *ask->system)
        buf_printf(&text, "%s\n\n", ask->system);
    for (int i = 0; i < turns.count; i++) {
        buf_append_str(&text, i ? "\n\n" : "");
        buf_append(&text, turns.turn[i].text, turns.turn[i].len);
    }
    e = e ? e : buf_status(&text);
    json_out_key(w, "prompt");
    json_out_strn(w, buf_str(&text), text.len);
    buf_fini(&text);
    provider_turns_fini(&turns);
    return e;
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    const struct ask *ask = call->ask;
    struct json_out w;
    provider_url(out, e, "/completions");
    provider_json_headers(out, call);
    provider_bearer(out, key);
    json_out_init(&w, &out->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    enum err failed = put_prompt(&w, call);
    if (ask->max_tokens > 0) /* the server's own default is 16 */
        json_out_kint(&w, *e->max_tokens_name ? e->max_tokens_name : "max_tokens",
                      ask->max_tokens);
    if (!(out->without & PROVIDER_TEMPERATURE))
        json_out_knum(&w, "temperature", ask->temperature);
    if (!(out->without & PROVIDER_SEED))
        json_out_kint(&w, "seed", (int64_t)(ask->seed & OPENAI_SEED_MASK));
    openai_chat_put_stream(&w, out);
    json_out_close(&w, '}');
    return failed ? failed : provider_request_status(out);
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len};
    struct openai_parts parts;
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    openai_chat_find(&body, "text", &parts);
    if (provider_scan_no_answer(http, parts.failed, now_ms, out))
        return;
    enum err e = provider_scan_text(&parts.message, "", &out->text);
    openai_chat_read_finish(&parts, out);
    provider_judge_text(out, e, "");
    provider_scan_word(&parts.model, "", out->model, sizeof out->model);
    openai_chat_read_usage(&parts.usage, out);
    if (!out->code && !parts.whole)
        provider_fail_cut(out);
}

static void stream(struct provider_stream *s, const char *type,
                   const struct json_span *data)
{
    struct openai_parts parts;
    (void)type;
    openai_chat_find(data, "text", &parts);
    provider_stream_model(s, &parts.model, "");
    provider_stream_id(s, &parts.id, "");
    openai_chat_read_usage(&parts.usage, s->out);
    if (parts.failed)
        return;
    provider_stream_text(s, provider_scan_text(&parts.message, "", &s->out->text));
    openai_chat_read_finish(&parts, s->out);
}

const struct provider provider_openai_completions = {
    .name = "openai_completions",
    .meaning = "legacy completions: one prompt, one text",
    .base_url = "https://api.openai.com/v1",
    .authorize = provider_bearer,
    .build = build,
    .read = read_reply,
    .stream = stream,
    .batch = &batch_openai_completions,
    .rates = &rates_openai,
};
