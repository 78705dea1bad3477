/* openai_chat.c: POST <base_url>/chat/completions: the dialect of OpenAI and of most
 * servers that others run (LLM_WIRE §1.1). */
#include "workers/llm/batch.h"
#include "workers/llm/providers/openai_chat.h"
#include "workers/llm/provider_scan.h"
#include "workers/llm/rates.h"
#include <stdio.h>
#include <string.h>

static void put_message(struct json_out *w, const char *role, const char *text,
                        size_t n)
{
    json_out_open(w, '{');
    json_out_kstr(w, "role", role);
    json_out_key(w, "content");
    json_out_strn(w, text, n);
    json_out_close(w, '}');
}

/* What stays the same from call to call stands first, so that prompt caches hit. */
static enum err put_messages(struct json_out *w, const struct port_call *call,
                             enum provider_form form)
{
    const struct ask *ask = call->ask;
    struct provider_turns turns;
    enum err e = provider_turns_init(&turns, call, form);
    json_out_key(w, "messages");
    json_out_open(w, '[');
    if (ask->system && *ask->system)
        put_message(w, "system", ask->system, strlen(ask->system));
    for (int i = 0; i < turns.count && !e; i++)
        put_message(w, turns.turn[i].is_model ? "assistant" : "user",
                    turns.turn[i].text, turns.turn[i].len);
    json_out_close(w, ']');
    provider_turns_fini(&turns);
    return e;
}

static void put_schema(struct json_out *w, const struct ask *ask)
{
    json_out_key(w, "response_format");
    json_out_open(w, '{');
    json_out_kstr(w, "type", "json_schema");
    json_out_key(w, "json_schema");
    json_out_open(w, '{');
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_kbool(w, "strict", true);
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
    json_out_kstr(w, "type", "function");
    json_out_key(w, "function");
    json_out_open(w, '{');
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_kstr(w, "description", "Gives the answer.");
    json_out_key(w, "parameters");
    json_out_raw(w, ask->schema, strlen(ask->schema));
    json_out_close(w, '}');
    json_out_close(w, '}');
    json_out_close(w, ']');
    json_out_key(w, "tool_choice");
    json_out_open(w, '{');
    json_out_kstr(w, "type", "function");
    json_out_key(w, "function");
    json_out_open(w, '{');
    json_out_kstr(w, "name", provider_schema_name(ask));
    json_out_close(w, '}');
    json_out_close(w, '}');
}

static void put_form(struct json_out *w, const struct ask *ask, enum provider_form form)
{
    if (form == PROVIDER_FORM_SCHEMA) {
        put_schema(w, ask);
    } else if (form == PROVIDER_FORM_TOOL) {
        put_tool(w, ask);
    } else if (form == PROVIDER_FORM_OBJECT) {
        json_out_key(w, "response_format");
        json_out_open(w, '{');
        json_out_kstr(w, "type", "json_object");
        json_out_close(w, '}');
    }
}

static const char *limit_name(const struct config_endpoint *e, unsigned without)
{
    if (*e->max_tokens_name)
        return e->max_tokens_name;
    return without & PROVIDER_MAX_TOKENS ? "max_completion_tokens" : "max_tokens";
}

/* Usage in a stream is given to those who ask for it. */
void openai_chat_put_stream(struct json_out *w, const struct provider_request *q)
{
    if (!q->stream)
        return;
    json_out_kbool(w, "stream", true);
    if (q->without & PROVIDER_STREAM_USAGE)
        return;
    json_out_key(w, "stream_options");
    json_out_open(w, '{');
    json_out_kbool(w, "include_usage", true);
    json_out_close(w, '}');
}

