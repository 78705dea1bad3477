/* stamp.c: see stamp.h. */
#include "core/base/stamp.h"
#include "core/base/civil.h"

#define COUNT_MIN_S 1e8          /* 1973-03-03 */
#define COUNT_END_S 4102444800.0 /* 2100-01-01 */
#define MINUTE_MS 60000

struct scan {
    const char *at, *end;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* So many digits; -1 if they are not there. */
static int take_number(struct scan *s, int digits)
{
    int n = 0;
    if (s->end - s->at < digits)
        return -1;
    for (int i = 0; i < digits; i++, s->at++) {
        if (!is_digit(*s->at))
            return -1;
        n = n * 10 + (*s->at - '0');
    }
    return n;
}

static bool take_one_of(struct scan *s, const char *set)
{
    if (s->at == s->end)
        return false;
    for (; *set; set++) {
        if (*s->at == *set) {
            s->at++;
            return true;
        }
    }
    return false;
}

static bool take_date(struct scan *s, int64_t *days)
{
    int year = take_number(s, 4);
    if (!take_one_of(s, "-"))
        return false;
    int month = take_number(s, 2);
    if (!take_one_of(s, "-"))
        return false;
    int day = take_number(s, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 ||
        day > civil_month_days(year, month))
        return false;
    *days = civil_to_days(year, month, day);
    return true;
}

/* ".123456": the milliseconds of it. */
static bool take_fraction(struct scan *s, int *ms)
{
    int place = 100;
    *ms = 0;
    if (!take_one_of(s, ".,"))
        return true;
    const char *first = s->at;
    for (; s->at < s->end && is_digit(*s->at); s->at++, place /= 10)
        *ms += (*s->at - '0') * place;
    return s->at > first;
}

static bool take_time(struct scan *s, int64_t *ms)
{
    int hour = take_number(s, 2);
    if (!take_one_of(s, ":"))
        return false;
    int minute = take_number(s, 2), second = 0, fraction = 0;
    if (take_one_of(s, ":"))
        second = take_number(s, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
        second > 60 || !take_fraction(s, &fraction))
        return false;
    *ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000) + fraction;
    return true;
}

static bool take_offset(struct scan *s, int *minutes)
{
    *minutes = 0;
    if (take_one_of(s, "Zz"))
        return true;
    bool west = s->at < s->end && *s->at == '-';
    if (!take_one_of(s, "+-"))
        return false;
    int hour = take_number(s, 2), minute = 0;
    if (take_one_of(s, ":") || s->at < s->end)
        minute = take_number(s, 2);
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

enum err stamp_parse(const char *text, size_t n, int64_t *ms)
{
    struct scan s = {text, text + n};
    int64_t days = 0, time_ms = 0;
    int offset = 0;
    if (!take_date(&s, &days) || !take_one_of(&s, "Tt ") || !take_time(&s, &time_ms) ||
        !take_offset(&s, &offset) || s.at != s.end)
        return ERR_BAD_VALUE;
    *ms = days * CIVIL_DAY_S * 1000 + time_ms - (int64_t)offset * MINUTE_MS;
    return ERR_OK;
}

enum err stamp_scale(double count, enum stamp_unit unit, int64_t *ms, bool *fixed)
{
    double per_s = 1;
    for (int i = STAMP_S; i <= STAMP_US + 1; i++, per_s *= 1000) {
        if (!(count >= COUNT_MIN_S * per_s && count < COUNT_END_S * per_s))
            continue;
        /* 0.123 s is a little less as a double */
        *ms = (int64_t)(i == STAMP_S ? count * 1000 + 0.01 : count / (per_s / 1000));
        *fixed = i != (int)unit;
        return ERR_OK;
    }
    return ERR_OUT_OF_RANGE;
}
