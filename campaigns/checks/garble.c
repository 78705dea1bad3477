/* garble.c: see garble.h. */
#include "campaigns/checks/garble.h"
#include "core/base/utf8.h"
#include <stdbool.h>

static bool is_meant(uint32_t c)
{
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    return c == '\t' || c == '\n' || c == '\r' || (!control && c != 0xfffd);
}

const char *garble_find(const char *text, size_t n)
{
    const char *end = text + n;
    while (text < end) {
        uint32_t c;
        size_t used = utf8_decode(text, (size_t)(end - text), &c);
        if (used == 0 || !is_meant(c))
            return text;
        text += used;
    }
    return NULL;
}
