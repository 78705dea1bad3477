/* json_check.c: json_lex_check(), a state machine over the pieces of json_lex.c. */
#include "core/base/json_lex.h"
#include "core/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct key {
    uint64_t hash;    /* of the decoded key, so that most comparisons end here */
    uint32_t at, len; /* the body in the text, without quotes */
};

struct lexer {
    const char *text;
    size_t n, at;
    const struct json_limits *limits;
    struct err_detail *detail;
    struct key *keys; /* of all open objects, innermost last */
    size_t key_count, key_cap;
    size_t depth;
    struct {
        bool object;
        size_t first_key;
    } open[JSON_LEX_DEPTH_MAX];
};

static enum err refuse(const struct lexer *x, enum err code, size_t at, const char *why)
{
    return err_set(x->detail, code, "", "%s at byte %zu", why, at);
}

/* What stands at `at` is not what the grammar wants there. */
static enum err unexpected(const struct lexer *x, const char *wanted)
{
    if (x->at >= x->n)
        return refuse(x, ERR_BAD_JSON, x->n, "the text ends too early");
    const char *s = x->text + x->at;
    uint32_t code_point;
    if (*s == '\0' || utf8_decode(s, x->n - x->at, &code_point) == 0)
        return refuse(x, ERR_BAD_ENCODING, x->at, "invalid UTF-8 or NUL");
    return refuse(x, ERR_BAD_JSON, x->at, wanted);
}

static bool next_is(const struct lexer *x, char c)
{
    return x->at < x->n && x->text[x->at] == c;
}

static void skip_space(struct lexer *x)
{
    while (next_is(x, ' ') || next_is(x, '\n') || next_is(x, '\t') || next_is(x, '\r'))
        x->at++;
}

/* A string from its opening quote; the body is left in `body`. */
static enum err lex_string(struct lexer *x, struct key *body)
{
    uint64_t hash = 0xcbf29ce484222325u;
    size_t start = ++x->at;
    while (!next_is(x, '"')) {
        if (x->at >= x->n)
            return unexpected(x, "");
        struct json_lex_char c;
        enum err e = json_lex_char(x->text + x->at, x->n - x->at, &c);
        if (e == ERR_BAD_ENCODING)
            return refuse(x, e, x->at,
                          "invalid UTF-8, NUL or lone surrogate in a string");
        if (e)
            return refuse(x, e, x->at, "control character or bad escape in a string");
        for (size_t i = 0; i < c.len; i++)
            hash = (hash ^ (unsigned char)c.utf8[i]) * 0x100000001b3u;
        x->at += c.used;
    }
    *body = (struct key){hash, (uint32_t)start, (uint32_t)(x->at - start)};
    x->at++;
    return ERR_OK;
}

static enum err lex_number(struct lexer *x)
{
    char copy[JSON_LEX_NUMBER_MAX_BYTES + 1];
    const char *s = x->text + x->at;
    size_t len = json_lex_number(s, x->n - x->at);
    if (len == 0)
        return refuse(x, ERR_BAD_JSON, x->at, "malformed number");
    if (len >= sizeof copy)
        return refuse(x, ERR_OUT_OF_RANGE, x->at, "number of over 63 characters");
    memcpy(copy, s, len);
    copy[len] = '\0';
    if (!isfinite(strtod(copy, NULL)))
        return refuse(x, ERR_OUT_OF_RANGE, x->at, "number outside double range");
    x->at += len;
    return ERR_OK;
}

/* Order by hash, then by decoded text: keys made to collide cost no more than their
 * bytes times log n. */
static int compare_keys(const void *left, const void *right, void *lexer)
{
    const struct key *a = left, *b = right;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    const struct lexer *x = lexer;
    const char *s = x->text + a->at, *t = x->text + b->at;
    const char *s_end = s + a->len, *t_end = t + b->len;
    while (s < s_end && t < t_end) {
        struct json_lex_char c, d;
        enum err e = json_lex_char(s, (size_t)(s_end - s), &c);
        e = e ? e : json_lex_char(t, (size_t)(t_end - t), &d);
        check(!e); /* lex_string() has read both */
        if (c.len != d.len)
            return c.len < d.len ? -1 : 1;
        int order = memcmp(c.utf8, d.utf8, c.len);
        if (order != 0)
            return order;
        s += c.used;
        t += d.used;
    }
    return (s < s_end) - (t < t_end);
}

