/* sim_chat.c: reads the request, builds the answer. */
#include "tests/llmsim/sim_chat.h"
#include "core/base/json_out.h"
#include "core/base/rng.h"
#include "core/base/utf8.h"
#include "tests/llmsim/sim_messages.h"
#include "tests/llmsim/sim_schema.h"
#include "tests/llmsim/sim_stream.h"
#include "tests/llmsim/sim_words.h"
#include <stdio.h>
#include <string.h>

#define MESSAGE_TOKENS 4
#define MODEL_MAX_BYTES 256
#define CONTENT_MAX_BYTES (4u << 20)

/* Ends of the prefix that has at most `most` tokens; counts them too. */
static int64_t count_tokens(const char *text, size_t n, int64_t most, size_t *end)
{
    int64_t cjk = 0, bytes = 0;
    size_t i = 0;
    while (i < n) {
        uint32_t point = 0;
        size_t step = utf8_decode(text + i, n - i, &point);
        step = step ? step : 1;
        int64_t next_cjk = cjk + utf8_is_cjk(point);
        int64_t next_bytes = bytes + (utf8_is_cjk(point) ? 0 : (int64_t)step);
        if (next_cjk + (next_bytes + 3) / 4 > most) {
            break;
        }
        cjk = next_cjk;
        bytes = next_bytes;
        i += step;
    }
    *end = i;
    return cjk + (bytes + 3) / 4;
}

int64_t sim_chat_tokens(const char *text, size_t n)
{
    size_t end;
    return count_tokens(text, n, INT64_MAX, &end);
}

/* A text, or an array of parts with texts, and a line feed. */
static enum err add_text(struct buf *prompt, const struct json *content,
                         struct err_detail *d)
{
    if (json_type(content) == JSON_ARRAY) {
        json_each (part, content) {
            (void)buf_append_str(prompt, json_str(json_get(part, "text"), ""));
        }
    } else if (json_type(content) == JSON_STRING) {
        (void)buf_append_str(prompt, json_str(content, ""));
    } else {
        return err_set(d, ERR_BAD_REQUEST, "messages", "a message needs content");
    }
    return buf_append_char(prompt, '\n');
}

static enum err add_message(struct buf *prompt, const struct json *message,
                            struct err_detail *d)
{
    if (!*json_str(json_get(message, "role"), "")) {
        return err_set(d, ERR_BAD_REQUEST, "messages", "a message needs a role");
    }
    return add_text(prompt, json_get(message, "content"), d);
}

enum err sim_chat_read_messages(struct arena *a, struct sim_chat *c,
                                const struct json *system, struct err_detail *d)
{
    const struct json *messages = json_get(c->root, "messages");
    struct buf prompt;
    enum err e = ERR_OK;
    c->messages = (int64_t)json_count(messages);
    if (json_type(messages) != JSON_ARRAY || c->messages == 0) {
        return err_set(d, ERR_BAD_REQUEST, "messages", "messages must be an array");
    }
    buf_init(&prompt, CONTENT_MAX_BYTES);
    if (system) {
        e = add_text(&prompt, system, d);
    }
    json_each (message, messages) {
        e = e == ERR_OK ? add_message(&prompt, message, d) : e;
    }
    if (e == ERR_OK && !(c->prompt = arena_strndup(a, buf_str(&prompt), prompt.len))) {
        e = err_set(d, ERR_NOMEM, "", "no memory");
    }
    hash_sha256_hex(buf_str(&prompt), prompt.len, c->prompt_sha256);
    buf_fini(&prompt);
    return e;
}

static enum err read_format(struct sim_chat *c, struct err_detail *d)
{
    const struct json *format = json_get(c->root, "response_format");
    const char *type = json_str(json_get(format, "type"), format ? "" : "text");
    if (strcmp(type, "json_object") == 0) {
        c->json = true;
    } else if (strcmp(type, "json_schema") == 0) {
        c->schema = json_get(json_get(format, "json_schema"), "schema");
        if (json_type(c->schema) != JSON_OBJECT) {
            return err_set(d, ERR_BAD_REQUEST, "response_format",
                           "json_schema.schema must be an object");
        }
    } else if (strcmp(type, "text") != 0) {
        return err_set(d, ERR_BAD_REQUEST, "response_format", "unknown type");
    }
    return ERR_OK;
}

