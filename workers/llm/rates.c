/* rates.c: see rates.h. */
#include "workers/llm/rates.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MS 86400000.0
#define COUNT_MAX INT64_C(1000000000000)
#define NUMBER_MAX_BYTES 24

enum part { PART_LIMIT, PART_REMAINING, PART_RESET, PARTS };
static const char *const part_names[] = {"limit", "remaining", "reset"};

/* What was told under one word, as it stands there. */
struct row {
    const char *text[PARTS];
};

const struct rates_dialect rates_openai = {
    .prefix = "x-ratelimit-",
    .part_first = true,
    .rows = {{"requests", LIMITS_CALLS},
             {"tokens", LIMITS_TOKENS},
             {"input-tokens", LIMITS_IN},
             {"output-tokens", LIMITS_OUT},
             {"project-requests", LIMITS_CALLS},
             {"project-tokens", LIMITS_TOKENS},
             {"tokens_usage_based", LIMITS_TOKENS}},
    .reset_ms = rates_duration_ms,
};
const struct rates_dialect rates_anthropic = {
    .prefix = "anthropic-ratelimit-",
    .rows = {{"requests", LIMITS_CALLS},
             {"tokens", LIMITS_TOKENS},
             {"input-tokens", LIMITS_IN},
             {"output-tokens", LIMITS_OUT}},
    .reset_ms = rates_until_ms,
};

/* A decimal number at *at; moves behind it. */
static bool take_number(const char **at, double *out)
{
    char number[NUMBER_MAX_BYTES];
    size_t len = strspn(*at, "0123456789.");
    const char *point = memchr(*at, '.', len);
    if (len == 0 || len >= sizeof number || (point && len == 1) ||
        (point && memchr(point + 1, '.', len - (size_t)(point + 1 - *at))))
        return false;
    memcpy(number, *at, len);
    number[len] = '\0';
    *out = strtod(number, NULL);
    *at += len;
    return true;
}

/* "ms" before "m": the longer name first. Without one: seconds, at the end only. */
static double take_unit_ms(const char **at)
{
    static const struct {
        const char *name;
        double ms;
    } units[] = {{"ms", 1},   {"us", 1e-3},   {"\xc2\xb5s", 1e-3}, {"ns", 1e-6},
                 {"s", 1000}, {"m", 60000.0}, {"h", 3600000.0},    {"d", DAY_MS}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t n = strlen(units[i].name);
        if (strncmp(*at, units[i].name, n) == 0) {
            *at += n;
            return units[i].ms;
        }
    }
    return **at == '\0' ? 1000 : -1;
}

int64_t rates_duration_ms(const char *text, int64_t now_ms)
{
    double sum = 0, number;
    (void)now_ms;
    if (!*text)
        return -1;
    while (*text) {
        if (!take_number(&text, &number))
            return -1;
        double unit = take_unit_ms(&text);
        if (unit < 0)
            return -1;
        sum += number * unit;
    }
    return sum > DAY_MS ? -1 : (int64_t)(sum + 0.999);
}

/* "Z", "+02:00": minutes east of Greenwich. */
static bool read_zone(const char *at, int *minutes)
{
    static const char form[] = "00:00";
    *minutes = 0;
    if (strcasecmp(at, "z") == 0)
        return true;
    if ((*at != '+' && *at != '-') || strlen(at) != sizeof form)
        return false;
    for (size_t i = 0; i < sizeof form - 1; i++)
        if (form[i] == ':' ? at[1 + i] != ':' : at[1 + i] < '0' || at[1 + i] > '9')
            return false;
    *minutes = (int)(strtol(at + 1, NULL, 10) * 60 + strtol(at + 4, NULL, 10));
    *minutes = *at == '-' ? -*minutes : *minutes;
    return true;
}

