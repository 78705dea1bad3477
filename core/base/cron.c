/* cron.c: the next instant; see cron.h. cron_parse.c reads the text. */
#include "core/base/cron.h"
#include "core/base/civil.h"

#define HOUR_MINUTES 60
#define DAY_HOURS 24
#define DAY_MINUTES 1440
#define JUMP_S 10800          /* clocks that change by so much are set, not shifted */
#define YEARS 41              /* 29 February on a given weekday: up to 40 */
#define NEVER (INT64_MAX / 2) /* after all times */

static bool has(uint64_t mask, int n)
{
    return mask >> n & 1;
}

/* The first minute of a day, from this one on; -1: none. */
static int find_minute(const struct cron *c, int from)
{
    for (int hour = from / HOUR_MINUTES; hour < DAY_HOURS; hour++) {
        int first = from > hour * HOUR_MINUTES ? from % HOUR_MINUTES : 0;
        uint64_t left = c->minutes >> first;
        if (has(c->hours, hour) && left)
            return hour * HOUR_MINUTES + first + __builtin_ctzll(left);
    }
    return -1;
}

static bool is_day(const struct cron *c, int day, int weekday)
{
    bool of_month = has(c->days, day), of_week = has(c->weekdays, weekday);
    return c->either_day ? of_month || of_week : of_month && of_week;
}

/* The first day from this one on, NEVER: none in 41 years. */
static int64_t find_day(const struct cron *c, int64_t from)
{
    struct civil date = civil_from_days(from);
    int64_t first = from - (date.day - 1); /* of the month */
    for (int months = 0; months < YEARS * 12; months++) {
        int length = civil_month_days(date.year, date.month);
        int weekday = civil_weekday(first);
        for (int day = date.day; has(c->months, date.month) && day <= length; day++)
            if (is_day(c, day, (weekday + day - 1) % 7))
                return first + day - 1;
        first += length;
        date = (struct civil){date.year + date.month / 12, date.month % 12 + 1, 1};
    }
    return NEVER;
}

/* The first wall time from this one on, or NEVER. */
static int64_t find_wall(const struct cron *c, int64_t from_s)
{
    int64_t minutes = civil_floor_div(from_s + 59, 60);
    int64_t day = civil_floor_div(minutes, DAY_MINUTES);
    int minute = find_minute(c, (int)(minutes - day * DAY_MINUTES));
    int64_t found = find_day(c, minute < 0 ? day + 1 : day);
    if (found != day)
        minute = find_minute(c, 0);
    return found == NEVER ? NEVER : found * CIVIL_DAY_S + (int64_t)minute * 60;
}

/* From where on the clocks of a span show what they have not shown before. */
static int64_t first_new_wall(const struct zone *z, const struct zone_span *span)
{
    if (span->start_s == INT64_MIN)
        return INT64_MIN;
    int32_t before_s = zone_offset_at(z, span->start_s - 1);
    bool is_back = before_s > span->offset_s && before_s - span->offset_s < JUMP_S;
    return is_back ? span->start_s + before_s : INT64_MIN;
}

/* Is it left out by the jump from the one span to the next? */
static bool is_skipped(int64_t wall_s, const struct zone_span *span,
                       const struct zone_span *next)
{
    return wall_s < next->start_s + next->offset_s &&
           next->offset_s - span->offset_s < JUMP_S;
}

/* Goes from span to span: at most some eighty, two a year. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_ms)
{
    int64_t after_s = after_ms / 1000, from_s = after_s + 1;
    int64_t limit_s = after_s + INT64_C(366) * YEARS * CIVIL_DAY_S;
    if (after_ms < 0 || after_s > ZONE_MAX_S)
        return -1;
    if (limit_s > ZONE_MAX_S)
        limit_s = ZONE_MAX_S;
    struct zone_span span = zone_span_at(z, after_s);
    for (;;) {
        int64_t first_s = c->real_time ? INT64_MIN : first_new_wall(z, &span);
        int64_t wall_s = from_s + span.offset_s;
        wall_s = find_wall(c, wall_s > first_s ? wall_s : first_s);
        int64_t at_s = wall_s - span.offset_s;
        if (at_s > limit_s)
            return -1;
        if (at_s < span.end_s)
            return at_s * 1000;
        struct zone_span next = zone_span_at(z, span.end_s);
        if (!c->real_time && is_skipped(wall_s, &span, &next))
            return next.start_s * 1000;
        from_s = next.start_s;
        span = next;
    }
}
