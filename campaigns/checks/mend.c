/* mend.c: a tolerant, iterative JSON reader that copies as it goes. */
#include "campaigns/checks/mend.h"
#include "core/base/json_lex.h"
#include <string.h>

struct level {
    char close;   /* '}' or ']' */
    size_t items; /* complete ones */
    size_t keep;  /* length of out after the last complete item */
};

struct mender {
    const char *text;
    size_t n, at;
    struct buf *out;
    struct level level[JSON_LEX_DEPTH_MAX];
    int depth;
};

enum step { STEP_ON, STEP_DONE, STEP_CUT, STEP_BAD };

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool space_skip(struct mender *m)
{
    while (m->at < m->n && is_space(m->text[m->at]))
        m->at++;
    if (m->n - m->at >= 3 && memcmp(m->text + m->at, "```", 3) == 0)
        m->n = m->at; /* the end of the code fence is the end of the text */
    return m->at < m->n;
}

static void control_copy(struct mender *m, unsigned char c)
{
    if (c == '\n' || c == '\r' || c == '\t')
        buf_append_str(m->out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
    else
        buf_printf(m->out, "\\u%04x", c);
}

static enum step string_copy(struct mender *m)
{
    size_t from = m->at++;
    for (; m->at < m->n; m->at++) {
        unsigned char c = (unsigned char)m->text[m->at];
        if (c == '\\') {
            m->at++;
        } else if (c < ' ') {
            buf_append(m->out, m->text + from, m->at - from);
            control_copy(m, c);
            from = m->at + 1;
        } else if (c == '"') {
            m->at++;
            buf_append(m->out, m->text + from, m->at - from);
            return STEP_ON;
        }
    }
    m->at = m->n;
    return STEP_CUT;
}

/* Nothing but characters of numbers and words up to the end of the text. */
static bool is_cut_scalar(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] && strchr("-+.0123456789Eaeflnrstu", s[i]))
        i++;
    return i == n;
}

static enum step scalar_copy(struct mender *m)
{
    const char *s = m->text + m->at;
    size_t left = m->n - m->at, len = json_lex_number(s, left);
    if (len == 0)
        len = json_lex_word(s, left);
    if (len == left) /* 12 may have been 120 */
        return STEP_CUT;
    if (len == 0)
        return is_cut_scalar(s, left) ? STEP_CUT : STEP_BAD;
    buf_append(m->out, s, len);
    m->at += len;
    return STEP_ON;
}

static enum step level_open(struct mender *m)
{
    if (m->depth == JSON_LEX_DEPTH_MAX)
        return STEP_BAD;
    char open = m->text[m->at++];
    buf_append_char(m->out, open);
    m->level[m->depth++] =
        (struct level){.close = open == '{' ? '}' : ']', .keep = m->out->len};
    return STEP_ON;
}

static void item_end(struct mender *m)
{
    struct level *top = &m->level[m->depth - 1];
    top->items++;
    top->keep = m->out->len;
}

static enum step level_close(struct mender *m)
{
    m->at++;
    buf_append_char(m->out, m->level[--m->depth].close);
    if (m->depth == 0)
        return STEP_DONE;
    item_end(m);
    return STEP_ON;
}

static enum step key_copy(struct mender *m)
{
    if (m->text[m->at] != '"')
        return STEP_BAD;
    enum step step = string_copy(m);
    if (step != STEP_ON)
        return step;
    if (!space_skip(m))
        return STEP_CUT;
    if (m->text[m->at++] != ':')
        return STEP_BAD;
    buf_append_char(m->out, ':');
    return space_skip(m) ? STEP_ON : STEP_CUT;
}

/* One item with the comma before it, or the end of the level. */
static enum step item_copy(struct mender *m)
{
    struct level *top = &m->level[m->depth - 1];
    if (!space_skip(m))
        return STEP_CUT;
    if (top->items > 0 && m->text[m->at] == ',') {
        m->at++;
        if (!space_skip(m))
            return STEP_CUT;
        if (m->text[m->at] != top->close)
            buf_append_char(m->out, ',');
    } else if (top->items > 0 && m->text[m->at] != top->close) {
        return STEP_BAD;
    }
    if (m->text[m->at] == top->close)
        return level_close(m);
    enum step step = top->close == '}' ? key_copy(m) : STEP_ON;
    if (step != STEP_ON)
        return step;
    char c = m->text[m->at];
    if (c == '{' || c == '[')
        return level_open(m);
    step = c == '"' ? string_copy(m) : scalar_copy(m);
    if (step == STEP_ON)
        item_end(m);
    return step;
}

/* Goes back to the last item that is surely whole, and closes. */
static enum err tail_close(struct mender *m)
{
    int last = m->depth - 1;
    for (int i = m->depth - 1; i >= 0; i--)
        if (m->level[i].close == ']')
            last = i;
    while (last > 0 && m->level[last].items == 0)
        last--;
    if (m->level[last].items == 0 || buf_status(m->out))
        return ERR_BAD_JSON;
    m->out->len = m->level[last].keep;
    for (int i = last; i >= 0; i--)
        buf_append_char(m->out, m->level[i].close);
    return buf_status(m->out);
}

enum err mend_value(const char *text, size_t n, struct buf *out, size_t *used)
{
    struct mender m = {.text = text, .n = n, .out = out};
    enum step step = level_open(&m);
    while (step == STEP_ON && !out->failed)
        step = item_copy(&m);
    *used = m.at;
    if (step == STEP_BAD)
        return ERR_BAD_JSON;
    return step == STEP_CUT ? tail_close(&m) : buf_status(out);
}
