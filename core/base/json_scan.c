/* json_scan.c: walks one path; what is not on it is skipped. Decodes what was found. */
#include "core/base/json_scan.h"
#include "core/base/json_lex.h"
#include "core/base/json_skip.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* From '{' to the value of the member called name. */
static enum err enter_object(struct json_cursor *c, const char *name, size_t n)
{
    c->at++;
    if (json_skip_char(c, '}'))
        return ERR_NOT_FOUND;
    for (;;) {
        bool same;
        enum err e = json_match_key(c, name, n, &same);
        if (e || same)
            return e;
        e = json_skip_value(c);
        if (e)
            return e;
        if (json_skip_char(c, '}'))
            return ERR_NOT_FOUND;
        if (!json_skip_char(c, ','))
            return ERR_BAD_JSON;
    }
}

/* From '[' to item `index`. */
static enum err enter_array(struct json_cursor *c, size_t index)
{
    c->at++;
    if (json_skip_char(c, ']'))
        return ERR_NOT_FOUND;
    for (; index > 0; index--) {
        enum err e = json_skip_value(c);
        if (e)
            return e;
        if (json_skip_char(c, ']'))
            return ERR_NOT_FOUND;
        if (!json_skip_char(c, ','))
            return ERR_BAD_JSON;
    }
    return ERR_OK;
}

static enum err enter(struct json_cursor *c, const char *name, size_t n)
{
    size_t index;
    if (json_next_is(c, '{'))
        return enter_object(c, name, n);
    if (json_next_is(c, '['))
        return json_parse_index(name, n, &index) ? enter_array(c, index)
                                                 : ERR_NOT_FOUND;
    enum err e = json_skip_scalar(c);
    return e ? e : ERR_NOT_FOUND;
}

enum err json_scan_path(const char *text, size_t n, const char *path,
                        struct json_span *out)
{
    struct json_cursor c = {.at = text, .end = text + n};
    bool inside = *path != '\0';
    while (*path) {
        size_t len = strcspn(path, ".");
        enum err e = enter(&c, path, len);
        if (e)
            return e;
        path += len;
        path += *path == '.';
    }
    json_skip_space(&c);
    const char *start = c.at;
    enum err e = json_skip_value(&c);
    if (e)
        return e;
    if (inside && c.at == c.end) /* 12 may be the rest of 123 */
        return ERR_BAD_JSON;
    *out = (struct json_span){.at = start, .len = (size_t)(c.at - start)};
    return ERR_OK;
}

#define ESCAPE_BYTES 6 /* \u and four digits */

/* Decodes [at, end) to `to`, which has room for as many bytes; *to moves on. */
static enum err decode(const char *at, const char *end, char **to)
{
    while (at < end) {
        size_t run = json_lex_plain(at, (size_t)(end - at));
        memcpy(*to, at, run);
        *to += run;
        at += run;
        if (at == end)
            break;
        struct json_lex_char c;
        enum err e =
            *at == '"' ? ERR_BAD_JSON : json_lex_char(at, (size_t)(end - at), &c);
        if (e == ERR_BAD_ENCODING && *at == '\\')
            c = (struct json_lex_char){
                .used = ESCAPE_BYTES, .utf8 = "\xef\xbf\xbd", .len = 3};
        else if (e)
            return e;
        memcpy(*to, c.utf8, c.len); /* never more than what stood for it */
        *to += c.len;
        at += c.used;
    }
    return ERR_OK;
}

/* Into the room that is surely enough. */
static enum err decode_into(const struct json_span *s, struct buf *out)
{
    size_t before = out->len;
    enum err e = buf_reserve(out, s->len);
    if (e)
        return e;
    char *to = out->data + before;
    e = decode(s->at + 1, s->at + s->len - 1, &to);
    out->len = e ? before : (size_t)(to - out->data);
    out->data[out->len] = '\0'; /* nothing is left of a string that is not whole */
    return e;
}

enum err json_scan_string(const struct json_span *s, struct buf *out)
{
    if (s->len < 2 || s->at[0] != '"' || s->at[s->len - 1] != '"')
        return ERR_BAD_TYPE;
    enum err e = buf_status(out);
    if (e || s->len <= out->max_bytes - out->len)
        return e ? e : decode_into(s, out);
    struct buf text; /* too long with its escapes, and maybe not without them */
    buf_init(&text, s->len);
    e = decode_into(s, &text);
    if (!e)
        e = buf_append(out, buf_str(&text), text.len);
    buf_fini(&text);
    return e;
}

enum err json_scan_int(const struct json_span *s, int64_t *out)
{
    char text[JSON_LEX_NUMBER_MAX_BYTES + 1];
    if (json_lex_number(s->at, s->len) != s->len || s->len == 0)
        return ERR_BAD_TYPE;
    if (s->len >= sizeof text)
        return ERR_OUT_OF_RANGE;
    memcpy(text, s->at, s->len);
    text[s->len] = '\0';
    int64_t sum = 0;
    bool negative = text[0] == '-', fits = true;
    const char *p = text + negative;
    for (; *p >= '0' && *p <= '9' && fits; p++)
        fits = !__builtin_mul_overflow(sum, 10, &sum) &&
               !__builtin_sub_overflow(sum, *p - '0', &sum); /* down: holds -2^63 */
    if (fits && *p) { /* 12.0 or 1e3: whole numbers as doubles */
        double n = strtod(text, NULL);
        if (fabs(n) >= 0x1p53 || n != trunc(n))
            return ERR_OUT_OF_RANGE;
        *out = (int64_t)n;
        return ERR_OK;
    }
    if (!fits || (!negative && sum == INT64_MIN))
        return ERR_OUT_OF_RANGE;
    *out = negative ? sum : -sum;
    return ERR_OK;
}

enum err json_scan_next(const struct json_span *in, struct json_span *item)
{
    struct json_cursor c = {item->at + item->len, in->at + in->len};
    if (!json_skip_char(&c, ','))
        return ERR_NOT_FOUND;
    json_skip_space(&c);
    item->at = c.at;
    enum err e = json_skip_value(&c);
    item->len = (size_t)(c.at - item->at);
    return e;
}
