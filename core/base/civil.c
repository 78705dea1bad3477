/* civil.c: see civil.h. */
#include "core/base/civil.h"

/* Years are counted from -399, the first of a cycle of 400 years: whatever is divided
 * is then positive, and the leap years of the cycle stand at its ends. */
#define YEAR_BASE (-399)
#define DAYS_TO_1970                                                                   \
    865259 /* from -399-01-01: 400 years, and 719162 days from 0001                    \
            */
#define CYCLE_YEARS 400
#define CYCLE_DAYS 146097

int64_t civil_floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

bool civil_is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int civil_month_days(int year, int month)
{
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && civil_is_leap(year));
}

/* Days from -399-01-01 to the first of January of the year. */
static int64_t days_before_year(int year)
{
    int64_t n = (int64_t)year - YEAR_BASE;
    return 365 * n + n / 4 - n / 100 + n / CYCLE_YEARS - DAYS_TO_1970;
}

int64_t civil_to_days(int year, int month, int day)
{
    int64_t days = days_before_year(year) + day - 1;
    for (int m = 1; m < month; m++)
        days += civil_month_days(year, m);
    return days;
}

struct civil civil_from_days(int64_t days)
{
    /* By the mean length of a year: right, or up to two too late. */
    int year = (int)((days + DAYS_TO_1970) * CYCLE_YEARS / CYCLE_DAYS) + YEAR_BASE + 1;
    while (days_before_year(year) > days)
        year--;
    int day = (int)(days - days_before_year(year)), month = 1;
    for (; day >= civil_month_days(year, month); month++)
        day -= civil_month_days(year, month);
    return (struct civil){year, month, day + 1};
}

int civil_weekday(int64_t days)
{
    const int64_t thursday = 4; /* 1970-01-01 */
    int64_t n = days + thursday;
    return (int)(n - 7 * civil_floor_div(n, 7));
}
