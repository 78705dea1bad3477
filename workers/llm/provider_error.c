/* provider_error.c: error replies of the OpenAI family and what stands in front of it:
 * gateways with HTML, FastAPI's "detail", Google's and DashScope's own shapes. */
#include "workers/llm/provider.h"
#include "core/base/json_scan.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FIELD_MAX_BYTES ((size_t)4096)
#define BODY_READ_BYTES ((size_t)65536) /* walked for each field: no more of it */

struct meaning {
    enum err code;
    bool retryable;
};
struct error_name { /* "x*" stands for all names that begin with x */
    const char *name;
    struct meaning meaning;
};

/* Names that tell their class whatever the status is. Money stands first: some vendors
 * send it with the type of a rate limit. */
static const struct error_name names[] = {
    {"insufficient_quota", {ERR_MONEY, false}},
    {"credit_balance_exhausted", {ERR_MONEY, false}},
    {"organization_spend_limit_exceeded", {ERR_MONEY, false}},
    {"project_spend_limit_exceeded", {ERR_MONEY, false}},
    {"organization_usage_limit_exceeded", {ERR_MONEY, false}},
    {"enforced_spend_limit_reached", {ERR_MONEY, false}},
    {"billing_hard_limit_reached", {ERR_MONEY, false}},
    {"billing_not_active", {ERR_MONEY, false}},
    {"billing_error", {ERR_MONEY, false}},
    {"insufficient_balance", {ERR_MONEY, false}},
    {"Arrearage", {ERR_MONEY, false}},
    {"context_length_exceeded", {ERR_BAD_REQUEST, false}},
    {"content_filter", {ERR_CONTENT, false}},
    {"content_policy_violation", {ERR_CONTENT, false}},
    {"data_inspection_failed", {ERR_CONTENT, false}},
    {"DataInspectionFailed", {ERR_CONTENT, false}},
    {"invalid_api_key", {ERR_AUTH, false}},
    {"authentication_error", {ERR_AUTH, false}},
    {"permission_error", {ERR_AUTH, false}},
    {"rate_limit_exceeded", {ERR_RATE, true}},
    {"rate_limit_error", {ERR_RATE, true}},
    {"slow_down", {ERR_RATE, true}},
    {"limit_requests", {ERR_RATE, true}},
    {"Throttling*", {ERR_RATE, true}},
    {"RESOURCE_EXHAUSTED", {ERR_RATE, true}},
    {"overloaded*", {ERR_OVERLOAD, true}},
    {"engine_overloaded*", {ERR_OVERLOAD, true}},
    {"server_overloaded*", {ERR_OVERLOAD, true}},
};
/* Types that need a status to be sure of; read where the status says 200. */
static const struct error_name types[] = {
    {"invalid_request_error", {ERR_BAD_REQUEST, false}},
    {"BadRequestError", {ERR_BAD_REQUEST, false}},
    {"not_found_error", {ERR_BAD_REQUEST, false}},
    {"model_not_found", {ERR_BAD_REQUEST, false}},
    {"INVALID_ARGUMENT", {ERR_BAD_REQUEST, false}},
};

struct error_fields {
    char code[64], type[64], param[64], message[256];
    bool is_json;
};

static bool name_fits(const char *pattern, const char *name)
{
    size_t len = strlen(pattern);
    bool open = pattern[len - 1] == '*';
    return open ? strncasecmp(pattern, name, len - 1) == 0
                : strcasecmp(pattern, name) == 0;
}

static bool find_name(const struct error_name *list, size_t count, const char *name,
                      struct meaning *out)
{
    for (size_t i = 0; *name && i < count; i++) {
        if (name_fits(list[i].name, name)) {
            *out = list[i].meaning;
            return true;
        }
    }
    return false;
}