enum err openai_chat_write(struct provider_request *q, const struct config_endpoint *e,
                           const char *model, const struct port_call *call)
{
    const struct ask *ask = call->ask;
    enum provider_form form = provider_form_of(e, call, q->without);
    struct json_out w;
    json_out_init(&w, &q->body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "model", model);
    enum err failed = put_messages(&w, call, form);
    if (!(q->without & PROVIDER_TEMPERATURE))
        json_out_knum(&w, "temperature", ask->temperature);
    if (ask->max_tokens > 0)
        json_out_kint(&w, limit_name(e, q->without), ask->max_tokens);
    if (!(q->without & PROVIDER_SEED))
        json_out_kint(&w, "seed", (int64_t)(ask->seed & OPENAI_SEED_MASK));
    put_form(&w, ask, form);
    openai_chat_put_stream(&w, q);
    json_out_close(&w, '}');
    return failed;
}

static enum err build(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out)
{
    provider_url(out, e, "/chat/completions");
    provider_json_headers(out, call);
    provider_bearer(out, key);
    enum err failed = openai_chat_write(out, e, model, call);
    return failed ? failed : provider_request_status(out);
}

void openai_chat_read_usage(const struct openai_usage *usage,
                            struct provider_reply *out)
{
    if (!usage->whole)
        return;
    int64_t cached = provider_scan_count(&usage->cached, "");
    if (cached < 0)
        cached = provider_scan_count(&usage->hits, "");
    provider_set_usage(out, provider_scan_count(&usage->in, ""),
                       provider_scan_count(&usage->out, ""), cached);
}

void openai_chat_read_finish(const struct openai_parts *parts,
                             struct provider_reply *out)
{
    static const char *const words[][2] = {{"max_tokens", "length"},
                                           {"MAX_TOKENS", "length"},
                                           {"safety", "content_filter"}};
    char word[sizeof out->finish];
    provider_scan_word(&parts->finish, "", word, sizeof word);
    if (*word)
        memcpy(out->finish, word, sizeof word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(out->finish, words[i][0]) == 0)
            (void)snprintf(out->finish, sizeof out->finish, "%s", words[i][1]);
}

/* Servers have two names for a thought. */
enum { CONTENT, REFUSAL, TOOLS, THOUGHT, REASONING, OF_MESSAGE };
/* What is looked for, level by level. */
struct wanted {
    struct json_member details[1], usage[4], message[OF_MESSAGE], choice[2], choices[1],
        reply[4];
};
enum { MODEL, ID, USAGE, CHOICES };
enum { IN, OUT, DETAILS, HITS };
enum { MESSAGE, FINISH };

static void want(struct wanted *w, const char *message)
{
    *w = (struct wanted){
        .details = {{.name = "cached_tokens"}},
        .usage = {[IN] = {.name = "prompt_tokens"},
                  [OUT] = {.name = "completion_tokens"},
                  [DETAILS] = {"prompt_tokens_details", w->details, 1, {0}, false},
                  [HITS] = {.name = "prompt_cache_hit_tokens"}},
        .message = {[CONTENT] = {.name = "content"},
                    [REFUSAL] = {.name = "refusal"},
                    [TOOLS] = {.name = "tool_calls"},
                    [THOUGHT] = {.name = "reasoning_content"},
                    [REASONING] = {.name = "reasoning"}},
        .choice = {[MESSAGE] = {message, w->message, OF_MESSAGE, {0}, false},
                   [FINISH] = {.name = "finish_reason"}},
        .choices = {{"0", w->choice, 2, {0}, false}},
        .reply = {[MODEL] = {.name = "model"},
                  [ID] = {.name = "id"},
                  [USAGE] = {"usage", w->usage, 4, {0}, false},
                  [CHOICES] = {"choices", w->choices, 1, {0}, false}},
    };
}

/* A string that is not empty. */
static bool is_said(const struct json_span *s)
{
    return s->at && s->at[0] == '"' && s->len > 2;
}

static bool is_object(const struct json_member *m)
{
    return m->whole && *m->value.at == '{';
}

