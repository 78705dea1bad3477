/* gsm7.c: SMS length in septets or UTF-16 units, and in segments. */
#include "campaigns/checks/gsm7.h"
#include "core/base/utf8.h"
#include <limits.h>
#include <string.h>

/* Units of a single message, and of one part of a longer one (6 octets of header). */
enum { GSM_SINGLE = 160, GSM_PART = 153, UCS2_SINGLE = 70, UCS2_PART = 67 };

/* The default alphabet outside ASCII, TS 23.038 §6.2.1, in code point order. */
static const uint16_t gsm_basic[] = {
    0x00A1, 0x00A3, 0x00A4, 0x00A5, 0x00A7, 0x00BF, 0x00C4, 0x00C5, 0x00C6, 0x00C7,
    0x00C9, 0x00D1, 0x00D6, 0x00D8, 0x00DC, 0x00DF, 0x00E0, 0x00E4, 0x00E5, 0x00E6,
    0x00E8, 0x00E9, 0x00EC, 0x00F1, 0x00F2, 0x00F6, 0x00F8, 0x00F9, 0x00FC, 0x0393,
    0x0394, 0x0398, 0x039B, 0x039E, 0x03A0, 0x03A3, 0x03A6, 0x03A8, 0x03A9,
};

/* Septets of one code point; 0 = not in the alphabet. */
static unsigned septets_of(uint32_t c)
{
    bool ascii = c > 0 && c < 0x80;
    if (c == 0x20AC || (ascii && strchr("\f^{}\\[~]|", (int)c)))
        return 2; /* escape and character */
    if (ascii)
        return c == '\n' || c == '\r' || (c >= ' ' && c != '`' && c != 0x7F);
    for (size_t i = 0; i < sizeof gsm_basic / sizeof gsm_basic[0]; i++)
        if (gsm_basic[i] == c)
            return 1;
    return 0;
}

static unsigned utf16_of(uint32_t c)
{
    return c > 0xFFFF ? 2 : 1;
}

static size_t point_next(const char *text, size_t n, uint32_t *point)
{
    size_t len = utf8_decode(text, n, point);
    if (len > 0)
        return len;
    *point = 0xFFFD; /* an invalid byte is sent as one replacement character */
    return 1;
}

static bool is_ucs2(const char *text, size_t n)
{
    for (size_t at = 0; at < n;) {
        uint32_t point;
        at += point_next(text + at, n - at, &point);
        if (septets_of(point) == 0)
            return true;
    }
    return false;
}

struct gsm7_size gsm7_measure(const char *text, size_t n)
{
    struct gsm7_size size = {.ucs2 = is_ucs2(text, n)};
    unsigned single = size.ucs2 ? UCS2_SINGLE : GSM_SINGLE;
    unsigned part = size.ucs2 ? UCS2_PART : GSM_PART;
    size_t units = 0, parts = n > 0, used = 0;
    for (size_t at = 0; at < n;) {
        uint32_t point;
        at += point_next(text + at, n - at, &point);
        unsigned cost = size.ucs2 ? utf16_of(point) : septets_of(point);
        units += cost;
        /* A pair that does not fit is moved whole; the rest of its part stays free. */
        if (used + cost > part) {
            parts++;
            used = 0;
        }
        used += cost;
    }
    if (units > 0 && units <= single)
        parts = 1;
    size.units = units > INT_MAX ? INT_MAX : (int)units;
    size.segments = parts > INT_MAX ? INT_MAX : (int)parts;
    return size;
}
