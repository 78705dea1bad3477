/* base64.c: three bytes are four characters. */
#include "core/base/base64.h"
#include <stdint.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum err base64_encode(const void *bytes, size_t n, struct buf *out)
{
    const unsigned char *at = bytes;
    (void)buf_reserve(out, n / 3 * 4 + 4); /* the appends tell */
    for (; n > 0; at += 3) {
        size_t have = n < 3 ? n : 3;
        uint32_t bits = (uint32_t)at[0] << 16 | (have > 1 ? (uint32_t)at[1] << 8 : 0) |
                        (have > 2 ? at[2] : 0);
        char four[4] = {alphabet[bits >> 18], alphabet[bits >> 12 & 63],
                        have > 1 ? alphabet[bits >> 6 & 63] : '=',
                        have > 2 ? alphabet[bits & 63] : '='};
        enum err e = buf_append(out, four, sizeof four);
        if (e)
            return e;
        n -= have;
    }
    return buf_status(out);
}

/* 0-63, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One to three bytes out of two to four characters. */
static enum err decode_group(const char *text, size_t n, struct buf *out)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int v = i < n ? value_of(text[i]) : 0;
        if (v < 0)
            return ERR_BAD_VALUE;
        bits = bits << 6 | (uint32_t)v;
    }
    unsigned char three[3] = {(unsigned char)(bits >> 16), (unsigned char)(bits >> 8),
                              (unsigned char)bits};
    if (n < 4 && three[n - 1])
        return ERR_BAD_VALUE;
    return buf_append(out, three, n - 1);
}

enum err base64_decode(const char *text, size_t n, struct buf *out)
{
    if (n > 0 && n % 4 == 0)
        n -= text[n - 1] != '=' ? 0 : text[n - 2] != '=' ? 1 : 2;
    if (n % 4 == 1)
        return ERR_BAD_VALUE;
    enum err e = buf_status(out);
    if (!e && n / 4 * 3 <= out->max_bytes - out->len)
        (void)buf_reserve(out, n / 4 * 3);
    for (size_t at = 0; at < n && !e; at += 4)
        e = decode_group(text + at, n - at < 4 ? n - at : 4, out);
    return e;
}