void openai_chat_find(const struct json_span *in, const char *message,
                      struct openai_parts *out)
{
    struct wanted w;
    want(&w, message);
    enum err e = json_scan_members(in, w.reply, 4);
    *out = (struct openai_parts){.model = w.reply[MODEL].value,
                                 .id = w.reply[ID].value,
                                 .usage = {.in = w.usage[IN].value,
                                           .out = w.usage[OUT].value,
                                           .cached = w.details[0].value,
                                           .hits = w.usage[HITS].value,
                                           .whole = is_object(&w.reply[USAGE])},
                                 .failed = w.choices[0].whole ? ERR_OK
                                           : e                ? e
                                                              : ERR_NOT_FOUND,
                                 .whole = !e};
    if (out->failed)
        return;
    out->finish = w.choice[FINISH].value;
    out->message = w.choice[MESSAGE].value;
    out->content = w.message[CONTENT].value;
    out->refusal = w.message[REFUSAL].value;
    out->tools = w.message[TOOLS].value;
    out->has_thought =
        is_said(&w.message[THOUGHT].value) || is_said(&w.message[REASONING].value);
}

/* The one choice: its text, and whether it counts as an answer. A forced tool's input
 * is the text. */
static void read_choice(const struct http_reply *http, const struct openai_parts *m,
                        int64_t now_ms, struct provider_reply *out)
{
    char refusal[200];
    enum err e = provider_scan_text(&m->content, "", &out->text);
    if (e == ERR_NOT_FOUND || (!e && out->text.len == 0))
        e = provider_scan_text(&m->tools, "0.function.arguments", &out->text);
    openai_chat_read_finish(m, out);
    provider_scan_word(&m->refusal, "", refusal, sizeof refusal);
    if (!e || e == ERR_NOT_FOUND)
        if (strcmp(out->finish, "error") == 0) {
            provider_read_error(http, now_ms, out);
            return;
        }
    provider_judge_text(out, e, refusal);
}

void openai_chat_read(const struct http_reply *http, int64_t now_ms,
                      struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len};
    struct openai_parts parts;
    provider_read_request_id(http, "id", out);
    if (http->status < 200 || http->status >= 300) {
        provider_read_error(http, now_ms, out);
        return;
    }
    openai_chat_find(&body, "message", &parts);
    if (provider_scan_no_answer(http, parts.failed, now_ms, out))
        return;
    read_choice(http, &parts, now_ms, out);
    provider_scan_word(&parts.model, "", out->model, sizeof out->model);
    openai_chat_read_usage(&parts.usage, out);
    if (!out->code && !parts.whole)
        provider_fail_cut(out);
}

/* The first call of a tool is the answer; more of them are not read. */
static enum err stream_tool(const struct json_span *tools, struct buf *text)
{
    int64_t index = provider_scan_count(tools, "0.index");
    return index > 0 ? ERR_NOT_FOUND
                     : provider_scan_text(tools, "0.function.arguments", text);
}

/* Azure begins with an event without choices, and usage comes in one of these. */
void openai_chat_stream(struct provider_stream *s, const char *type,
                        const struct json_span *data)
{
    struct provider_reply *out = s->out;
    struct openai_parts parts;
    size_t before = out->text.len;
    (void)type;
    openai_chat_find(data, "delta", &parts);
    provider_stream_model(s, &parts.model, "");
    provider_stream_id(s, &parts.id, "");
    openai_chat_read_usage(&parts.usage, out);
    if (parts.failed)
        return;
    enum err e = provider_scan_text(&parts.content, "", &out->text);
    if (e == ERR_NOT_FOUND || (!e && out->text.len == before))
        e = stream_tool(&parts.tools, &out->text);
    provider_stream_text(s, e);
    if (parts.has_thought)
        provider_stream_thought(s);
    provider_stream_refusal(s, &parts.refusal, "");
    openai_chat_read_finish(&parts, out);
    if (strcmp(out->finish, "error") == 0)
        provider_stream_error(s, data);
}

const struct provider provider_openai_chat = {
    .name = "openai_chat",
    .meaning = "OpenAI chat completions, and all servers that speak them",
    .base_url = "https://api.openai.com/v1",
    .authorize = provider_bearer,
    .build = build,
    .read = openai_chat_read,
    .stream = openai_chat_stream,
    .batch = &batch_openai_chat,
    .rates = &rates_openai,
};
