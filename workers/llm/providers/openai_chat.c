/* openai_chat.c: POST <base_url>/chat/completions, not streamed: the dialect of OpenAI
 * and of most servers that others run. */
#include "core/base/json_out.h"
#include "core/base/json_scan.h"
#include "core/base/utf8.h"
#include "workers/llm/provider.h"
#include <stdio.h>
#include <string.h>

#define USAGE_MAX_TOKENS 1000000000
/* Some servers take 32 bits only. */
#define SEED_MASK UINT64_C(0x7fffffff)

static void write_message(struct json_out *w, const char *role, const char *text,
                          size_t n)
{
    json_out_open(w, '{');
    json_out_kstr(w, "role", role);
    json_out_key(w, "content");
    json_out_strn(w, text, n);
    json_out_close(w, '}');
}

/* The user's message, with what has no place of its own. */
static void write_user(struct json_out *w, const struct ask *ask, bool schema_inside,
                       const char *objection)
{
    struct buf text;
    buf_init(&text, w->out->max_bytes);
    buf_append_str(&text, ask->user ? ask->user : "");
    if (schema_inside)
        buf_printf(&text,
                   "\n\nAnswer with one JSON value and nothing else: no code fence, no "
                   "remark. It must match this JSON Schema:\n%s",
                   ask->schema);
    if (*objection)
        buf_printf(&text, "\n\n%s", objection);
    if (buf_status(&text))
        w->out->failed = text.failed;
    else
        write_message(w, "user", buf_str(&text), text.len);
    buf_fini(&text);
}

/* What stays the same from call to call stands first, so that prompt caches hit. */
static void write_messages(struct json_out *w, const struct port_call *call,
                           bool schema_inside)
{
    const struct ask *ask = call->ask;
    const char *objection = call->objection ? call->objection : "";
    const char *refused = call->refused_text ? call->refused_text : "";
    bool turns = *objection && *refused; /* roles must alternate on some servers */
    json_out_key(w, "messages");
    json_out_open(w, '[');
    if (ask->system && *ask->system)
        write_message(w, "system", ask->system, strlen(ask->system));
    write_user(w, ask, schema_inside, turns ? "" : objection);
    if (turns) {
        size_t cut = utf8_prefix(refused, strlen(refused), PROVIDER_REFUSED_MAX_BYTES);
        write_message(w, "assistant", refused, cut);
        write_message(w, "user", objection, strlen(objection));
    }
    json_out_close(w, ']');
}

static void write_schema(struct json_out *w, const struct ask *ask)
{
    const char *name = ask->schema_name ? ask->schema_name : "answer";
    json_out_key(w, "response_format");
    json_out_open(w, '{');
    json_out_kstr(w, "type", "json_schema");
    json_out_key(w, "json_schema");
    json_out_open(w, '{');
    json_out_kstr(w, "name", name);
    json_out_kbool(w, "strict", true);
    json_out_key(w, "schema");
    json_out_raw(w, ask->schema, strlen(ask->schema));
    json_out_close(w, '}');
    json_out_close(w, '}');
}

