/* escape.c: see escape.h. */
#include "workers/cli/escape.h"
#include "core/base/utf8.h"

/* Characters that steer a terminal, or the order in which a line is shown. */
static bool is_steering(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

static const char *short_form(uint32_t c)
{
    switch (c) {
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '\\':
        return "\\\\";
    default:
        return NULL;
    }
}

void escape_text(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t len = utf8_decode(text + i, n - i, &c);
        const char *known = len ? short_form(c) : NULL;
        if (len == 0)
            buf_printf(out, "\\x%02x", (unsigned char)text[i]);
        else if (known)
            buf_append_str(out, known);
        else if (is_steering(c))
            buf_printf(out, "\\u{%x}", (unsigned)c);
        else
            buf_append(out, text + i, len);
        i += len ? len : 1;
    }
}
