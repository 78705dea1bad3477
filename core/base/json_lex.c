/* json_lex.c: the pieces of JSON text: characters, numbers, words. */
#include "core/base/json_lex.h"
#include "core/base/utf8.h"

#include <stdbool.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Four hex digits at s, or -1. */
static int32_t hex4(const char *s, size_t n)
{
    int32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = i < n ? s[i] : '\0';
        int32_t digit;
        if (c >= '0' && c <= '9')
            digit = c - '0';
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (c | 32) - 'a' + 10;
        else
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* \uXXXX, or a surrogate pair of two. */
static enum err lex_unicode(const char *s, size_t n, struct json_lex_char *c)
{
    int32_t high = hex4(s + 2, n - 2);
    if (high < 0)
        return ERR_BAD_JSON;
    uint32_t code_point = (uint32_t)high;
    c->used = 6;
    if (high >= 0xd800 && high <= 0xdbff && n >= 12 && s[6] == '\\' && s[7] == 'u') {
        int32_t low = hex4(s + 8, 4);
        if (low >= 0xdc00 && low <= 0xdfff) {
            code_point =
                0x10000u + ((uint32_t)(high - 0xd800) << 10) + (uint32_t)(low - 0xdc00);
            c->used = 12;
        }
    }
    c->len = code_point ? utf8_encode(code_point, c->utf8) : 0;
    if (c->len > 0)
        return ERR_OK;
    c->used = 0;
    return ERR_BAD_ENCODING;
}

static enum err lex_escape(const char *s, size_t n, struct json_lex_char *c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (n >= 2 && s[1] == 'u')
        return lex_unicode(s, n, c);
    const char *at = n >= 2 && s[1] ? strchr(from, s[1]) : NULL;
    if (!at)
        return ERR_BAD_JSON;
    c->utf8[0] = to[at - from];
    c->len = 1;
    c->used = 2;
    return ERR_OK;
}

enum err json_lex_char(const char *s, size_t n, struct json_lex_char *c)
{
    c->used = c->len = 0;
    if (n == 0)
        return ERR_BAD_JSON;
    if (*s == '\\')
        return lex_escape(s, n, c);
    if ((unsigned char)*s < 0x20)
        return *s ? ERR_BAD_JSON : ERR_BAD_ENCODING;
    uint32_t code_point;
    c->len = c->used = utf8_decode(s, n, &code_point);
    if (c->len == 0)
        return ERR_BAD_ENCODING;
    memcpy(c->utf8, s, c->len);
    return ERR_OK;
}

/* The high bit of each byte of w that is 0, and maybe of bytes above one that is
 * (Warren, Hacker's Delight, 6-1): the lowest one is always right. */
static uint64_t zero_in(uint64_t w)
{
    return (w - UINT64_C(0x0101010101010101)) & ~w & UINT64_C(0x8080808080808080);
}

/* As zero_in(), of the bytes that are not plain. */
static uint64_t special_in(uint64_t w)
{
    static const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t high = w & each * 0x80, control = (w - each * 0x20) & ~w & each * 0x80;
    return high | control | zero_in(w ^ each * '"') | zero_in(w ^ each * '\\');
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static size_t plain_bytes(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && is_plain((unsigned char)s[i]))
        i++;
    return i;
}

/* Blocks in which all are plain; what is left is less than one, or begins with one that
 * has something special (`*found`: at the place returned). */
#ifdef __SSE2__
static size_t plain_blocks(const char *s, size_t n, bool *found)
{
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i low = _mm_set1_epi8(0x20); /* as signed bytes, those above 0x7f too */
    size_t i = 0;
    for (; i + sizeof(__m128i) <= n; i += sizeof(__m128i)) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s + i));
        __m128i special =
            _mm_or_si128(_mm_cmplt_epi8(v, low), _mm_cmpeq_epi8(v, quote));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(v, slash));
        unsigned bits = (unsigned)_mm_movemask_epi8(special);
        if (bits) {
            *found = true;
            return i + (size_t)__builtin_ctz(bits);
        }
    }
    return i;
}
#else
static size_t plain_blocks(const char *s, size_t n, bool *found)
{
    size_t i = 0;
    for (uint64_t w[4]; i + sizeof w <= n; i += sizeof w) {
        memcpy(w, s + i, sizeof w);
        if (special_in(w[0]) | special_in(w[1]) | special_in(w[2]) | special_in(w[3]))
            break;
    }
    *found = false;
    return i;
}
#endif

/* A word with something special in it; whole words before it are skipped. */
static size_t plain_words(const char *s, size_t n)
{
    size_t i = 0;
    for (uint64_t w; i + sizeof w <= n; i += sizeof w) {
        memcpy(&w, s + i, sizeof w);
        uint64_t special = special_in(w);
        if (special && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            return i + (size_t)__builtin_ctzll(special) / 8;
        if (special)
            break;
    }
    /* the last bytes as two words that overlap: nearly always all plain */
    uint32_t head, tail;
    size_t left = n - i;
    if (left >= sizeof head && left < 2 * sizeof head) {
        memcpy(&head, s + i, sizeof head);
        memcpy(&tail, s + n - sizeof tail, sizeof tail);
        if (!special_in((uint64_t)head << 32 | tail))
            return n;
    }
    return i + plain_bytes(s + i, left);
}

size_t json_lex_plain(const char *s, size_t n)
{
    bool found = false;
    size_t i = plain_blocks(s, n, &found);
    return found || i == n ? i : i + plain_words(s + i, n - i);
}

static size_t count_digits(const char *s, size_t n)
{
    size_t i = 0;
    while (i < n && s[i] >= '0' && s[i] <= '9')
        i++;
    return i;
}

size_t json_lex_number(const char *s, size_t n)
{
    size_t i = n > 0 && s[0] == '-';
    size_t digits = count_digits(s + i, n - i);
    if (digits == 0 || (digits > 1 && s[i] == '0'))
        return 0;
    i += digits;
    if (i < n && s[i] == '.') {
        digits = count_digits(s + i + 1, n - i - 1);
        if (digits == 0)
            return 0;
        i += 1 + digits;
    }
    if (i < n && (s[i] == 'e' || s[i] == 'E')) {
        i++;
        if (i < n && (s[i] == '+' || s[i] == '-'))
            i++;
        digits = count_digits(s + i, n - i);
        if (digits == 0)
            return 0;
        i += digits;
    }
    return i;
}

size_t json_lex_word(const char *s, size_t n)
{
    if (n >= 4 && (memcmp(s, "true", 4) == 0 || memcmp(s, "null", 4) == 0))
        return 4;
    return n >= 5 && memcmp(s, "false", 5) == 0 ? 5 : 0;
}