/* A string or a number at the path, as text; false when there is none. */
static bool read_field(const struct http_reply *http, const char *path, char *out,
                       size_t size)
{
    struct json_span span;
    size_t n = http->body_len < BODY_READ_BYTES ? http->body_len : BODY_READ_BYTES;
    if (json_scan_path(http->body, n, path, &span))
        return false;
    char first = span.at[0];
    if (first == '-' || (first >= '0' && first <= '9')) {
        provider_copy_text(out, size, span.at, span.len);
        return true;
    }
    struct buf text;
    buf_init(&text, FIELD_MAX_BYTES);
    bool found = !json_scan_string(&span, &text) && text.len > 0;
    if (found)
        provider_copy_text(out, size, text.data, text.len);
    buf_fini(&text);
    return found;
}

static void read_any(const struct http_reply *http, const char *const *paths, char *out,
                     size_t size)
{
    out[0] = '\0';
    for (; *paths; paths++)
        if (read_field(http, *paths, out, size))
            return;
}

static void read_fields(const struct http_reply *http, struct error_fields *f)
{
    static const char *const codes[] = {"error.code", "0.error.code",
                                        "choices.0.error.code", "code", NULL};
    static const char *const kinds[] = {"error.type", "error.status", "0.error.status",
                                        "error_type", "type",         NULL};
    static const char *const params[] = {"error.param", "param", "detail.0.loc.1",
                                         NULL};
    static const char *const texts[] = {"error.message",
                                        "0.error.message",
                                        "choices.0.error.message",
                                        "error",
                                        "message",
                                        "detail.0.msg",
                                        "detail",
                                        NULL};
    size_t blank = strspn(http->body, " \t\r\n");
    f->is_json = http->body[blank] == '{' || http->body[blank] == '[';
    read_any(http, codes, f->code, sizeof f->code);
    read_any(http, kinds, f->type, sizeof f->type);
    read_any(http, params, f->param, sizeof f->param);
    read_any(http, texts, f->message, sizeof f->message);
    if (!f->is_json) /* the start of what a gateway wrote, for the log */
        provider_copy_text(f->message, sizeof f->message, http->body + blank,
                           http->body_len - blank);
}

static struct meaning meaning_of_status(int status, const struct error_fields *f)
{
    switch (status) {
    case 401:
    case 403:
        return (struct meaning){ERR_AUTH, false};
    case 402:
        return (struct meaning){ERR_MONEY, false};
    case 408:
    case 409:
    case 425:
        return (struct meaning){ERR_SERVER, true};
    case 429:
        return strcasestr(f->message, "concurren")
                   ? (struct meaning){ERR_CONCURRENCY, true}
                   : (struct meaning){ERR_RATE, true};
    case 503:
    case 529:
        return (struct meaning){ERR_OVERLOAD, true};
    default:
        break;
    }
    return status >= 500 ? (struct meaning){ERR_SERVER, true}
                         : (struct meaning){ERR_BAD_REQUEST, false};
}

static struct meaning classify(int status, const struct error_fields *f)
{
    struct meaning m;
    if (find_name(names, sizeof names / sizeof *names, f->code, &m) ||
        find_name(names, sizeof names / sizeof *names, f->type, &m))
        return m;
    if (status >= 200 && status < 300) { /* some put the real status into the body */
        long inner = strtol(f->code, NULL, 10);
        if (inner >= 400 && inner < 600)
            return meaning_of_status((int)inner, f);
        if (find_name(types, sizeof types / sizeof *types, f->code, &m) ||
            find_name(types, sizeof types / sizeof *types, f->type, &m))
            return m;
        return (struct meaning){ERR_SERVER, true};
    }
    return meaning_of_status(status, f);
}

/* The first 'word' of the message: proxies lose the field `param`. */
static void quoted_word(const char *message, char *out, size_t size)
{
    const char *start = strchr(message, '\'');
    const char *end = start ? strchr(start + 1, '\'') : NULL;
    if (end)
        provider_copy_text(out, size, start + 1, (size_t)(end - start - 1));
}

