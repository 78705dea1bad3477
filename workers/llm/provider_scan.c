/* provider_scan.c: words, counts and texts out of replies, and what their absence
 * means. */
#include "workers/llm/provider_scan.h"
#include "core/base/json_lex.h"
#include <stdio.h>
#include <string.h>

#define WORD_MAX_BYTES 4096
#define USAGE_MAX_TOKENS 1000000000
#define ITEMS_MAX 256

static enum err find(const struct json_span *in, const char *path,
                     struct json_span *out)
{
    *out = *in;
    if (!in->at)
        return ERR_NOT_FOUND;
    return *path ? json_scan_path(in->at, in->len, path, out) : ERR_OK;
}

/* Nearly all words: nothing in them stands for something else. */
static bool is_plain(const struct json_span *s)
{
    return s->len >= 2 && *s->at == '"' &&
           json_lex_plain(s->at + 1, s->len - 2) == s->len - 2;
}

void provider_scan_word(const struct json_span *in, const char *path, char *out,
                        size_t size)
{
    struct json_span span;
    struct buf text;
    out[0] = '\0';
    if (find(in, path, &span))
        return;
    if (is_plain(&span) && span.len - 2 < size) {
        memcpy(out, span.at + 1, span.len - 2);
        out[span.len - 2] = '\0';
        return;
    }
    buf_init(&text, WORD_MAX_BYTES);
    if (!json_scan_string(&span, &text))
        provider_copy_text(out, size, buf_str(&text), text.len);
    buf_fini(&text);
}

int64_t provider_scan_count(const struct json_span *usage, const char *path)
{
    struct json_span span;
    int64_t n;
    if (find(usage, path, &span) || json_scan_int(&span, &n) || n < 0 ||
        n > USAGE_MAX_TOKENS)
        return -1;
    return n;
}

enum err provider_scan_text(const struct json_span *in, const char *path,
                            struct buf *out)
{
    struct json_span span;
    enum err e = find(in, path, &span);
    if (!e && span.at[0] != '"')
        e = ERR_NOT_FOUND;
    return e ? e : json_scan_string(&span, out);
}

bool provider_scan_item(const struct json_span *in, const char *path, int i,
                        struct json_span *out)
{
    char at[96];
    if (i > 0)
        return i < ITEMS_MAX && json_scan_next(in, out) == ERR_OK;
    snprintf(at, sizeof at, "%s%s0", path, *path ? "." : "");
    return find(in, at, out) == ERR_OK;
}

void provider_set_usage(struct provider_reply *r, int64_t in, int64_t out,
                        int64_t cached)
{
    r->tokens_in = in;
    r->tokens_out = out;
    r->tokens_cached = cached > in ? in : cached < 0 ? 0 : cached;
    r->has_usage = in > 0 && out >= 0; /* no prompt has 0 tokens: then nobody counted */
}

void provider_set_written(struct provider_reply *r, int64_t written)
{
    int64_t most = r->tokens_in - r->tokens_cached;
    r->tokens_written = written > most ? most : written < 0 ? 0 : written;
}

bool provider_scan_no_answer(const struct http_reply *http, enum err e, int64_t now_ms,
                             struct provider_reply *out)
{
    size_t blank = strspn(http->body, " \t\r\n");
    if (http->body[blank] == '\0')
        provider_fail(out, ERR_SERVER, true, "an empty reply with status %d",
                      http->status);
    else if (e == ERR_BAD_JSON && http->body[blank] == '{')
        provider_fail_cut(out);
    else if (e)
        provider_read_error(http, now_ms, out);
    else
        return false;
    return true;
}

static bool finish_is(const struct provider_reply *r, const char *word)
{
    return strcmp(r->finish, word) == 0;
}

void provider_judge_text(struct provider_reply *r, enum err text, const char *refusal)
{
    if (text == ERR_LIMIT)
        provider_fail(r, ERR_LIMIT, false, "the text of the reply is too large");
    else if (text && text != ERR_NOT_FOUND)
        provider_fail(r, ERR_SERVER, true, "the text of the reply is damaged");
    else if (*refusal || finish_is(r, "refusal"))
        provider_fail(r, ERR_CONTENT, false, "the model refused: %s", refusal);
    else if (finish_is(r, "content_filter"))
        provider_fail(r, ERR_CONTENT, false, "a filter stopped the answer");
    else if (!*r->finish)
        provider_fail(r, ERR_TRUNCATED, true, "a reply without a finish_reason");
    else if (r->text.len == 0 && finish_is(r, "length"))
        provider_fail(r, ERR_TRUNCATED, true, "max_tokens reached before any text");
    else if (r->text.len == 0)
        provider_fail(r, ERR_BAD_OUTPUT, true, "a reply without text (%s)", r->finish);
}

void provider_fail_cut(struct provider_reply *out)
{
    provider_fail(out, ERR_TRUNCATED, true, "the JSON of the reply is cut");
}

void provider_check_whole(const struct json_span *body, struct provider_reply *out)
{
    struct json_span span; /* looking for what is not there walks all of it */
    if (out->code == ERR_OK &&
        json_scan_path(body->at, body->len, "-", &span) == ERR_BAD_JSON)
        provider_fail_cut(out);
}

bool provider_read_header_id(const struct http_reply *http, struct provider_reply *out)
{
    const char *id = http_reply_header(http, "x-request-id");
    id = id ? id : http_reply_header(http, "request-id");
    id = id ? id : http_reply_header(http, "apim-request-id");
    if (id)
        provider_copy_text(out->request_id, sizeof out->request_id, id, strlen(id));
    return id != NULL;
}

void provider_read_request_id(const struct http_reply *http, const char *body_path,
                              struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len};
    provider_scan_word(&body, body_path, out->reply_id, sizeof out->reply_id);
    if (!provider_read_header_id(http, out))
        memcpy(out->request_id, out->reply_id, sizeof out->request_id);
}
