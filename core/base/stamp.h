/* stamp.h: instants of time as other programs write them. Pure. */
#ifndef BARKER_CORE_BASE_STAMP_H
#define BARKER_CORE_BASE_STAMP_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum stamp_unit { STAMP_S, STAMP_MS, STAMP_US };

/* RFC 3339 to milliseconds since 1970; what lies below a millisecond is cut. Taken too,
 * as ISO 8601 has it: offsets as +02 and +0200, a comma, a blank in place of the T. A
 * second 60 is the one after. ERR_BAD_VALUE: it is none, or tells no offset. */
enum err stamp_parse(const char *text, size_t n, int64_t *ms) MUST_USE;
/* A count of units since 1970. Seconds, milli-, micro- and nanoseconds of the years
 * 1973 to 2099 are numbers of different sizes: one of another unit is understood, and
 * *fixed says so. ERR_OUT_OF_RANGE: it is none of them. */
enum err stamp_scale(double count, enum stamp_unit unit, int64_t *ms,
                     bool *fixed) MUST_USE;

#endif
