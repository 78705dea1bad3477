/* counter.c: the ways to measure text that a channel table can name. */
#include "campaigns/checks/channel.h"
#include "campaigns/checks/gsm7.h"
#include "core/base/utf8.h"
#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <utf8proc.h>

static int64_t count_code_points(const char *text, size_t n)
{
    return (int64_t)utf8_count(text, n);
}

static int64_t count_utf16(const char *text, size_t n)
{
    return (int64_t)utf8_count_utf16(text, n);
}

static int64_t count_octets(const char *text, size_t n)
{
    (void)text;
    return (int64_t)n;
}

static int64_t count_gsm7_segments(const char *text, size_t n)
{
    return gsm7_measure(text, n).segments;
}

static int64_t count_gsm7_units(const char *text, size_t n)
{
    return gsm7_measure(text, n).units;
}

static int64_t count_width(const char *text, size_t n)
{
    int64_t width = 0;
    for (size_t at = 0; at < n;) {
        uint32_t point = 0;
        size_t len = utf8_decode(text + at, n - at, &point);
        /* Combining marks count 1: platforms count characters, only wide ones double.
         */
        width += len > 0 && utf8proc_charwidth((utf8proc_int32_t)point) == 2 ? 2 : 1;
        at += len > 0 ? len : 1;
    }
    return width;
}

/* Half-width characters count a half; what is left over counts whole. */
static int64_t count_half_width(const char *text, size_t n)
{
    return (count_width(text, n) + 1) / 2;
}

/* glibc's table has the euro sign as one byte 0x80, as code page 936 does; GBK has not.
 */
static bool is_gbk(const char *from, const char *to)
{
    while (from < to && (unsigned char)*from != 0x80)
        from += (unsigned char)*from > 0x80 ? 2 : 1;
    return from >= to;
}

static int64_t count_gbk_bytes(const char *text, size_t n)
{
    iconv_t to_gbk = iconv_open("GBK", "UTF-8");
    if ((intptr_t)to_gbk == -1)
        return -1; /* a machine without this table can vouch for no text */
    char scratch[512], *in = (char *)text; /* iconv only reads it */
    int64_t bytes = 0;
    size_t left = n;
    bool good = true;
    while (left > 0 && good) {
        char *out = scratch;
        size_t room = sizeof scratch;
        size_t result = iconv(to_gbk, &in, &left, &out, &room);
        bytes += out - scratch;
        good = (result != (size_t)-1 || errno == E2BIG) && is_gbk(scratch, out);
    }
    iconv_close(to_gbk);
    return good ? bytes : -1;
}

static const struct counter counters[] = {
    {"code_points", "characters", count_code_points},
    {"utf16", "UTF-16 units", count_utf16},
    {"octets", "bytes", count_octets},
    {"gsm7_segments", "segments", count_gsm7_segments},
    {"gsm7_units", "SMS units", count_gsm7_units},
    {"width", "columns (wide characters count 2)", count_width},
    {"half_width", "characters (half-width ones count half)", count_half_width},
    {"gbk_bytes", "GBK bytes", count_gbk_bytes},
};

const struct counter *counter_find(const char *name)
{
    for (size_t i = 0; i < sizeof counters / sizeof counters[0]; i++)
        if (strcmp(counters[i].name, name) == 0)
            return &counters[i];
    return NULL;
}