int64_t rates_until_ms(const char *text, int64_t now_ms)
{
    struct tm tm = {0};
    double fraction = 0;
    int east;
    const char *at = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!at || (*at == '.' && !take_number(&at, &fraction)) || !read_zone(at, &east) ||
        fraction >= 1)
        return -1;
    int64_t ms = ((int64_t)timegm(&tm) - 60 * (int64_t)east) * 1000 +
                 (int64_t)(fraction * 1000) - now_ms;
    return ms < 0 ? 0 : ms > (int64_t)DAY_MS ? -1 : ms;
}

/* A whole number, or -1. */
static int64_t count_of(const char *text)
{
    size_t len = text ? strspn(text, "0123456789") : 0;
    if (len == 0 || len > 13 || text[len])
        return -1;
    int64_t n = strtoll(text, NULL, 10);
    return n > COUNT_MAX ? -1 : n;
}

/* The part at the end of text[0, n), or at its beginning; *word is the rest. */
static bool split(const char *text, bool part_first, enum part *part, const char **word,
                  size_t *len)
{
    size_t n = strlen(text);
    for (int i = 0; i < PARTS; i++) {
        size_t k = strlen(part_names[i]);
        if (n < k + 2 || text[part_first ? k : n - k - 1] != '-' ||
            strncasecmp(part_first ? text : text + n - k, part_names[i], k) != 0)
            continue;
        *part = (enum part)i;
        *word = part_first ? text + k + 1 : text;
        *len = n - k - 1;
        return true;
    }
    return false;
}

static void take_header(const struct rates_dialect *d, const char *rest,
                        const char *value, struct row rows[RATES_ROWS_MAX])
{
    enum part part;
    const char *word;
    size_t len;
    if (!split(rest, d->part_first, &part, &word, &len))
        return;
    for (int i = 0; i < RATES_ROWS_MAX && d->rows[i].word; i++)
        if (strlen(d->rows[i].word) == len &&
            strncasecmp(d->rows[i].word, word, len) == 0)
            rows[i].text[part] = value;
}

/* A limit of 0 or less stands for one that the server does not know (LLM_WIRE §4). */
static bool take_row(const struct rates_dialect *d, const struct row *r,
                     enum limits_kind kind, int64_t now_ms, struct rates *out)
{
    const char *const *text = r->text;
    int64_t most = count_of(text[PART_LIMIT]), left = count_of(text[PART_REMAINING]);
    int64_t ms = text[PART_RESET] ? d->reset_ms(text[PART_RESET], now_ms) : -1;
    if (text[PART_LIMIT] && most <= 0)
        return false;
    if (most > 0 && (out->most[kind] < 0 || most < out->most[kind]))
        out->most[kind] = most;
    ms = ms > RATES_RESET_MAX_MS ? RATES_RESET_MAX_MS : ms;
    if (left < 0 || ms < 0 || (out->left[kind] >= 0 && left > out->left[kind]))
        return most > 0;
    if (left < out->left[kind] || ms > out->reset_ms[kind])
        out->reset_ms[kind] = ms;
    out->left[kind] = left;
    return true;
}

bool rates_read(const struct rates_dialect *d, const struct http_reply *http,
                int64_t now_ms, struct rates *out)
{
    struct row rows[RATES_ROWS_MAX];
    const char *name = NULL, *value;
    bool any = false;
    if (!d || !http->headers || !http_reply_may_have(http, d->prefix))
        return false;
    size_t n = strlen(d->prefix);
    while ((name = http_reply_next(http, name, &value))) {
        if (((*name ^ *d->prefix) & ~0x20) != 0 || strncasecmp(name, d->prefix, n) != 0)
            continue;
        if (!any)
            memset(rows, 0, sizeof rows);
        any = true;
        take_header(d, name + n, value, rows);
    }
    if (!any)
        return false;
    for (int i = 0; i < LIMITS_KINDS; i++)
        out->left[i] = out->reset_ms[i] = out->most[i] = -1;
    any = false;
    for (int i = 0; i < RATES_ROWS_MAX && d->rows[i].word; i++)
        any |= take_row(d, &rows[i], d->rows[i].kind, now_ms, out);
    return any;
}
