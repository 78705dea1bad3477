/* query.c: see query.h. */
#include "core/base/query.h"
#include <string.h>

static int hex_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One character at s, before end; returns the bytes that it took. */
static size_t decode(const char *s, const char *end, char *out)
{
    *out = *s == '+' ? ' ' : *s;
    if (*s != '%' || end - s < 3 || hex_of(s[1]) < 0 || hex_of(s[2]) < 0)
        return 1;
    *out = (char)(hex_of(s[1]) * 16 + hex_of(s[2]));
    return 3;
}

static bool is_name(const char *s, const char *end, const char *name)
{
    while (s < end && *name) {
        char c = 0;
        s += decode(s, end, &c);
        if (c != *name++)
            return false;
    }
    return s == end && !*name;
}

static void append_value(const char *s, const char *end, struct buf *out)
{
    while (s < end) {
        char c = 0;
        s += decode(s, end, &c);
        (void)buf_append_char(out, c); /* buf_status() tells */
    }
}

bool query_find(const char *address, const char *name, struct buf *out)
{
    size_t length = strcspn(address, "#");
    const char *end = address + length, *at = memchr(address, '?', length);
    while (at && at < end) {
        const char *pair = at + 1;
        size_t n = strcspn(pair, "&#"), key = strcspn(pair, "=&#");
        if (is_name(pair, pair + key, name)) {
            if (key < n)
                append_value(pair + key + 1, pair + n, out);
            return true;
        }
        at = pair + n;
    }
    return false;
}
