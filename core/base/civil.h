/* civil.h: dates of the Gregorian calendar as day numbers; day 0 is 1970-01-01, and
 * days before it are negative. For years from CIVIL_YEAR_MIN to CIVIL_YEAR_MAX. Pure.
 */
#ifndef BARKER_CORE_BASE_CIVIL_H
#define BARKER_CORE_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CIVIL_YEAR_MIN (-300)
#define CIVIL_YEAR_MAX 20000
#define CIVIL_DAY_S 86400

struct civil {
    int year, month, day; /* month from 1, day from 1 */
};

int64_t civil_to_days(int year, int month, int day);
struct civil civil_from_days(int64_t days);
bool civil_is_leap(int year);
int civil_month_days(int year, int month); /* 28 to 31 */
int civil_weekday(int64_t days);           /* 0 = Sunday … 6 = Saturday */

/* a / b rounded down, also below zero; b > 0. */
int64_t civil_floor_div(int64_t a, int64_t b);

#endif