static enum err read_limits(struct sim_chat *c, struct err_detail *d)
{
    static const char *const names[] = {"max_completion_tokens", "max_tokens"};
    for (size_t i = 0; i < 2; i++) {
        const struct json *max = json_get(c->root, names[i]);
        if (max && json_type(max) != JSON_NULL) {
            c->max_tokens = json_int(max, 0);
            if (c->max_tokens < 1) {
                return err_set(d, ERR_BAD_REQUEST, names[i], "must be 1 or more");
            }
            break;
        }
    }
    c->stream = json_bool(json_get(c->root, "stream"), false);
    c->stream_usage = json_bool(
        json_get(json_get(c->root, "stream_options"), "include_usage"), false);
    if (json_int(json_get(c->root, "n"), 1) != 1) {
        return err_set(d, ERR_BAD_REQUEST, "n", "only n = 1 is simulated");
    }
    if (json_count(json_get(c->root, "tools")) > 0) {
        return err_set(d, ERR_BAD_REQUEST, "tools", "tools are not simulated");
    }
    return ERR_OK;
}

enum err sim_chat_read_model(struct sim_chat *c, struct err_detail *d)
{
    c->model = json_str(json_get(c->root, "model"), "");
    if (!*c->model || strlen(c->model) > MODEL_MAX_BYTES) {
        c->model = ""; /* nor may it fill the ledger */
        return err_set(d, ERR_BAD_REQUEST, "model", "you must provide a model");
    }
    return ERR_OK;
}

enum err sim_chat_parse(struct arena *a, const char *body, size_t n,
                        struct sim_chat *out, struct err_detail *d)
{
    *out = (struct sim_chat){.model = "", .prompt = ""};
    enum err e = json_parse(body, n, &json_limits_reply, &out->root, d);
    if (e != ERR_OK) {
        return e;
    }
    e = sim_chat_read_messages(a, out, NULL, d);
    enum err model = sim_chat_read_model(out, d);
    e = e == ERR_OK ? model : e;
    if (e == ERR_OK) {
        e = read_format(out, d);
    }
    return e == ERR_OK ? read_limits(out, d) : e;
}

void sim_chat_fini(struct sim_chat *c)
{
    json_free(c->root);
    c->root = NULL;
}

static enum err write_text(const struct sim_brief *b, struct rng *r, struct buf *out)
{
    struct sim_wish wish = {.tone = SIM_COPY, .polite = sim_brief_limit(b->prompt, "")};
    return sim_words_write(b, r, &wish, out);
}

/* {"<key>": "<copy>"} */
static enum err write_object(const char *key, const struct sim_brief *b, struct rng *r,
                             struct buf *out)
{
    struct buf text;
    struct json_out w;
    buf_init(&text, CONTENT_MAX_BYTES);
    enum err e = write_text(b, r, &text);
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, key, buf_str(&text));
    json_out_close(&w, '}');
    buf_fini(&text);
    return e == ERR_OK ? buf_status(out) : e;
}

static enum err write_schema(const struct json *schema, const struct sim_brief *b,
                             struct rng *r, struct buf *out, struct err_detail *d)
{
    struct json *v = NULL;
    enum err e = sim_schema_make(schema, b, r, &v, d);
    if (e == ERR_OK) {
        e = json_print(v, out);
    }
    json_free(v);
    return e;
}

/* Three ways models break JSON: cut, quotes lost, words around and no end. None parses
 * as it is; some may be repaired. */
static enum err break_json(struct buf *content, struct rng *r)
{
    uint64_t way = rng_below(r, 3);
    size_t keep = utf8_prefix(buf_str(content), content->len, content->len * 2 / 3);
    struct buf broken;
    buf_init(&broken, CONTENT_MAX_BYTES);
    if (way > 0) {
        (void)buf_append_str(&broken, way == 1 ? "{text: " : "Sure! Here it is: {{\"");
    }
    (void)buf_append(&broken, buf_str(content), keep);
    (void)buf_append_str(&broken, way == 0 ? "\",,:" : "\" and so on");
    buf_clear(content);
    enum err e = buf_append(content, buf_str(&broken), broken.len);
    buf_fini(&broken);
    return e;
}

