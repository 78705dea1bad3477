/* json_scan.c: walks one path; what is not on it is skipped without recursion. */
#include "core/base/json_scan.h"
#include "core/base/json_lex.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SKIP_DEPTH_MAX 64 /* bits of the word that remembers the brackets */

struct cursor {
    const char *at, *end;
};

static void skip_space(struct cursor *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static bool next_is(struct cursor *c, char wanted)
{
    skip_space(c);
    return c->at < c->end && *c->at == wanted;
}

static bool skip_char(struct cursor *c, char wanted)
{
    bool found = next_is(c, wanted);
    c->at += found;
    return found;
}

/* Past the closing quote; escapes are stepped over, not checked. */
static enum err skip_string(struct cursor *c)
{
    for (c->at++; c->at < c->end; c->at++) {
        c->at += json_lex_plain(c->at, (size_t)(c->end - c->at));
        if (c->at == c->end)
            break;
        if (*c->at == '"') {
            c->at++;
            return ERR_OK;
        }
        if (*c->at == '\\')
            c->at++;
    }
    return ERR_BAD_JSON;
}

static enum err skip_scalar(struct cursor *c)
{
    skip_space(c);
    if (c->at < c->end && *c->at == '"')
        return skip_string(c);
    size_t left = (size_t)(c->end - c->at);
    size_t len = json_lex_word(c->at, left);
    if (len == 0)
        len = json_lex_number(c->at, left);
    c->at += len;
    return len > 0 ? ERR_OK : ERR_BAD_JSON;
}

static enum err skip_key(struct cursor *c)
{
    if (!next_is(c, '"'))
        return ERR_BAD_JSON;
    enum err e = skip_string(c);
    if (e)
        return e;
    return skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
}

/* Closes what ends here; *depth 0 means the whole value has ended. Otherwise another
 * value follows. Bit 0 of `kinds` is the innermost bracket, 1 = object. */
static enum err skip_ends(struct cursor *c, uint64_t *kinds, unsigned *depth)
{
    while (*depth > 0) {
        bool object = *kinds & 1;
        if (skip_char(c, ','))
            return object ? skip_key(c) : ERR_OK;
        if (!skip_char(c, object ? '}' : ']'))
            return ERR_BAD_JSON;
        *kinds >>= 1;
        --*depth;
    }
    return ERR_OK;
}

static enum err skip_value(struct cursor *c)
{
    uint64_t kinds = 0;
    unsigned depth = 0;
    do {
        bool object = next_is(c, '{');
        enum err e;
        if (object || next_is(c, '[')) {
            if (depth == SKIP_DEPTH_MAX)
                return ERR_LIMIT;
            c->at++;
            kinds = kinds << 1 | object;
            depth++;
            if (!next_is(c, object ? '}' : ']')) {
                e = object ? skip_key(c) : ERR_OK;
                if (e)
                    return e;
                continue;
            }
        } else {
            e = skip_scalar(c);
            if (e)
                return e;
        }
        e = skip_ends(c, &kinds, &depth);
        if (e)
            return e;
    } while (depth > 0);
    return ERR_OK;
}

/* Reads a key from its quote and says whether it is name[0, n) once decoded. */
static enum err match_key(struct cursor *c, const char *name, size_t n, bool *same)
{
    if (!next_is(c, '"'))
        return ERR_BAD_JSON;
    const char *end = name + n;
    *same = true;
    c->at++;
    size_t run = json_lex_plain(c->at, (size_t)(c->end - c->at));
    if (c->at + run < c->end && c->at[run] == '"') { /* as nearly all keys are */
        *same = run == n && memcmp(name, c->at, n) == 0;
        c->at += run + 1;
        return skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
    }
    while (c->at < c->end && *c->at != '"') {
        struct json_lex_char x;
        enum err e = json_lex_char(c->at, (size_t)(c->end - c->at), &x);
        if (e)
            return e;
        *same =
            *same && x.len <= (size_t)(end - name) && memcmp(name, x.utf8, x.len) == 0;
        name += *same ? x.len : 0;
        c->at += x.used;
    }
    *same = *same && name == end;
    if (c->at >= c->end)
        return ERR_BAD_JSON;
    c->at++;
    return skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
}

/* From '{' to the value of the member called name. */
static enum err enter_object(struct cursor *c, const char *name, size_t n)
{
    c->at++;
    if (skip_char(c, '}'))
        return ERR_NOT_FOUND;
    for (;;) {
        bool same;
        enum err e = match_key(c, name, n, &same);
        if (e || same)
            return e;
        e = skip_value(c);
        if (e)
            return e;
        if (skip_char(c, '}'))
            return ERR_NOT_FOUND;
        if (!skip_char(c, ','))
            return ERR_BAD_JSON;
    }
}

/* From '[' to item `index`. */
static enum err enter_array(struct cursor *c, size_t index)
{
    c->at++;
    if (skip_char(c, ']'))
        return ERR_NOT_FOUND;
    for (; index > 0; index--) {
        enum err e = skip_value(c);
        if (e)
            return e;
        if (skip_char(c, ']'))
            return ERR_NOT_FOUND;
        if (!skip_char(c, ','))
            return ERR_BAD_JSON;
    }
    return ERR_OK;
}

/* The digits of an array index; 9 are more than any text here has items. */
static bool parse_index(const char *s, size_t n, size_t *index)
{
    *index = 0;
    if (n == 0 || n > 9)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return false;
        *index = *index * 10 + (size_t)(s[i] - '0');
    }
    return true;
}

