/* retry_after.c: when a server wants to be asked again. Hints are hostile until read:
 * NaN, infinity, negative and hex are nonsense; what is absurdly long is cut to 24 h.
 */
#include "workers/llm/provider.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HINT_MAX_MS ((int64_t)24 * 3600 * 1000)

/* A plain decimal number, nothing else; strtod alone takes "nan", "0x1p9" and "inf". */
static bool parse_number(const char *text, double *out)
{
    size_t len = strspn(text, "0123456789.");
    size_t digits = strspn(text, "0123456789");
    if (len == 0 || text[len + strspn(text + len, " \t")] != '\0')
        return false;
    if (digits < len && (len == 1 || memchr(text + digits + 1, '.', len - digits - 1)))
        return false;
    *out = strtod(text, NULL);
    return true;
}

static int64_t hint_of(double ms)
{
    return ms >= (double)HINT_MAX_MS ? HINT_MAX_MS : (int64_t)(ms + 0.5);
}

/* The three forms of RFC 9110 §5.6.7, all in GMT. */
static bool parse_date(const char *text, int64_t *unix_s)
{
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT",
                                        "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %d %H:%M:%S %Y"};
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = {0};
        const char *rest = strptime(text, forms[i], &tm);
        if (rest && rest[strspn(rest, " \t")] == '\0') {
            *unix_s = (int64_t)timegm(&tm);
            return true;
        }
    }
    return false;
}

int64_t provider_duration_ms(const char *text)
{
    char number[32];
    double seconds;
    size_t len = strlen(text);
    if (len < 2 || len > sizeof number || text[len - 1] != 's')
        return -1;
    memcpy(number, text, len - 1);
    number[len - 1] = '\0';
    return parse_number(number, &seconds) ? hint_of(seconds * 1000) : -1;
}

int64_t provider_retry_after_ms(const struct http_reply *http, int64_t now_ms)
{
    double number;
    int64_t at_s;
    const char *ms = http_reply_header(http, "retry-after-ms");
    if (ms && parse_number(ms, &number))
        return hint_of(number);
    const char *after = http_reply_header(http, "retry-after");
    if (!after)
        return -1;
    if (parse_number(after, &number))
        return hint_of(number * 1000);
    if (!parse_date(after, &at_s))
        return -1;
    int64_t wait_ms = at_s * 1000 - now_ms;
    if (wait_ms <= 0)
        return 0; /* the date has passed */
    return wait_ms > HINT_MAX_MS ? HINT_MAX_MS : wait_ms;
}