/* Does the message quote this name, with ' or "? */
static bool is_quoted(const char *message, const char *name)
{
    size_t len = strcspn(name, "*");
    for (const char *at = message; (at = strchr(at, *name)); at++)
        if (at > message && strchr("'\"", at[-1]) && strncmp(at, name, len) == 0 &&
            at[len] == at[-1])
            return true;
    return false;
}

/* A 400 about one optional parameter, as "Unsupported parameter: 'max_tokens' …" or
 * "('body', 'stream_options'): Extra inputs are not permitted". */
static unsigned refused_param(struct error_fields *f)
{
    static const struct {
        const char *name;
        unsigned param;
    } params[] = {{"temperature", PROVIDER_TEMPERATURE},
                  {"max_tokens", PROVIDER_MAX_TOKENS},
                  {"seed", PROVIDER_SEED},
                  {"stream_options*", PROVIDER_STREAM_USAGE},
                  {"stream", PROVIDER_STREAM},
                  {"response_format*", PROVIDER_SCHEMA}};
    bool unsupported = strncasecmp(f->code, "unsupported", 11) == 0 ||
                       strcasestr(f->message, "not support") ||
                       strcasestr(f->message, "not permitted") ||
                       strcasestr(f->message, "unsupported");
    if (!*f->param)
        quoted_word(f->message, f->param, sizeof f->param);
    for (size_t i = 0; unsupported && i < sizeof params / sizeof *params; i++)
        if (name_fits(params[i].name, f->param))
            return params[i].param;
    for (size_t i = 0; unsupported && i < sizeof params / sizeof *params; i++)
        if (is_quoted(f->message, params[i].name))
            return params[i].param;
    return unsupported && strcasestr(f->message, "streaming") ? PROVIDER_STREAM : 0;
}

static void apply_should_retry(const struct http_reply *http,
                               struct provider_reply *out)
{
    const char *should = http_reply_header(http, "x-should-retry");
    if (!should || out->code == ERR_MONEY)
        return;
    if (strcasecmp(should, "true") == 0)
        out->retryable = true;
    else if (strcasecmp(should, "false") == 0)
        out->retryable = false;
}

#define DETAILS_MAX 8

/* A field of Google's error details, wherever among them it stands. */
static bool read_detail(const struct http_reply *http, const char *field, char *out,
                        size_t size)
{
    for (int i = 0; i < DETAILS_MAX; i++) {
        char path[96];
        snprintf(path, sizeof path, "error.details.%d.%s", i, field);
        if (read_field(http, path, out, size))
            return true;
        snprintf(path, sizeof path, "0.error.details.%d.%s", i, field);
        if (read_field(http, path, out, size))
            return true;
    }
    return false;
}

/* "37s" in the body, where no header tells; a quota of the day is no rate to wait for
 * (LLM_WIRE §3). */
static void read_google(const struct http_reply *http, struct provider_reply *out)
{
    char text[96];
    if (out->code != ERR_RATE)
        return;
    if (read_detail(http, "violations.0.quotaId", text, sizeof text) &&
        strcasestr(text, "PerDay")) {
        out->code = ERR_MONEY;
        out->retryable = false;
        return;
    }
    if (out->retry_after_ms < 0 && read_detail(http, "retryDelay", text, sizeof text))
        out->retry_after_ms = provider_duration_ms(text);
}

void provider_read_error(const struct http_reply *http, int64_t now_ms,
                         struct provider_reply *out)
{
    struct error_fields f;
    read_fields(http, &f);
    struct meaning m = classify(http->status, &f);
    const char *name = *f.code ? f.code : f.type;
    const char *note = f.is_json || !*f.message ? "" : "a body that is not JSON: ";
    provider_fail(out, m.code, m.retryable, "HTTP %d%s%s%s%s%s", http->status,
                  *name ? " " : "", name, *f.message ? ": " : "", note, f.message);
    if (m.code == ERR_BAD_REQUEST)
        out->refused = refused_param(&f);
    out->retry_after_ms = provider_retry_after_ms(http, now_ms);
    read_google(http, out);
    apply_should_retry(http, out);
}
