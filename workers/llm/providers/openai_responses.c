/* openai_responses.c: POST <base_url>/responses, not stored (LLM_WIRE §1.2). */
#include "workers/llm/batch.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/provider_stream.h"
#include "workers/llm/rates.h"
#include <stdio.h>
#include <string.h>

static enum err put_input(struct json_out *w, const struct port_call *call,
                          enum provider_form form)
{
    struct provider_turns turns;
    enum err e = provider_turns_init(&turns, call, form);
    json_out_key(w, "input");
    json_out_open(w, '[');
    for (int i = 0; i < turns.count && !e; i++) {
        json_out_open(w, '{');
        json_out_kstr(w, "role", turns.turn[i].is_model ? "assistant" : "user");
        json_out_key(w, "content");
        json_out_strn(w, turns.turn[i].text, turns.turn[i].len);
        json_out_close(w, '}');
    }
    json_out_close(w, ']');
    provider_turns_fini(&turns);
    return e;
}

static void put_format(struct json_out *w, const struct ask *ask,
                       enum provider_form form)
{
    if (form != PROVIDER_FORM_SCHEMA && form != PROVIDER_FORM_OBJECT)
        return;
    json_out_key(w, "text");
    json_out_open(w, '{');
    json_out_key(w, "format");
    json_out_open(w, '{');
    json_out_kstr(w, "type",
                  form == PROVIDER_FORM_SCHEMA ? "json_schema" : "json_object");
    if (form == PROVIDER_FORM_SCHEMA) {
        json_out_kstr(w, "name", provider_schema_name(ask));
        json_out_kbool(w, "strict", true);
        json_out_key(w, "schema");
        json_out_raw(w, ask->schema, strlen(ask->schema));
    }
    json_out_close(w, '}');
    json_out_close(w, '}');
}

/* Tools are flat here, nested in chat. */
static void put_tool(struct json_out *w, const struct ask *ask, enum provider_form form)
{
    if (form != PROVIDER_FORM_TOOL)
        return;
    json_out_key(w, "tools");
    json_out_open(w, '[');
    json_out_open(w, '{');
    json_out_kstr(w, "type", "function");
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_key(w, "parameters");
    json_out_raw(w, ask->schema, strlen(ask->schema));
    json_out_close(w, '}');
    json_out_close(w, ']');
    json_out_kstr(w, "tool_choice", "required");
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    const struct ask *ask = call->ask;
    enum provider_form form = provider_form_of(e, call, out->without);
    struct json_out w;
    provider_url(out, e, "/responses");
    provider_json_headers(out, call);
    provider_bearer(out, key);
    json_out_init(&w, &out->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    if (ask->system && *ask->system)
        json_out_kstr(&w, "instructions", ask->system);
    enum err failed = put_input(&w, call, form);
    if (!(out->without & PROVIDER_TEMPERATURE))
        json_out_knum(&w, "temperature", ask->temperature);
    if (ask->max_tokens > 0)
        json_out_kint(&w, "max_output_tokens", ask->max_tokens);
    put_format(&w, ask, form);
    put_tool(&w, ask, form);
    json_out_kbool(&w, "store", false);
    if (!(out->without & PROVIDER_STREAM))
        json_out_kbool(&w, "stream", out->stream); /* some stream if not told */
    json_out_close(&w, '}');
    return failed ? failed : provider_request_status(out);
}

/* Texts of all message items joined; the input of a tool; a refusal's words. */
static enum err read_output(const struct json_span *body, struct provider_reply *out,
                            char *refusal, size_t size)
{
    struct json_span item, part;
    enum err e = ERR_OK;
    for (int i = 0; provider_scan_item(body, "output", i, &item) && !e; i++) {
        char type[32];
        provider_scan_word(&item, "type", type, sizeof type);
        if (strcmp(type, "function_call") == 0)
            e = provider_scan_text(&item, "arguments", &out->text);
        if (strcmp(type, "message") != 0)
            continue;
        for (int k = 0; provider_scan_item(&item, "content", k, &part) && !e; k++) {
            provider_scan_word(&part, "type", type, sizeof type);
            if (strcmp(type, "output_text") == 0)
                e = provider_scan_text(&part, "text", &out->text);
            else if (strcmp(type, "refusal") == 0)
                provider_scan_word(&part, "refusal", refusal, size);
        }
    }
    return e;
}

static void read_finish(const struct json_span *body, struct provider_reply *out)
{
    char status[32], reason[32];
    provider_scan_word(body, "status", status, sizeof status);
    provider_scan_word(body, "incomplete_details.reason", reason, sizeof reason);
    const char *finish = "";
    if (strcmp(status, "completed") == 0)
        finish = "stop";
    else if (strcmp(reason, "max_output_tokens") == 0)
        finish = "length";
    else if (strcmp(reason, "content_filter") == 0)
        finish = reason;
    (void)snprintf(out->finish, sizeof out->finish, "%s", finish);
}

static void read_usage(const struct json_span *body, struct provider_reply *out)
{
    struct json_span usage;
    if (json_scan_path(body->at, body->len, "usage", &usage))
        return;
    provider_set_usage(
        out, provider_scan_count(&usage, "input_tokens"),
        provider_scan_count(&usage, "output_tokens"),
        provider_scan_count(&usage, "input_tokens_details.cached_tokens"));
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, output;
    char refusal[200] = "", status[32];
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "output", &output);
    provider_scan_word(&body, "status", status, sizeof status);
    if (!e && strcmp(status, "failed") == 0)
        e = ERR_NOT_FOUND; /* its `error` says why */
    if (provider_scan_no_answer(http, e, now_ms, out))
        return;
    e = read_output(&body, out, refusal, sizeof refusal);
    read_finish(&body, out);
    provider_judge_text(out, e, refusal);
    provider_scan_word(&body, "model", out->model, sizeof out->model);
    read_usage(&body, out);
    provider_check_whole(&body, out);
}