static enum err enter(struct cursor *c, const char *name, size_t n)
{
    size_t index;
    if (next_is(c, '{'))
        return enter_object(c, name, n);
    if (next_is(c, '['))
        return parse_index(name, n, &index) ? enter_array(c, index) : ERR_NOT_FOUND;
    enum err e = skip_scalar(c);
    return e ? e : ERR_NOT_FOUND;
}

enum err json_scan_path(const char *text, size_t n, const char *path,
                        struct json_span *out)
{
    struct cursor c = {.at = text, .end = text + n};
    bool inside = *path != '\0';
    while (*path) {
        size_t len = strcspn(path, ".");
        enum err e = enter(&c, path, len);
        if (e)
            return e;
        path += len;
        path += *path == '.';
    }
    skip_space(&c);
    const char *start = c.at;
    enum err e = skip_value(&c);
    if (e)
        return e;
    if (inside && c.at == c.end) /* 12 may be the rest of 123 */
        return ERR_BAD_JSON;
    *out = (struct json_span){.at = start, .len = (size_t)(c.at - start)};
    return ERR_OK;
}

/* Reads the key and finds who looks for it; NULL: nobody does. */
static enum err find_member(struct cursor *c, struct json_member *members, size_t count,
                            struct json_member **out)
{
    struct cursor start = *c;
    enum err e = ERR_OK;
    *out = NULL;
    for (size_t i = 0; i < count && !e && !*out; i++) {
        bool same;
        *c = start;
        e = match_key(c, members[i].name, strlen(members[i].name), &same);
        *out = !e && same ? &members[i] : NULL;
    }
    return e || count > 0 ? e : skip_key(c);
}

enum err json_scan_members(const struct json_span *in, struct json_member *members,
                           size_t count)
{
    struct cursor c = {.at = in->at, .end = in->at + in->len};
    for (size_t i = 0; i < count; i++)
        members[i].value = (struct json_span){0};
    if (!skip_char(&c, '{'))
        return c.at < c.end && *c.at == '[' ? ERR_NOT_FOUND : ERR_BAD_JSON;
    if (skip_char(&c, '}'))
        return ERR_OK;
    for (;;) {
        struct json_member *wanted;
        enum err e = find_member(&c, members, count, &wanted);
        if (e)
            return e;
        skip_space(&c);
        const char *start = c.at;
        e = skip_value(&c);
        if (wanted && !wanted->value.at)
            wanted->value =
                (struct json_span){start, (size_t)((e ? c.end : c.at) - start)};
        if (e)
            return e;
        if (skip_char(&c, '}'))
            return ERR_OK;
        if (!skip_char(&c, ','))
            return ERR_BAD_JSON;
    }
}

enum err json_scan_string(const struct json_span *s, struct buf *out)
{
    if (s->len < 2 || s->at[0] != '"' || s->at[s->len - 1] != '"')
        return ERR_BAD_TYPE;
    const char *at = s->at + 1, *end = s->at + s->len - 1;
    size_t before = out->len;
    enum err e = buf_status(out);
    while (at < end && !e) {
        size_t run = json_lex_plain(at, (size_t)(end - at));
        e = buf_append(out, at, run);
        at += run;
        if (at == end || e)
            break;
        struct json_lex_char c;
        e = *at == '"' ? ERR_BAD_JSON : json_lex_char(at, (size_t)(end - at), &c);
        if (e)
            break;
        e = buf_append(out, c.utf8, c.len);
        at += c.used;
    }
    if (e && out->len > before) { /* nothing is left of a string that is not whole */
        out->len = before;
        out->data[before] = '\0';
    }
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