static enum err write_content(const struct sim_chat *c, struct arena *a,
                              const struct sim_sample *s, struct buf *content,
                              struct err_detail *d)
{
    struct sim_brief brief;
    struct rng r;
    enum err e = sim_brief_read(a, c->prompt, &brief);
    rng_seed(&r, hash_fast_str(c->prompt, s->seed) ^ hash_mix(s->index + 1));
    if (e != ERR_OK) {
        return e;
    }
    if (s->fault == SIM_FAULT_SCHEMA) {
        return write_object("unasked", &brief, &r, content);
    }
    if (c->schema) {
        e = write_schema(c->schema, &brief, &r, content, d);
    } else if (c->json) {
        e = write_object("text", &brief, &r, content);
    } else {
        e = write_text(&brief, &r, content);
    }
    return e == ERR_OK && s->fault == SIM_FAULT_MALFORMED ? break_json(content, &r) : e;
}

static void write_body(const struct sim_chat *c, const struct sim_sample *s,
                       const struct buf *content, bool cut,
                       const struct sim_usage *usage, struct buf *out)
{
    char id[48];
    struct json_out w;
    snprintf(id, sizeof(id), "chatcmpl-sim-%llu", (unsigned long long)s->request);
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", id);
    json_out_kstr(&w, "object", "chat.completion");
    json_out_kint(&w, "created", s->created_s);
    json_out_kstr(&w, "model", c->model);
    json_out_kstr(&w, "system_fingerprint", "barker-llmsim");
    json_out_key(&w, "choices");
    json_out_open(&w, '[');
    json_out_open(&w, '{');
    json_out_kint(&w, "index", 0);
    json_out_key(&w, "message");
    json_out_open(&w, '{');
    json_out_kstr(&w, "role", "assistant");
    json_out_key(&w, "content");
    json_out_strn(&w, buf_str(content), content->len);
    json_out_key(&w, "refusal");
    json_out_null(&w);
    json_out_close(&w, '}');
    json_out_key(&w, "logprobs");
    json_out_null(&w);
    json_out_kstr(&w, "finish_reason", cut ? "length" : "stop");
    json_out_close(&w, '}');
    json_out_close(&w, ']');
    json_out_key(&w, "usage");
    json_out_open(&w, '{');
    json_out_kint(&w, "prompt_tokens", usage->prompt_tokens);
    json_out_kint(&w, "completion_tokens", usage->completion_tokens);
    json_out_kint(&w, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
    json_out_close(&w, '}');
    json_out_close(&w, '}');
}

enum err sim_chat_answer(const struct sim_chat *c, struct arena *a,
                         const struct sim_sample *s, struct buf *out,
                         struct sim_usage *usage, struct err_detail *d)
{
    struct buf content;
    size_t end = 0;
    buf_init(&content, CONTENT_MAX_BYTES);
    enum err e = write_content(c, a, s, &content, d);
    if (e == ERR_OK) {
        int64_t most = c->max_tokens ? c->max_tokens : INT64_MAX;
        usage->completion_tokens =
            count_tokens(buf_str(&content), content.len, most, &end);
        usage->prompt_tokens = sim_chat_tokens(c->prompt, strlen(c->prompt)) +
                               c->messages * MESSAGE_TOKENS;
        bool cut = end < content.len;
        content.len = end;
        if (c->is_messages) {
            sim_messages_write(c, s, &content, cut, usage, out);
        } else if (c->stream) {
            sim_stream_write(c, s, &content, cut, usage, out);
        } else {
            write_body(c, s, &content, cut, usage, out);
        }
        e = buf_status(out);
    }
    buf_fini(&content);
    return e;
}

void sim_chat_error(struct buf *out, const char *type, const char *code,
                    const char *param, const char *message)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_key(&w, "error");
    json_out_open(&w, '{');
    json_out_kstr(&w, "message", message);
    json_out_kstr(&w, "type", type);
    json_out_key(&w, "param");
    param ? json_out_str(&w, param) : json_out_null(&w);
    json_out_key(&w, "code");
    code ? json_out_str(&w, code) : json_out_null(&w);
    json_out_close(&w, '}');
    json_out_close(&w, '}');
}