/* The last event holds the whole response; its texts are read if no delta brought any.
 */
static void stream_end(struct provider_stream *s, const struct json_span *response)
{
    struct provider_reply *out = s->out;
    size_t len = strlen(s->refusal);
    if (out->text.len == 0 && len == 0)
        provider_stream_text(s,
                             read_output(response, out, s->refusal, sizeof s->refusal));
    read_finish(response, out);
    read_usage(response, out);
    s->done = true;
}

static void stream(struct provider_stream *s, const char *type,
                   const struct json_span *data)
{
    static const struct json_span nothing = {"{}", 2};
    struct json_span response;
    char word[64];
    provider_scan_word(data, "type", word, sizeof word);
    type = *word ? word : type;
    if (json_scan_path(data->at, data->len, "response", &response))
        response = nothing;
    provider_stream_model(s, &response, "model");
    provider_stream_id(s, &response, "id");
    size_t len = strlen(type);
    if (len > 6 && strcmp(type + len - 6, ".delta") == 0)
        provider_stream_thought(s); /* or more than that */
    if (strcmp(type, "response.output_text.delta") == 0 ||
        strcmp(type, "response.function_call_arguments.delta") == 0)
        provider_stream_text(s, provider_scan_text(data, "delta", &s->out->text));
    else if (strcmp(type, "response.refusal.delta") == 0)
        provider_stream_refusal(s, data, "delta");
    else if (strcmp(type, "response.failed") == 0 ||
             strcmp(type, "response.cancelled") == 0)
        provider_stream_error(s, &response);
    else if (strcmp(type, "response.completed") == 0 ||
             strcmp(type, "response.incomplete") == 0)
        stream_end(s, &response);
}

const struct provider provider_openai_responses = {
    .name = "openai_responses",
    .meaning = "OpenAI responses",
    .base_url = "https://api.openai.com/v1",
    .authorize = provider_bearer,
    .build = build,
    .read = read_reply,
    .stream = stream,
    .stream_has_end = true,
    .batch = &batch_openai_responses,
    .rates = &rates_openai,
};
