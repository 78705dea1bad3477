/* json_skip.c: see json_skip.h. */
#include "core/base/json_skip.h"
#include "core/base/json_lex.h"
#include <string.h>

#define SKIP_DEPTH_MAX 64 /* bits of the word that remembers the brackets */

/* Past the closing quote; escapes are stepped over, not checked. */
static enum err skip_string(struct json_cursor *c)
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

enum err json_skip_scalar(struct json_cursor *c)
{
    json_skip_space(c);
    if (c->at < c->end && *c->at == '"')
        return skip_string(c);
    size_t left = (size_t)(c->end - c->at);
    size_t len = json_lex_word(c->at, left);
    if (len == 0)
        len = json_lex_number(c->at, left);
    c->at += len;
    return len > 0 ? ERR_OK : ERR_BAD_JSON;
}

enum err json_skip_key(struct json_cursor *c)
{
    if (!json_next_is(c, '"'))
        return ERR_BAD_JSON;
    enum err e = skip_string(c);
    if (e)
        return e;
    return json_skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
}

/* Closes what ends here; *depth 0 means the whole value has ended. Otherwise another
 * value follows. Bit 0 of `kinds` is the innermost bracket, 1 = object. */
static enum err skip_ends(struct json_cursor *c, uint64_t *kinds, unsigned *depth)
{
    while (*depth > 0) {
        bool object = *kinds & 1;
        if (json_skip_char(c, ','))
            return object ? json_skip_key(c) : ERR_OK;
        if (!json_skip_char(c, object ? '}' : ']'))
            return ERR_BAD_JSON;
        *kinds >>= 1;
        --*depth;
    }
    return ERR_OK;
}

enum err json_skip_value(struct json_cursor *c)
{
    uint64_t kinds = 0;
    unsigned depth = 0;
    do {
        bool object = json_next_is(c, '{');
        enum err e;
        if (object || json_next_is(c, '[')) {
            if (depth == SKIP_DEPTH_MAX)
                return ERR_LIMIT;
            c->at++;
            kinds = kinds << 1 | object;
            depth++;
            if (!json_next_is(c, object ? '}' : ']')) {
                e = object ? json_skip_key(c) : ERR_OK;
                if (e)
                    return e;
                continue;
            }
        } else {
            e = json_skip_scalar(c);
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
enum err json_match_key(struct json_cursor *c, const char *name, size_t n, bool *same)
{
    if (!json_next_is(c, '"'))
        return ERR_BAD_JSON;
    const char *end = name + n;
    *same = true;
    c->at++;
    size_t run = json_lex_plain(c->at, (size_t)(c->end - c->at));
    if (c->at + run < c->end && c->at[run] == '"') { /* as nearly all keys are */
        *same = run == n && memcmp(name, c->at, n) == 0;
        c->at += run + 1;
        return json_skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
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
    return json_skip_char(c, ':') ? ERR_OK : ERR_BAD_JSON;
}

bool json_parse_index(const char *s, size_t n, size_t *index)
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
