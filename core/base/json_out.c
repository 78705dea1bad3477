/* json_out.c: commas by one flag per level; strings are copied in runs. */
#include "core/base/json_out.h"
#include "core/base/digits.h"
#include "core/base/json_lex.h"
#include "core/base/utf8.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX (sizeof((struct json_out *)0)->first / sizeof(bool) - 1)
#define INT_EXACT 0x1p53

void json_out_init(struct json_out *w, struct buf *out)
{
    *w = (struct json_out){.out = out, .first[0] = true};
}

/* The comma before a value or key, if one is due. */
static void separate(struct json_out *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth > DEPTH_MAX)
        return;
    if (!w->first[w->depth])
        buf_append_char(w->out, ',');
    w->first[w->depth] = false;
}

void json_out_open(struct json_out *w, char bracket)
{
    check(bracket == '{' || bracket == '[');
    separate(w);
    buf_append_char(w->out, bracket);
    w->depth++;
    if (w->depth <= DEPTH_MAX)
        w->first[w->depth] = true;
    else if (!w->out->failed)
        w->out->failed = ERR_LIMIT;
}

void json_out_close(struct json_out *w, char bracket)
{
    check((bracket == '}' || bracket == ']') && w->depth > 0 && !w->after_key);
    w->depth--;
    buf_append_char(w->out, bracket);
}

static void append_escape(struct buf *out, unsigned char c)
{
    static const char letters[] = "btnvfr"; /* for 8 to 13; \v is not in JSON */
    bool has_letter = c >= 8 && c <= 13 && c != 11;
    if (c != '"' && c != '\\' && !has_letter) {
        buf_printf(out, "\\u%04x", c);
        return;
    }
    buf_append_char(out, '\\');
    buf_append_char(out, has_letter ? letters[c - 8] : (char)c);
}

static void append_string(struct buf *out, const char *s, size_t n)
{
    buf_append_char(out, '"');
    size_t run = 0; /* s[run, i) needs no change and is not yet written */
    for (size_t i = json_lex_plain(s, n); i < n; i += json_lex_plain(s + i, n - i)) {
        unsigned char c = (unsigned char)s[i];
        uint32_t code_point;
        size_t len = c < 0x80 ? 1 : utf8_decode(s + i, n - i, &code_point);
        if (len > 0 && c >= 0x20 && c != '"' && c != '\\') {
            i += len;
            continue;
        }
        buf_append(out, s + run, i - run);
        if (len == 0)
            buf_append_str(out, "\xef\xbf\xbd");
        else
            append_escape(out, c);
        run = ++i;
    }
    buf_append(out, s + run, n - run);
    buf_append_char(out, '"');
}

void json_out_key(struct json_out *w, const char *key)
{
    check(w->depth > 0 && !w->after_key);
    separate(w);
    append_string(w->out, key, strlen(key));
    buf_append_char(w->out, ':');
    w->after_key = true;
}

void json_out_strn(struct json_out *w, const char *s, size_t n)
{
    separate(w);
    append_string(w->out, s, n);
}

void json_out_str(struct json_out *w, const char *s)
{
    json_out_strn(w, s, strlen(s));
}

void json_out_int(struct json_out *w, int64_t n)
{
    char text[DIGITS_MAX_BYTES];
    separate(w);
    buf_append(w->out, text, digits_write(text, n));
}

/* Temperatures and shares: thousandths that are exactly this number when read. */
static bool out_thousandths(struct json_out *w, double n)
{
    double scaled = round(n * 1000);
    if (!(fabs(n) < 1e6) || scaled / 1000 != n)
        return false;
    uint64_t size = (uint64_t)fabs(scaled);
    char text[DIGITS_MAX_BYTES], fraction[3];
    for (int i = 2; i >= 0; i--, size /= 10)
        fraction[i] = (char)('0' + size % 10);
    size_t places = fraction[2] != '0' ? 3 : fraction[1] != '0' ? 2 : 1;
    separate(w);
    if (n < 0)
        buf_append_char(w->out, '-');
    buf_append(w->out, text, digits_write_size(text, size));
    buf_append_char(w->out, '.');
    buf_append(w->out, fraction, places);
    return true;
}

void json_out_num(struct json_out *w, double n)
{
    if (!isfinite(n))
        n = 0;
    if (fabs(n) <= INT_EXACT && n == trunc(n)) {
        json_out_int(w, (int64_t)n);
        return;
    }
    if (out_thousandths(w, n))
        return;
    separate(w);
    char text[48];
    /* every decimal of 15 digits survives a normal double; subnormals carry fewer */
    int precision = fabs(n) < DBL_MIN ? 1 : 15;
    do
        snprintf(text, sizeof text, "%.*g", precision, n);
    while (strtod(text, NULL) != n && ++precision <= 17);
    buf_append_str(w->out, text);
}

void json_out_bool(struct json_out *w, bool b)
{
    separate(w);
    buf_append_str(w->out, b ? "true" : "false");
}

void json_out_null(struct json_out *w)
{
    separate(w);
    buf_append_str(w->out, "null");
}

void json_out_raw(struct json_out *w, const char *json, size_t n)
{
    separate(w);
    buf_append(w->out, json, n);
}

/* Recursion ends at DEPTH_MAX: past it the buf has failed and nothing descends. */
void json_out_json(struct json_out *w, const struct json *j)
{
    switch (json_type(j)) {
    case JSON_NULL:
        json_out_null(w);
        return;
    case JSON_BOOL:
        json_out_bool(w, json_bool(j, false));
        return;
    case JSON_NUMBER:
        json_out_num(w, json_num(j, 0));
        return;
    case JSON_STRING:
        json_out_str(w, json_str(j, ""));
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool object = json_type(j) == JSON_OBJECT;
    json_out_open(w, object ? '{' : '[');
    json_each (item, j) {
        if (buf_status(w->out) != ERR_OK)
            break;
        if (object)
            json_out_key(w, json_key(item));
        json_out_json(w, item);
    }
    json_out_close(w, object ? '}' : ']');
}

void json_out_kstr(struct json_out *w, const char *key, const char *s)
{
    json_out_key(w, key);
    json_out_str(w, s);
}

void json_out_kint(struct json_out *w, const char *key, int64_t n)
{
    json_out_key(w, key);
    json_out_int(w, n);
}

void json_out_knum(struct json_out *w, const char *key, double n)
{
    json_out_key(w, key);
    json_out_num(w, n);
}

void json_out_kbool(struct json_out *w, const char *key, bool b)
{
    json_out_key(w, key);
    json_out_bool(w, b);
}