/* Closes the innermost object: its keys must differ. */
static enum err check_keys(struct lexer *x, size_t first)
{
    struct key *keys = x->keys + first;
    size_t count = x->key_count - first;
    const struct key *twice = NULL;
    x->key_count = first;
    if (count < 2)
        return ERR_OK;
    qsort_r(keys, count, sizeof *keys, compare_keys, x);
    for (size_t i = 1; i < count; i++) {
        if (compare_keys(&keys[i - 1], &keys[i], x) != 0)
            continue;
        const struct key *later = keys[i].at > keys[i - 1].at ? &keys[i] : &keys[i - 1];
        if (!twice || later->at < twice->at)
            twice = later;
    }
    if (!twice)
        return ERR_OK;
    size_t shown = utf8_prefix(x->text + twice->at, twice->len, 64);
    return err_set(x->detail, ERR_DUPLICATE_KEY, "",
                   "duplicate key \"%.*s\" at byte %u", (int)shown, x->text + twice->at,
                   twice->at - 1);
}

static enum err push_key(struct lexer *x, const struct key *k)
{
    if (x->key_count == x->key_cap) {
        size_t cap = x->key_cap ? x->key_cap * 2 : 32;
        struct key *keys = reallocarray(x->keys, cap, sizeof *keys);
        if (!keys)
            return err_set(x->detail, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
        x->keys = keys;
        x->key_cap = cap;
    }
    x->keys[x->key_count++] = *k;
    return ERR_OK;
}

/* "key": of a member, up to its value. */
static enum err lex_member(struct lexer *x)
{
    skip_space(x);
    if (!next_is(x, '"'))
        return unexpected(x, "expected a key in quotes");
    struct key k;
    enum err e = lex_string(x, &k);
    e = e ? e : push_key(x, &k);
    if (e)
        return e;
    skip_space(x);
    if (!next_is(x, ':'))
        return unexpected(x, "expected a colon");
    x->at++;
    return ERR_OK;
}

static enum err lex_open(struct lexer *x, bool object)
{
    if (x->depth >= (size_t)x->limits->max_depth)
        return err_set(x->detail, ERR_LIMIT, "", "nested deeper than %d at byte %zu",
                       x->limits->max_depth, x->at);
    x->open[x->depth].object = object;
    x->open[x->depth].first_key = x->key_count;
    x->depth++;
    x->at++;
    return ERR_OK;
}

static enum err lex_scalar(struct lexer *x)
{
    if (next_is(x, '"')) {
        struct key unused;
        return lex_string(x, &unused);
    }
    char c = x->at < x->n ? x->text[x->at] : '\0';
    if (c == '-' || (c >= '0' && c <= '9'))
        return lex_number(x);
    size_t len = json_lex_word(x->text + x->at, x->n - x->at);
    if (len == 0)
        return unexpected(x, "expected a value");
    x->at += len;
    return ERR_OK;
}

/* After a value: closes what ends here. *more = another value follows. */
static enum err lex_after(struct lexer *x, bool *more)
{
    *more = false;
    while (x->depth > 0) {
        bool object = x->open[x->depth - 1].object;
        skip_space(x);
        if (next_is(x, ',')) {
            x->at++;
            *more = true;
            return object ? lex_member(x) : ERR_OK;
        }
        if (!next_is(x, object ? '}' : ']'))
            return unexpected(x, "expected a comma or the end of the list");
        x->at++;
        x->depth--;
        enum err e = object ? check_keys(x, x->open[x->depth].first_key) : ERR_OK;
        if (e)
            return e;
    }
    return ERR_OK;
}

/* One value up to its end, or into its first member. */
static enum err lex_value(struct lexer *x, bool *more)
{
    skip_space(x);
    bool object = next_is(x, '{');
    if (!object && !next_is(x, '[')) {
        enum err e = lex_scalar(x);
        return e ? e : lex_after(x, more);
    }
    enum err e = lex_open(x, object);
    if (e)
        return e;
    skip_space(x);
    if (next_is(x, object ? '}' : ']')) {
        x->at++;
        x->depth--;
        return lex_after(x, more);
    }
    *more = true;
    return object ? lex_member(x) : ERR_OK;
}

enum err json_lex_check(const char *text, size_t n, const struct json_limits *limits,
                        struct err_detail *d)
{
    check(limits->max_depth <= JSON_LEX_DEPTH_MAX && limits->max_bytes <= UINT32_MAX);
    if (n > limits->max_bytes)
        return err_set(d, ERR_LIMIT, "", "the text has %zu bytes, at most %zu are read",
                       n, limits->max_bytes);
    struct lexer x = {.text = text, .n = n, .limits = limits, .detail = d};
    enum err e = ERR_OK;
    for (bool more = true; more && !e;)
        e = lex_value(&x, &more);
    if (!e) {
        skip_space(&x);
        if (x.at < n)
            e = unexpected(&x, "unexpected text after the value");
    }
    free(x.keys);
    return e;
}
