/* zone_rule.c: see zone_rule.h. */
#include "core/base/zone_rule.h"
#include "core/base/civil.h"
#include <string.h>

struct reader {
    const char *at, *end;
};

static bool take(struct reader *r, char c)
{
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

static bool is_digit(const struct reader *r)
{
    return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static bool take_number(struct reader *r, int min, int max, int *out)
{
    int n = 0;
    if (!is_digit(r))
        return false;
    for (; is_digit(r) && n <= max; r->at++)
        n = 10 * n + (*r->at - '0');
    *out = n;
    return n >= min && n <= max;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* "CET", "<+0330>": three characters or more, of no use here. */
static bool skip_name(struct reader *r)
{
    bool quoted = take(r, '<');
    const char *start = r->at;
    while (r->at < r->end &&
           (is_letter(*r->at) ||
            (quoted && (is_digit(r) || *r->at == '+' || *r->at == '-'))))
        r->at++;
    return r->at - start >= 3 && (!quoted || take(r, '>'));
}

/* [+-]h[h[h]][:mm[:ss]] */
static bool take_time(struct reader *r, int hours_max, int32_t *out)
{
    int hours, minutes = 0, seconds = 0;
    bool negative = take(r, '-');
    if (!negative)
        (void)take(r, '+');
    if (!take_number(r, 0, hours_max, &hours) ||
        (take(r, ':') && (!take_number(r, 0, 59, &minutes) ||
                          (take(r, ':') && !take_number(r, 0, 59, &seconds)))))
        return false;
    int32_t s = hours * 3600 + minutes * 60 + seconds;
    *out = negative ? -s : s;
    return true;
}

/* POSIX counts west of Greenwich. */
static bool take_offset(struct reader *r, int32_t *east_s)
{
    int32_t west_s;
    if (!take_time(r, 24, &west_s))
        return false;
    *east_s = -west_s;
    return *east_s >= ZONE_OFFSET_MIN_S && *east_s <= ZONE_OFFSET_MAX_S;
}

static bool take_day(struct reader *r, struct zone_change *c)
{
    int day = 0, week = 0, month = 0;
    bool good;
    if (take(r, 'M')) {
        c->kind = ZONE_DAY_MONTH;
        good = take_number(r, 1, 12, &month) && take(r, '.') &&
               take_number(r, 1, 5, &week) && take(r, '.') &&
               take_number(r, 0, 6, &day);
    } else if (take(r, 'J')) {
        c->kind = ZONE_DAY_JULIAN;
        good = take_number(r, 1, 365, &day);
    } else {
        c->kind = ZONE_DAY_YEAR;
        good = take_number(r, 0, 365, &day);
    }
    c->day = (int16_t)day;
    c->week = (int8_t)week;
    c->month = (int8_t)month;
    return good;
}

static bool take_change(struct reader *r, struct zone_change *c)
{
    c->time_s = 2 * 3600;
    return take(r, ',') && take_day(r, c) &&
           (!take(r, '/') || take_time(r, 167, &c->time_s));
}

bool zone_rule_parse(const char *text, size_t n, struct zone_rule *rule)
{
    struct reader r = {text, text + n};
    memset(rule, 0, sizeof *rule);
    if (!skip_name(&r) || !take_offset(&r, &rule->standard_s))
        return false;
    if (r.at == r.end)
        return true;
    rule->has_summer = true;
    rule->summer_s = rule->standard_s + 3600;
    if (!skip_name(&r) ||
        (r.at < r.end && *r.at != ',' && !take_offset(&r, &rule->summer_s)))
        return false;
    return take_change(&r, &rule->begins) && take_change(&r, &rule->ends) &&
           r.at == r.end;
}

static int64_t day_of_month_rule(const struct zone_change *c, int year)
{
    int64_t first = civil_to_days(year, c->month, 1);
    int day = (c->day - civil_weekday(first) + 7) % 7 + 7 * (c->week - 1);
    while (day >= civil_month_days(year, c->month))
        day -= 7; /* week 5 of a month that has four such weekdays */
    return first + day;
}

static int64_t day_of(const struct zone_change *c, int year)
{
    const int march = 59; /* days before 1 March of a common year */
    if (c->kind == ZONE_DAY_MONTH)
        return day_of_month_rule(c, year);
    int64_t day = c->day;
    if (c->kind == ZONE_DAY_JULIAN)
        day += (civil_is_leap(year) && day > march) - 1;
    return civil_to_days(year, 1, 1) + day;
}

static int64_t change_at(const struct zone_change *c, int year, int32_t before_s)
{
    return day_of(c, year) * CIVIL_DAY_S + c->time_s - before_s;
}

/* Changes of one instant count in this order, so that summer time all year round
 * ("EST5EDT,0/0,J365/25": it ends as it begins) never ends, and one that ends as soon
 * as it has begun never begins. */
int32_t zone_rule_span(const struct zone_rule *r, int64_t utc_s, int64_t *start_s,
                       int64_t *end_s)
{
    int32_t offset_s = r->standard_s;
    *start_s = INT64_MIN;
    *end_s = INT64_MAX;
    if (!r->has_summer)
        return offset_s;
    int now = civil_from_days(civil_floor_div(utc_s, CIVIL_DAY_S)).year;
    /* An hour of 167, a day 365 of a common year: a change may lie in the next year or
     * in the one before, and the one before it a year from there. */
    for (int i = 0; i < 10; i++) {
        int year = now - 2 + i / 2;
        bool begins = i % 2 == 0;
        int64_t at = begins ? change_at(&r->begins, year, r->standard_s)
                            : change_at(&r->ends, year, r->summer_s);
        if (at <= utc_s && at >= *start_s) {
            *start_s = at;
            offset_s = begins ? r->summer_s : r->standard_s;
        } else if (at > utc_s && at < *end_s) {
            *end_s = at;
        }
    }
    return offset_s;
}
