/* provider_vector.c: both forms become the same bytes, which are looked at once. */
#include "workers/llm/provider_vector.h"
#include "campaigns/ask.h"
#include "core/base/base64.h"
#include "core/base/json_lex.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BYTES 4
#define VECTOR_MAX_BYTES ((size_t)ASK_DIMENSIONS_MAX * NUMBER_BYTES)

_Static_assert(sizeof(float) == NUMBER_BYTES, "float32");

static enum err add_number(struct buf *bytes, double value)
{
    if (!(fabs(value) <= (double)FLT_MAX))
        return ERR_BAD_VALUE;
    float number = (float)value;
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    const unsigned char four[NUMBER_BYTES] = {
        (unsigned char)bits, (unsigned char)(bits >> 8), (unsigned char)(bits >> 16),
        (unsigned char)(bits >> 24)};
    return buf_append(bytes, four, sizeof four);
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

static enum err read_array(const struct json_span *in, struct buf *bytes)
{
    const char *at = in->at + 1, *end = in->at + in->len - 1;
    char text[JSON_LEX_NUMBER_MAX_BYTES + 1];
    for (;; at++) {
        at = skip_space(at, end);
        size_t n = json_lex_number(at, (size_t)(end - at));
        if (n == 0 || n >= sizeof text)
            return ERR_BAD_VALUE;
        memcpy(text, at, n);
        text[n] = '\0';
        enum err e = add_number(bytes, strtod(text, NULL));
        if (e)
            return e;
        at = skip_space(at + n, end);
        if (at == end)
            return ERR_OK;
        if (*at != ',')
            return ERR_BAD_VALUE;
    }
}

static enum err read_string(const struct json_span *in, struct buf *bytes)
{
    struct buf text;
    buf_init(&text, VECTOR_MAX_BYTES / 3 * 4 + 8);
    enum err e = json_scan_string(in, &text);
    if (!e)
        e = base64_decode(buf_str(&text), text.len, bytes);
    buf_fini(&text);
    return e == ERR_LIMIT || e == ERR_NOMEM || !e ? e : ERR_BAD_VALUE;
}

static bool is_finite(const char *four)
{
    const unsigned exponent =
        ((unsigned)(unsigned char)four[3] & 0x7f) << 1 | (unsigned char)four[2] >> 7;
    return exponent != 0xff;
}

static enum err check_numbers(const struct buf *bytes)
{
    if (bytes->len == 0 || bytes->len % NUMBER_BYTES != 0)
        return ERR_BAD_VALUE;
    for (size_t at = 0; at < bytes->len; at += NUMBER_BYTES)
        if (!is_finite(bytes->data + at))
            return ERR_BAD_VALUE;
    return ERR_OK;
}

enum err provider_vector_read(const struct json_span *in, struct buf *out)
{
    struct buf bytes;
    enum err e = ERR_BAD_VALUE;
    buf_init(&bytes, VECTOR_MAX_BYTES);
    if (in->len > 1 && *in->at == '"')
        e = read_string(in, &bytes);
    else if (in->len > 1 && *in->at == '[')
        e = read_array(in, &bytes);
    if (!e)
        e = check_numbers(&bytes);
    if (!e)
        e = base64_encode(bytes.data, bytes.len, out);
    buf_fini(&bytes);
    return e;
}