static void write_body(struct provider_request *q, const char *model,
                       const struct port_call *call, bool json_schema)
{
    const struct ask *ask = call->ask;
    json_schema = json_schema && !(q->without & PROVIDER_SCHEMA);
    struct json_out w;
    json_out_init(&w, &q->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    write_messages(&w, call, ask->schema && !json_schema);
    if (!(q->without & PROVIDER_TEMPERATURE))
        json_out_knum(&w, "temperature", ask->temperature);
    if (ask->max_tokens > 0)
        json_out_kint(&w,
                      q->without & PROVIDER_MAX_TOKENS ? "max_completion_tokens"
                                                       : "max_tokens",
                      ask->max_tokens);
    if (!(q->without & PROVIDER_SEED))
        json_out_kint(&w, "seed", (int64_t)(ask->seed & SEED_MASK));
    if (ask->schema && json_schema)
        write_schema(&w, ask);
    json_out_close(&w, '}');
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    size_t len = strlen(e->base_url);
    while (len > 0 && e->base_url[len - 1] == '/')
        len--;
    buf_printf(&out->url, "%.*s/chat/completions", (int)len, e->base_url);
    provider_json_headers(out, key, call);
    write_body(out, model, call, e->json_schema);
    enum err failed = buf_status(&out->url);
    failed = failed ? failed : buf_status(&out->auth);
    return failed ? failed : buf_status(&out->body);
}

/* A short string inside a span, on one line; "" when absent or null. */
static void read_word(const struct json_span *in, const char *path, char *out,
                      size_t size)
{
    struct json_span span;
    struct buf text;
    out[0] = '\0';
    if (json_scan_path(in->at, in->len, path, &span))
        return;
    buf_init(&text, 4096);
    if (!json_scan_string(&span, &text))
        provider_copy_text(out, size, buf_str(&text), text.len);
    buf_fini(&text);
}

/* -1: absent, or no number of tokens. */
static int64_t read_count(const struct json_span *usage, const char *path)
{
    struct json_span span;
    int64_t n;
    if (json_scan_path(usage->at, usage->len, path, &span) ||
        json_scan_int(&span, &n) || n < 0 || n > USAGE_MAX_TOKENS)
        return -1;
    return n;
}

static void read_usage(const struct json_span *usage, struct provider_reply *out)
{
    out->tokens_in = read_count(usage, "prompt_tokens");
    out->tokens_out = read_count(usage, "completion_tokens");
    out->tokens_cached = read_count(usage, "prompt_tokens_details.cached_tokens");
    if (out->tokens_cached < 0)
        out->tokens_cached = read_count(usage, "prompt_cache_hit_tokens");
    if (out->tokens_cached > out->tokens_in)
        out->tokens_cached = out->tokens_in;
    if (out->tokens_cached < 0)
        out->tokens_cached = 0;
    /* no prompt has 0 tokens: then nobody counted */
    out->has_usage = out->tokens_in > 0 && out->tokens_out >= 0;
}

static bool finish_is(const struct provider_reply *r, const char *a, const char *b)
{
    return strcmp(r->finish, a) == 0 || strcmp(r->finish, b) == 0;
}

/* The one choice: its text, and whether it counts as an answer. */
static void read_choice(const struct http_reply *http, const struct json_span *choice,
                        int64_t now_ms, struct provider_reply *out)
{
    struct json_span content;
    char refusal[200];
    enum err e = json_scan_path(choice->at, choice->len, "message.content", &content);
    bool is_text = !e && content.at[0] == '"';
    if (is_text)
        e = json_scan_string(&content, &out->text);
    read_word(choice, "finish_reason", out->finish, sizeof out->finish);
    read_word(choice, "message.refusal", refusal, sizeof refusal);
    if (finish_is(out, "max_tokens", "MAX_TOKENS"))
        (void)snprintf(out->finish, sizeof out->finish, "length");
    if (is_text && e == ERR_LIMIT)
        provider_fail(out, ERR_LIMIT, false, "the text of the reply is too large");
    else if (is_text && e)
        provider_fail(out, ERR_SERVER, true, "the text of the reply is damaged");
    else if (finish_is(out, "error", "error"))
        provider_read_error(http, now_ms, out);
    else if (*refusal)
        provider_fail(out, ERR_CONTENT, false, "the model refused: %s", refusal);
    else if (finish_is(out, "content_filter", "safety"))
        provider_fail(out, ERR_CONTENT, false, "a filter stopped the answer");
    else if (!*out->finish)
        provider_fail(out, ERR_TRUNCATED, true, "a reply without a finish_reason");
    else if (out->text.len == 0 && finish_is(out, "length", "length"))
        provider_fail(out, ERR_TRUNCATED, true, "max_tokens reached before any text");
    else if (out->text.len == 0)
        provider_fail(out, ERR_BAD_OUTPUT, true, "a reply without text (%s)",
                      out->finish);
}

static void read_ok(const struct http_reply *http, int64_t now_ms,
                    struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, span;
    size_t blank = strspn(http->body, " \t\r\n");
    if (http->body[blank] == '\0') {
        provider_fail(out, ERR_SERVER, true, "an empty reply with status %d",
                      http->status);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "choices.0", &span);
    if (e == ERR_BAD_JSON && http->body[blank] == '{') {
        provider_fail(out, ERR_TRUNCATED, true, "the JSON of the reply is cut");
        return;
    }
    if (e) {
        provider_read_error(http, now_ms, out);
        return;
    }
    read_choice(http, &span, now_ms, out);
    read_word(&body, "model", out->model, sizeof out->model);
    e = json_scan_path(body.at, body.len, "usage", &span);
    if (!e)
        read_usage(&span, out);
    else if (e == ERR_BAD_JSON && out->code == ERR_OK)
        provider_fail(out, ERR_TRUNCATED, true, "the JSON of the reply is cut");
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    const char *id = http_reply_header(http, "x-request-id");
    struct json_span body = {http->body, http->body_len};
    if (id)
        provider_copy_text(out->request_id, sizeof out->request_id, id, strlen(id));
    else
        read_word(&body, "id", out->request_id, sizeof out->request_id);
    if (http->status >= 200 && http->status < 300)
        read_ok(http, now_ms, out);
    else
        provider_read_error(http, now_ms, out);
}

const struct provider provider_openai_chat = {
    .name = "openai_chat",
    .meaning = "OpenAI chat completions, and all servers that speak them",
    .build = build,
    .read = read_reply,
};
