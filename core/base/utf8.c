/* utf8.c: decoding by table 3-7 of the Unicode Standard (well-formed UTF-8). */
#include "core/base/utf8.h"
#include <string.h>

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

static size_t decode3(const unsigned char *p, size_t n, uint32_t *code_point)
{
    if (n < 3 || !is_tail(p[1]) || !is_tail(p[2]))
        return 0;
    uint32_t c = (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
    if (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code_point = c;
    return 3;
}

static size_t decode4(const unsigned char *p, size_t n, uint32_t *code_point)
{
    if (n < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
        return 0;
    uint32_t c =
        (p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u);
    if (c < 0x10000 || c > 0x10ffff)
        return 0;
    *code_point = c;
    return 4;
}

size_t utf8_decode(const char *s, size_t n, uint32_t *code_point)
{
    const unsigned char *p = (const unsigned char *)s;
    check(n > 0);
    if (p[0] < 0x80) {
        *code_point = p[0];
        return 1;
    }
    if (p[0] < 0xc2) /* a tail byte, or an overlong form of ASCII */
        return 0;
    if (p[0] < 0xe0) {
        if (n < 2 || !is_tail(p[1]))
            return 0;
        *code_point = (p[0] & 31u) << 6 | (p[1] & 63u);
        return 2;
    }
    if (p[0] < 0xf0)
        return decode3(p, n, code_point);
    return p[0] < 0xf5 ? decode4(p, n, code_point) : 0;
}

size_t utf8_ascii(const char *s, size_t n)
{
    static const uint64_t high = UINT64_C(0x8080808080808080);
    size_t i = 0;
    for (uint64_t w[4]; i + sizeof w <= n; i += sizeof w) {
        memcpy(w, s + i, sizeof w);
        if ((w[0] | w[1] | w[2] | w[3]) & high)
            break;
    }
    for (uint64_t w; i + sizeof w <= n; i += sizeof w) {
        memcpy(&w, s + i, sizeof w);
        if (w & high)
            break;
    }
    while (i < n && (unsigned char)s[i] < 0x80)
        i++;
    return i;
}

size_t utf8_encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 63));
        out[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 63));
    out[2] = (char)(0x80 | (c >> 6 & 63));
    out[3] = (char)(0x80 | (c & 63));
    return 4;
}

size_t utf8_invalid_at(const char *s, size_t n)
{
    size_t i = 0;
    while ((i += utf8_ascii(s + i, n - i)) < n) {
        uint32_t c;
        size_t len = utf8_decode(s + i, n - i, &c);
        if (len == 0)
            break;
        i += len;
    }
    return i;
}

/* Counts units: one per code point, or two for those outside the BMP. */
static size_t count_units(const char *s, size_t n, size_t per_astral)
{
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t len = utf8_decode(s + i, n - i, &c);
        count += len == 4 ? per_astral : 1;
        i += len ? len : 1;
    }
    return count;
}

size_t utf8_count(const char *s, size_t n)
{
    return count_units(s, n, 1);
}

size_t utf8_count_utf16(const char *s, size_t n)
{
    return count_units(s, n, 2);
}

size_t utf8_prefix(const char *s, size_t n, size_t max_bytes)
{
    if (n <= max_bytes)
        return n;
    /* a code point that crosses the cut starts at most 3 bytes before it */
    for (size_t back = 1; back <= 3 && back <= max_bytes; back++) {
        size_t at = max_bytes - back;
        uint32_t c;
        if (is_tail((unsigned char)s[at]))
            continue;
        return utf8_decode(s + at, n - at, &c) > back ? at : max_bytes;
    }
    return max_bytes;
}

bool utf8_is_cjk(uint32_t c)
{
    static const uint32_t ranges[][2] = {
        {0x1100, 0x11ff},   /* hangul jamo */
        {0x2e80, 0x2fdf},   /* radicals */
        {0x3005, 0x3007},   /* iteration mark, closing mark, zero */
        {0x3021, 0x3029},   /* hangzhou numerals */
        {0x3040, 0x30ff},   /* hiragana, katakana */
        {0x3100, 0x31bf},   /* bopomofo, hangul compatibility jamo */
        {0x31f0, 0x31ff},   /* katakana extensions */
        {0x3400, 0x4dbf},   /* han A */
        {0x4e00, 0x9fff},   /* han */
        {0xa960, 0xa97f},   /* hangul jamo A */
        {0xac00, 0xd7ff},   /* hangul syllables, jamo B */
        {0xf900, 0xfaff},   /* han compatibility */
        {0xff66, 0xffdc},   /* half-width katakana, hangul */
        {0x1aff0, 0x1b16f}, /* kana supplements */
        {0x20000, 0x3ffff}, /* han B and on */
    };
    for (size_t i = 0; c >= ranges[0][0] && i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i][0] && c <= ranges[i][1])
            return true;
    return false;
}

void utf8_tidy(char *text)
{
    size_t n = strlen(text);
    for (size_t bad; (bad = utf8_invalid_at(text, n)) < n;)
        text[bad] = '?';
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = ' ';
}
