/* anthropic.c: POST <base_url>/messages (LLM_WIRE §2). */
#include "workers/llm/batch.h"
#include "workers/llm/llm_tokens.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/provider_stream.h"
#include "workers/llm/rates.h"
#include <stdio.h>
#include <string.h>

#define API_VERSION "2023-06-01"

static enum err put_messages(struct json_out *w, const struct port_call *call,
                             enum provider_form form)
{
    struct provider_turns turns;
    enum err e = provider_turns_init(&turns, call, form);
    json_out_key(w, "messages");
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

static void put_schema(struct json_out *w, const struct ask *ask)
{
    json_out_key(w, "output_config");
    json_out_open(w, '{');
    json_out_key(w, "format");
    json_out_open(w, '{');
    json_out_kstr(w, "type", "json_schema");
    json_out_key(w, "schema");
    json_out_raw(w, ask->schema, strlen(ask->schema));
    json_out_close(w, '}');
    json_out_close(w, '}');
}

static void put_tool(struct json_out *w, const struct ask *ask)
{
    json_out_key(w, "tools");
    json_out_open(w, '[');
    json_out_open(w, '{');
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_kstr(w, "description", "Gives the answer.");
    json_out_key(w, "input_schema");
    json_out_raw(w, ask->schema, strlen(ask->schema));
    json_out_close(w, '}');
    json_out_close(w, ']');
    json_out_key(w, "tool_choice");
    json_out_open(w, '{');
    json_out_kstr(w, "type", "tool");
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_close(w, '}');
}

static enum err write_body(struct provider_request *q, const struct config_endpoint *e,
                           const char *model, const struct port_call *call)
{
    const struct ask *ask = call->ask;
    enum provider_form form = provider_form_of(e, call, q->without);
    struct json_out w;
    json_out_init(&w, &q->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    json_out_kint(&w, "max_tokens", llm_reply_tokens(ask)); /* required here */
    if (ask->system && *ask->system)
        json_out_kstr(&w, "system", ask->system);
    enum err failed = put_messages(&w, call, form);
    if (!(q->without & PROVIDER_TEMPERATURE)) /* 0 to 1 here */
        json_out_knum(&w, "temperature", ask->temperature > 1 ? 1 : ask->temperature);
    if (form == PROVIDER_FORM_SCHEMA)
        put_schema(&w, ask);
    else if (form == PROVIDER_FORM_TOOL)
        put_tool(&w, ask);
    if (q->stream)
        json_out_kbool(&w, "stream", true);
    json_out_close(&w, '}');
    return failed;
}

static void authorize(struct provider_request *q, const char *key)
{
    provider_key(q, "x-api-key", "", key);
    provider_header(q, "anthropic-version", API_VERSION);
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    provider_url(out, e, "/messages");
    provider_json_headers(out, call);
    authorize(out, key);
    enum err failed = write_body(out, e, model, call);
    return failed ? failed : provider_request_status(out);
}

/* Text blocks joined; thinking is not the answer; the input of a forced tool is. */
static enum err read_content(const struct json_span *body, struct provider_reply *out)
{
    struct json_span block, input;
    enum err e = ERR_OK;
    for (int i = 0; provider_scan_item(body, "content", i, &block) && !e; i++) {
        char type[32];
        provider_scan_word(&block, "type", type, sizeof type);
        if (strcmp(type, "text") == 0)
            e = provider_scan_text(&block, "text", &out->text);
        else if (strcmp(type, "tool_use") == 0 &&
                 !json_scan_path(block.at, block.len, "input", &input))
            e = buf_append(&out->text, input.at, input.len);
    }
    return e;
}

static void read_finish(const struct json_span *body, struct provider_reply *out)
{
    static const char *const words[][2] = {
        {"end_turn", "stop"},     {"stop_sequence", "stop"}, {"tool_use", "stop"},
        {"max_tokens", "length"}, {"refusal", "refusal"},
    };
    char reason[32];
    provider_scan_word(body, "stop_reason", reason, sizeof reason);
    if (!*reason)
        return;
    (void)snprintf(out->finish, sizeof out->finish, "%s", reason);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(reason, words[i][0]) == 0)
            (void)snprintf(out->finish, sizeof out->finish, "%s", words[i][1]);
}

/* input_tokens does not hold what came from or went into the cache. The later events of
 * a stream may tell the output alone; what the first one told of the input stays. */
static void read_usage(const struct json_span *body, struct provider_reply *out)
{
    struct json_span usage;
    if (json_scan_path(body->at, body->len, "usage", &usage))
        return;
    int64_t in = provider_scan_count(&usage, "input_tokens");
    int64_t made = provider_scan_count(&usage, "cache_creation_input_tokens");
    int64_t read = provider_scan_count(&usage, "cache_read_input_tokens");
    if (out->has_usage) {
        made = made < 0 ? out->tokens_written : made;
        read = read < 0 ? out->tokens_cached : read;
    }
    if (in >= 0)
        in += (made > 0 ? made : 0) + (read > 0 ? read : 0);
    else if (out->has_usage)
        in = out->tokens_in;
    provider_set_usage(out, in, provider_scan_count(&usage, "output_tokens"), read);
    provider_set_written(out, made);
}

static void read_reply(const struct http_reply *http, int64_t now_ms,
                       struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len}, content;
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    enum err e = json_scan_path(body.at, body.len, "content", &content);
    if (provider_scan_no_answer(http, e, now_ms, out))
        return;
    e = read_content(&body, out);
    read_finish(&body, out);
    provider_judge_text(out, e, "");
    provider_scan_word(&body, "model", out->model, sizeof out->model);
    read_usage(&body, out);
    provider_check_whole(&body, out);
}

static void stream_delta(struct provider_stream *s, const struct json_span *data)
{
    struct buf *text = &s->out->text;
    char type[32];
    provider_stream_thought(s); /* or more than that */
    provider_scan_word(data, "delta.type", type, sizeof type);
    if (strcmp(type, "text_delta") == 0)
        provider_stream_text(s, provider_scan_text(data, "delta.text", text));
    else if (strcmp(type, "input_json_delta") == 0)
        provider_stream_text(s, provider_scan_text(data, "delta.partial_json", text));
}

static void stream(struct provider_stream *s, const char *type,
                   const struct json_span *data)
{
    struct json_span part;
    char word[32];
    provider_scan_word(data, "type", word, sizeof word);
    type = *word ? word : type;
    if (strcmp(type, "content_block_delta") == 0) {
        stream_delta(s, data);
    } else if (strcmp(type, "message_start") == 0) {
        provider_stream_model(s, data, "message.model");
        provider_stream_id(s, data, "message.id");
        if (!json_scan_path(data->at, data->len, "message", &part))
            read_usage(&part, s->out);
    } else if (strcmp(type, "message_delta") == 0) {
        if (!json_scan_path(data->at, data->len, "delta", &part))
            read_finish(&part, s->out);
        read_usage(data, s->out);
    } else if (strcmp(type, "message_stop") == 0) {
        s->done = true;
    }
}

const struct provider provider_anthropic = {
    .name = "anthropic",
    .meaning = "Anthropic messages",
    .base_url = "https://api.anthropic.com/v1",
    .authorize = authorize,
    .build = build,
    .read = read_reply,
    .stream = stream,
    .stream_has_end = true,
    .batch = &batch_anthropic,
    .rates = &rates_anthropic,
};
