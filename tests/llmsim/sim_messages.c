/* sim_messages.c: see sim_messages.h. */
#include "tests/llmsim/sim_messages.h"
#include "core/base/json_out.h"
#include <stdio.h>
#include <string.h>

static enum err read_options(struct sim_chat *c, struct err_detail *d)
{
    const struct json *format = json_get(json_get(c->root, "output_config"), "format");
    c->max_tokens = json_int(json_get(c->root, "max_tokens"), 0);
    if (c->max_tokens < 1) {
        return err_set(d, ERR_BAD_REQUEST, "max_tokens", "must be 1 or more");
    }
    if (json_count(json_get(c->root, "tools")) > 0 ||
        json_bool(json_get(c->root, "stream"), false)) {
        return err_set(d, ERR_BAD_REQUEST, "tools",
                       "tools and streams are not simulated here");
    }
    if (!format) {
        return ERR_OK;
    }
    c->schema = json_get(format, "schema");
    if (strcmp(json_str(json_get(format, "type"), ""), "json_schema") != 0 ||
        json_type(c->schema) != JSON_OBJECT) {
        return err_set(d, ERR_BAD_REQUEST, "output_config", "it needs a json_schema");
    }
    return ERR_OK;
}

enum err sim_messages_read(struct arena *a, struct json *root, struct sim_chat *out,
                           struct err_detail *d)
{
    *out =
        (struct sim_chat){.root = root, .model = "", .prompt = "", .is_messages = true};
    enum err e = sim_chat_read_messages(a, out, json_get(root, "system"), d);
    enum err model = sim_chat_read_model(out, d);
    e = e == ERR_OK ? model : e;
    return e == ERR_OK ? read_options(out, d) : e;
}

void sim_messages_write(const struct sim_chat *c, const struct sim_sample *s,
                        const struct buf *content, bool cut,
                        const struct sim_usage *usage, struct buf *out)
{
    char id[48];
    struct json_out w;
    snprintf(id, sizeof(id), "msg_sim_%llu", (unsigned long long)s->request);
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", id);
    json_out_kstr(&w, "type", "message");
    json_out_kstr(&w, "role", "assistant");
    json_out_kstr(&w, "model", c->model);
    json_out_key(&w, "content");
    json_out_open(&w, '[');
    json_out_open(&w, '{');
    json_out_kstr(&w, "type", "text");
    json_out_key(&w, "text");
    json_out_strn(&w, buf_str(content), content->len);
    json_out_close(&w, '}');
    json_out_close(&w, ']');
    json_out_kstr(&w, "stop_reason", cut ? "max_tokens" : "end_turn");
    json_out_key(&w, "stop_sequence");
    json_out_null(&w);
    json_out_key(&w, "usage");
    json_out_open(&w, '{');
    json_out_kint(&w, "input_tokens", usage->prompt_tokens);
    json_out_kint(&w, "cache_creation_input_tokens", 0);
    json_out_kint(&w, "cache_read_input_tokens", 0);
    json_out_kint(&w, "output_tokens", usage->completion_tokens);
    json_out_kstr(&w, "service_tier", "batch");
    json_out_close(&w, '}');
    json_out_close(&w, '}');
}

void sim_messages_error(struct buf *out, const char *type, const char *message)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "type", "error");
    json_out_key(&w, "error");
    json_out_open(&w, '{');
    json_out_kstr(&w, "type", type);
    json_out_kstr(&w, "message", message);
    json_out_close(&w, '}');
    json_out_close(&w, '}');
}
