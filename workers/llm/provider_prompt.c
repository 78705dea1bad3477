/* provider_prompt.c: turns, forms and addresses, the same for every dialect. */
#include "workers/llm/provider_prompt.h"
#include "core/base/utf8.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define USER_MAX_BYTES ((size_t)8 << 20)

enum provider_form provider_form_of(const struct config_endpoint *e,
                                    const struct port_call *call, unsigned without)
{
    if (!call->ask->schema)
        return PROVIDER_FORM_TEXT;
    if (without & PROVIDER_SCHEMA)
        return PROVIDER_FORM_PROMPT;
    switch (e->structured) {
    case CONFIG_STRUCTURED_OBJECT:
        return PROVIDER_FORM_OBJECT;
    case CONFIG_STRUCTURED_TOOL:
        return PROVIDER_FORM_TOOL;
    case CONFIG_STRUCTURED_PROMPT:
        return PROVIDER_FORM_PROMPT;
    case CONFIG_STRUCTURED_SCHEMA:
        break;
    }
    return PROVIDER_FORM_SCHEMA;
}

static void turn_add(struct provider_turns *t, bool is_model, const char *text,
                     size_t len)
{
    t->turn[t->count++] = (struct provider_turn){is_model, text, len};
}

enum err provider_turns_init(struct provider_turns *t, const struct port_call *call,
                             enum provider_form form)
{
    const struct ask *ask = call->ask;
    const char *objection = call->objection ? call->objection : "";
    const char *refused = call->refused_text ? call->refused_text : "";
    bool again = *objection && *refused;
    *t = (struct provider_turns){.count = 0};
    buf_init(&t->user, USER_MAX_BYTES);
    const char *user = ask->user ? ask->user : "";
    bool schema = form == PROVIDER_FORM_PROMPT || form == PROVIDER_FORM_OBJECT;
    bool plain = !schema && (again || !*objection);
    if (!plain)
        buf_append_str(&t->user, user);
    if (schema)
        buf_printf(&t->user,
                   "\n\nAnswer with one JSON value and nothing else: no code fence, no "
                   "remark. It must match this JSON Schema:\n%s",
                   ask->schema);
    if (*objection && !again)
        buf_printf(&t->user, "\n\n%s", objection);
    if (plain)
        turn_add(t, false, user, strlen(user));
    else
        turn_add(t, false, buf_str(&t->user), t->user.len);
    if (again) {
        turn_add(t, true, refused,
                 utf8_prefix(refused, strlen(refused), PROVIDER_REFUSED_MAX_BYTES));
        turn_add(t, false, objection, strlen(objection));
    }
    return buf_status(&t->user);
}

void provider_turns_fini(struct provider_turns *t)
{
    buf_fini(&t->user);
}

void provider_url(struct provider_request *q, const struct config_endpoint *e,
                  const char *path)
{
    size_t len = strlen(e->base_url);
    while (len > 0 && e->base_url[len - 1] == '/')
        len--;
    buf_append(&q->url, e->base_url, len);
    buf_append_str(&q->url, path);
}

void provider_url_segment(struct provider_request *q, const char *segment)
{
    for (const unsigned char *p = (const unsigned char *)segment; *p; p++) {
        if (isalnum(*p) || strchr("-._~", *p))
            buf_append_char(&q->url, (char)*p);
        else
            buf_printf(&q->url, "%%%02X", *p);
    }
}

const char *provider_schema_name(const struct ask *ask)
{
    return ask->schema_name ? ask->schema_name : "answer";
}

enum err provider_request_status(const struct provider_request *q)
{
    enum err e = buf_status(&q->url);
    e = e ? e : buf_status(&q->auth);
    return e ? e : buf_status(&q->body);
}
