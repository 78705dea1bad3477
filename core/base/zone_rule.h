/* zone_rule.h: the rule for all years to come in the footer of a TZif file: a TZ string
 * of POSIX (IEEE Std 1003.1, "Environment variables"), with the hours from -167 to 167
 * of RFC 9636 §3.3.1. "CET-1CEST,M3.5.0,M10.5.0/3": standard time, summer time (which
 * may be the earlier one, as in Ireland), when the latter begins and ends. */
#ifndef BARKER_CORE_BASE_ZONE_RULE_H
#define BARKER_CORE_BASE_ZONE_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9636 §3.2: what an offset should be within. */
#define ZONE_OFFSET_MIN_S (-89999)
#define ZONE_OFFSET_MAX_S 93599

enum zone_day {
    ZONE_DAY_JULIAN, /* Jn: 1 to 365, 29 February is never counted */
    ZONE_DAY_YEAR,   /* n: 0 to 365, 29 February is counted */
    ZONE_DAY_MONTH   /* Mm.w.d: weekday d of week w of month m, w 5 = the last */
};

struct zone_change {
    enum zone_day kind;
    int16_t day; /* n of Jn and n; d of Mm.w.d, 0 = Sunday */
    int8_t week, month;
    int32_t time_s; /* after the midnight that begins the day; may be negative */
};

struct zone_rule {
    int32_t standard_s, summer_s; /* offsets, positive east */
    bool has_summer;
    struct zone_change begins, ends; /* in wall time of before the change */
};

/* The whole text must be a rule. */
bool zone_rule_parse(const char *text, size_t n, struct zone_rule *r);

/* The time without a change around an instant of the years 1 to 9999: from *start_s to
 * before *end_s, INT64_MIN and INT64_MAX without summer time. Returns its offset. */
int32_t zone_rule_span(const struct zone_rule *r, int64_t utc_s, int64_t *start_s,
                       int64_t *end_s);

#endif
