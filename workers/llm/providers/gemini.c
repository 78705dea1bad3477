/* gemini.c: POST <base_url>/models/<model>:generateContent, or :streamGenerateContent
 * (LLM_WIRE §3). */
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/provider_stream.h"
#include <stdio.h>
#include <string.h>

#define SEED_MASK UINT64_C(0x7fffffff) /* an int32 there */

static void put_parts(struct json_out *w, const char *text, size_t n)
{
    json_out_key(w, "parts");
    json_out_open(w, '[');
    json_out_open(w, '{');
    json_out_key(w, "text");
    json_out_strn(w, text, n);
    json_out_close(w, '}');
    json_out_close(w, ']');
}

static enum err put_contents(struct json_out *w, const struct port_call *call,
                             enum provider_form form)
{
    struct provider_turns turns;
    enum err e = provider_turns_init(&turns, call, form);
    json_out_key(w, "contents");
    json_out_open(w, '[');
    for (int i = 0; i < turns.count && !e; i++) {
        json_out_open(w, '{');
        json_out_kstr(w, "role", turns.turn[i].is_model ? "model" : "user");
        put_parts(w, turns.turn[i].text, turns.turn[i].len);
        json_out_close(w, '}');
    }
    json_out_close(w, ']');
    provider_turns_fini(&turns);
    return e;
}

static void put_config(struct json_out *w, const struct provider_request *q,
                       const struct ask *ask, enum provider_form form)
{
    json_out_key(w, "generationConfig");
    json_out_open(w, '{');
    if (!(q->without & PROVIDER_TEMPERATURE))
        json_out_knum(w, "temperature", ask->temperature);
    if (ask->max_tokens > 0)
        json_out_kint(w, "maxOutputTokens", ask->max_tokens);
    if (!(q->without & PROVIDER_SEED))
        json_out_kint(w, "seed", (int64_t)(ask->seed & SEED_MASK));
    if (form == PROVIDER_FORM_SCHEMA || form == PROVIDER_FORM_OBJECT)
        json_out_kstr(w, "responseMimeType", "application/json");
    if (form == PROVIDER_FORM_SCHEMA) {
        json_out_key(w, "responseJsonSchema");
        json_out_raw(w, ask->schema, strlen(ask->schema));
    }
    json_out_close(w, '}');
}

/* A tool adds nothing to a schema here. */
static enum provider_form form_of(const struct config_endpoint *e,
                                  const struct port_call *call, unsigned without)
{
    enum provider_form form = provider_form_of(e, call, without);
    return form == PROVIDER_FORM_TOOL ? PROVIDER_FORM_SCHEMA : form;
}

static void authorize(struct provider_request *q, const char *key)
{
    provider_key(q, "x-goog-api-key", "", key);
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    const struct ask *ask = call->ask;
    enum provider_form form = form_of(e, call, out->without);
    struct json_out w;
    provider_url(out, e, "/models/");
    provider_url_segment(out, model);
    buf_append_str(&out->url,
                   out->stream ? ":streamGenerateContent?alt=sse" : ":generateContent");
    provider_json_headers(out, call);
    authorize(out, key);
    json_out_init(&w, &out->body);
    json_out_open(&w, '{');
    if (ask->system && *ask->system) {
        json_out_key(&w, "systemInstruction");
        json_out_open(&w, '{');
        put_parts(&w, ask->system, strlen(ask->system));
        json_out_close(&w, '}');
    }
    enum err failed = put_contents(&w, call, form);
    put_config(&w, out, ask, form);
    json_out_close(&w, '}');
    return failed ? failed : provider_request_status(out);
}

static bool is_thought(const struct json_span *part)
{
    struct json_span span;
    return !json_scan_path(part->at, part->len, "thought", &span) && span.len == 4 &&
           memcmp(span.at, "true", 4) == 0;
}

static enum err read_parts(const struct json_span *candidate,
                           struct provider_reply *out)
{
    struct json_span part;
    enum err e = ERR_OK;
    for (int i = 0; provider_scan_item(candidate, "content.parts", i, &part) && !e;
         i++) {
        if (!is_thought(&part))
            e = provider_scan_text(&part, "text", &out->text);
        if (e == ERR_NOT_FOUND)
            e = ERR_OK; /* a part of another sort */
    }
    return e;
}

static void read_finish(const struct json_span *candidate, struct provider_reply *out)
{
    static const char *const words[][2] = {
        {"STOP", "stop"},
        {"MAX_TOKENS", "length"},
        {"SAFETY", "content_filter"},
        {"RECITATION", "content_filter"},
        {"BLOCKLIST", "content_filter"},
        {"PROHIBITED_CONTENT", "content_filter"},
        {"SPII", "content_filter"},
    };
    char reason[32];
    provider_scan_word(candidate, "finishReason", reason, sizeof reason);
    if (*reason)
        (void)snprintf(out->finish, sizeof out->finish, "%s", reason);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(reason, words[i][0]) == 0)
            (void)snprintf(out->finish, sizeof out->finish, "%s", words[i][1]);
}

/* Thoughts are billed as output and stand outside candidatesTokenCount. */
static void read_usage(const struct json_span *body, struct provider_reply *out)
{
    struct json_span usage;
    if (json_scan_path(body->at, body->len, "usageMetadata", &usage))
        return;
    int64_t made = provider_scan_count(&usage, "candidatesTokenCount");
    int64_t thought = provider_scan_count(&usage, "thoughtsTokenCount");
    if (thought > 0)
        made = (made > 0 ? made : 0) + thought;
    provider_set_usage(out, provider_scan_count(&usage, "promptTokenCount"), made,
                       provider_scan_count(&usage, "cachedContentTokenCount"));
}

/* A blocked prompt is a 200 without candidates. */
static bool is_blocked(const struct json_span *body, struct provider_reply *out)
{
    char reason[64];
    provider_scan_word(body, "promptFeedback.blockReason", reason, sizeof reason);
    if (*reason)
        provider_fail(out, ERR_CONTENT, false, "the prompt was blocked: %s", reason);
    return *reason != '\0';
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, candidate;
    provider_read_request_id(http, "responseId", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "candidates.0", &candidate);
    if (e == ERR_NOT_FOUND && is_blocked(&body, out)) {
        read_usage(&body, out);
        return;
    }
    if (provider_scan_no_answer(http, e, now_ms, out))
        return;
    e = read_parts(&candidate, out);
    read_finish(&candidate, out);
    provider_judge_text(out, e, "");
    provider_scan_word(&body, "modelVersion", out->model, sizeof out->model);
    read_usage(&body, out);
    provider_check_whole(&body, out);
}

/* Each event is a response of its own, with the next part of the text. */
static void stream(struct provider_stream *s, const char *type,
                   const struct json_span *data)
{
    struct json_span candidate, part;
    (void)type;
    provider_stream_model(s, data, "modelVersion");
    provider_stream_id(s, data, "responseId");
    read_usage(data, s->out);
    if (provider_scan_item(data, "candidates", 0, &candidate)) {
        provider_stream_text(s, read_parts(&candidate, s->out));
        if (!s->begun &&
            !json_scan_path(candidate.at, candidate.len, "content.parts.0", &part))
            provider_stream_thought(s); /* or more than that */
        read_finish(&candidate, s->out);
    } else {
        (void)is_blocked(data, s->out);
    }
}

const struct provider provider_gemini = {
    .name = "gemini",
    .meaning = "Google Gemini, generateContent",
    .base_url = "https://generativelanguage.googleapis.com/v1beta",
    .authorize = authorize,
    .build = build,
    .read = read_reply,
    .stream = stream,
};
