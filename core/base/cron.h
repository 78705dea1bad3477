/* cron.h: when a campaign repeats: five fields as in Debian's crontab(5), in a time
 * zone.
 *
 * "minute hour day-of-month month day-of-week", spaces or tabs between. A field is a
 * list of *, n or n-m, with /step behind * and n-m. Months and days of the week have
 * names of three letters (JAN, mon); 0 and 7 are Sunday, and so is SUN at the end of a
 * range (SAT-SUN). If neither day field begins with *, a day that fits either of them
 * counts, else it must fit both. Short forms: @yearly @annually @monthly @weekly @daily
 * @midnight
 * @hourly.
 *
 * When the clocks change by less than three hours (cron(8) of Debian, "Special
 * considerations"): a wall time that is left out fires at the instant of the jump, all
 * of them once; a wall time that comes twice fires the first time only. That is so for
 * jobs at a time of day; where the minute or the hour field begins with *, and for
 * @hourly, real time counts: what is left out does not fire, what comes twice fires
 * twice. It counts for all jobs at a change of three hours or more: a day that an
 * island leaves out (Apia, 30 December 2011) has no jobs. */
#ifndef BARKER_CORE_BASE_CRON_H
#define BARKER_CORE_BASE_CRON_H

#include "core/base/err.h"
#include "core/base/zone.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRON_MAX_BYTES 256

/* Bit n stands for the value n. */
struct cron {
    uint64_t minutes;
    uint32_t hours, days, months, weekdays; /* weekdays: 0 = Sunday … 6 */
    bool either_day;                        /* days or weekdays, not both */
    bool real_time;                         /* minute or hour begins with * */
};

/* ERR_BAD_VALUE, ERR_OUT_OF_RANGE or ERR_LIMIT, with field and byte in d->message and
 * "" in d->path. Days that no month has (30 February) are refused. */
enum err cron_parse(const char *text, size_t n, struct cron *c,
                    struct err_detail *d) MUST_USE;

/* The first instant after after_ms, in Unix ms. -1: none in the 41 years from there, or
 * up to ZONE_MAX_S; or after_ms is below 0. The rarest date, 29 February on a given
 * weekday, comes within 40 years; what never comes is a job of each quarter of just
 * the hour that clocks leave out. Some microseconds, a millisecond for the rarest. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t after_ms);

#endif
