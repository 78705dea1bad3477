/* pii.c: tokens for values, values for tokens. */
#include "campaigns/checks/pii.h"
#include <stdio.h>
#include <string.h>

#define DESCRIBED_MAX 20
#define NUMBER_MAX 99999

void pii_init(struct pii *p, struct arena *a)
{
    *p = (struct pii){.arena = a};
}

static size_t skip_blanks(const char *text, size_t n, size_t i)
{
    while (i < n && text[i] == ' ')
        i++;
    return i;
}

static size_t word_length(const char *text, size_t n, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < len; i++) {
        if (i == n)
            return 0;
        char c = text[i];
        if ((c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c) != word[i])
            return 0;
    }
    return len;
}

/* Of what follows "[[": the kind, 0 = none. */
static size_t kind_length(const char *text, size_t n, enum pii_kind *kind)
{
    for (int k = 0; k < PII_KINDS; k++) {
        size_t len = word_length(text, n, pii_kind_name((enum pii_kind)k));
        *kind = (enum pii_kind)k;
        if (len && len < n && text[len] == '_')
            return len + 1;
    }
    return 0;
}

/* Length of a token that begins at text, 0 = none. */
static size_t token_length(const char *text, size_t n, enum pii_kind *kind, int *number)
{
    if (n < 2 || text[0] != '[' || text[1] != '[')
        return 0;
    size_t i = skip_blanks(text, n, 2), len = kind_length(text + i, n - i, kind);
    if (!len)
        return 0;
    i += len;
    size_t first = i;
    for (*number = 0; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        *number = *number * 10 + text[i] - '0';
        if (*number > NUMBER_MAX)
            return 0;
    }
    size_t end = skip_blanks(text, n, i);
    bool closed = i > first && n - end >= 2 && text[end] == ']' && text[end + 1] == ']';
    return closed ? end + 2 : 0;
}

static bool find_token(const char *text, size_t n, size_t *at, size_t *len,
                       enum pii_kind *kind, int *number)
{
    for (size_t i = *at; i < n; i++) {
        const char *next = memchr(text + i, '[', n - i);
        if (!next)
            return false;
        i = (size_t)(next - text);
        *len = token_length(next, n - i, kind, number);
        if (*len) {
            *at = i;
            return true;
        }
    }
    return false;
}

static void token_write(char token[PII_TOKEN_MAX], enum pii_kind kind, int number)
{
    snprintf(token, PII_TOKEN_MAX, "[[%s_%d]]", pii_kind_name(kind), number);
}

static const struct pii_value *value_of(const struct pii *p, enum pii_kind kind,
                                        int number)
{
    char token[PII_TOKEN_MAX];
    token_write(token, kind, number);
    for (int i = 0; i < p->count; i++)
        if (strcmp(p->values[i].token, token) == 0)
            return &p->values[i];
    return NULL;
}

static enum err make_room(struct pii *p)
{
    if (p->count < p->room)
        return ERR_OK;
    int room = p->room ? 2 * p->room : 8;
    struct pii_value *values = arena_array(p->arena, (size_t)room, sizeof *values);
    if (!values)
        return ERR_NOMEM;
    if (p->values)
        memcpy(values, p->values, (size_t)p->count * sizeof *values);
    p->values = values;
    p->room = room;
    return ERR_OK;
}

static enum err token_for(struct pii *p, enum pii_kind kind, const char *text,
                          size_t len, char token[PII_TOKEN_MAX])
{
    for (int i = 0; i < p->count; i++) {
        const struct pii_value *v = &p->values[i];
        if (v->kind != kind || v->len != len || memcmp(v->text, text, len) != 0)
            continue;
        memcpy(token, v->token, sizeof v->token);
        return ERR_OK;
    }
    token_write(token, kind, 0);
    if (p->count == PII_VALUES_MAX)
        return ERR_OK;
    enum err e = make_room(p);
    const char *copy = e ? NULL : arena_strndup(p->arena, text, len);
    if (!copy)
        return ERR_NOMEM;
    token_write(token, kind, ++p->last[kind]);
    struct pii_value *v = &p->values[p->count++];
    *v = (struct pii_value){.kind = kind, .text = copy, .len = len};
    memcpy(v->token, token, sizeof v->token);
    return ERR_OK;
}

static enum err keep(struct arena *a, struct buf *out, const char **text, size_t *n)
{
    enum err e = buf_status(out);
    const char *copy = e ? NULL : arena_strndup(a, buf_str(out), out->len);
    if (copy) {
        *text = copy;
        *n = out->len;
    }
    buf_fini(out);
    return e ? e : copy ? ERR_OK : ERR_NOMEM;
}

/* Values, and words that look like our tokens, in the order they stand. */
struct search {
    const char *text;
    size_t n, from;
    struct pii_place value; /* the first one from there; none: at = n */
};

static void find_value(struct search *s)
{
    if (!pii_find(s->text, s->n, s->from, &s->value))
        s->value = (struct pii_place){.at = s->n};
}

static bool next_place(struct search *s, struct pii_place *out)
{
    int number;
    if (s->value.at < s->from)
        find_value(s);
    out->at = s->from;
    if (!find_token(s->text, s->value.at, &out->at, &out->len, &out->kind, &number))
        *out = s->value;
    s->from = out->at + out->len;
    return out->at < s->n;
}

enum err pii_mask(struct pii *p, const char *text, const char **out)
{
    struct search s = {.text = text, .n = text ? strlen(text) : 0};
    size_t done = 0;
    char token[PII_TOKEN_MAX];
    struct pii_place found;
    struct buf masked;
    enum err e = ERR_OK;
    *out = text;
    find_value(&s);
    if (!text || !next_place(&s, &found))
        return ERR_OK;
    buf_init(&masked, PII_TEXT_MAX);
    do {
        e = token_for(p, found.kind, text + found.at, found.len, token);
        buf_append(&masked, text + done, found.at - done);
        buf_append_str(&masked, e ? "" : token);
        done = s.from;
    } while (!e && next_place(&s, &found));
    buf_append(&masked, text + done, s.n - done);
    if (!e)
        return keep(p->arena, &masked, out, &s.n);
    buf_fini(&masked);
    return e;
}

enum err pii_restore(const struct pii *p, const char *text, size_t n, const char **out,
                     size_t *len)
{
    size_t at = 0, done = 0, token_len;
    enum pii_kind kind;
    int number;
    struct buf whole;
    *out = text;
    *len = n;
    if (!p->count)
        return ERR_OK;
    buf_init(&whole, PII_TEXT_MAX);
    for (; find_token(text, n, &at, &token_len, &kind, &number); at += token_len) {
        const struct pii_value *v = value_of(p, kind, number);
        if (!v)
            continue;
        buf_append(&whole, text + done, at - done);
        buf_append(&whole, v->text, v->len);
        done = at + token_len;
    }
    buf_append(&whole, text + done, n - done);
    return keep(p->arena, &whole, out, len);
}

bool pii_find_unknown(const struct pii *p, const char *text, size_t n,
                      char token[PII_TOKEN_MAX])
{
    size_t at = 0, len;
    enum pii_kind kind;
    int number;
    for (; find_token(text, n, &at, &len, &kind, &number); at += len) {
        if (value_of(p, kind, number))
            continue;
        token_write(token, kind, number);
        return true;
    }
    return false;
}

enum err pii_describe(const struct pii *p, struct buf *out)
{
    for (int i = 0; i < p->count && i < DESCRIBED_MAX; i++)
        buf_printf(out, "%s%s (%zu)", i ? ", " : "", p->values[i].token,
                   p->values[i].len);
    return buf_status(out);
}
