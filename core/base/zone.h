/* zone.h: a time zone, read from the bytes of a TZif file (RFC 9636): what local clocks
 * show at an instant, and which instants a local time stands for. Pure: zone_file.h
 * finds the bytes, nothing here asks for the zone of the process.
 *
 * Instants are Unix time in seconds. A *wall* time is what a local clock shows, counted
 * in seconds as if it were UTC; offset = wall - instant, positive east of Greenwich.
 * Leap seconds are not counted, as in POSIX: files of "right/" are refused.
 * The bytes may be hostile: whatever is accepted can be asked for any instant. */
#ifndef BARKER_CORE_BASE_ZONE_H
#define BARKER_CORE_BASE_ZONE_H

#include "core/base/err.h"
#include "core/base/zone_rule.h"
#include <stdbool.h>
#include <stdint.h>

#define ZONE_NAME_MAX_BYTES 64
#define ZONE_CHANGES_MAX 512 /* the longest of IANA's, Asia/Hebron, has 310 */
#define ZONE_MIN_S                                                                     \
    (-INT64_C(62135596800))              /* 0001-01-01; earlier changes are dropped    \
                                          */
#define ZONE_MAX_S INT64_C(253402300799) /* the end of the year 9999 */
#define ZONE_EDGE_S 172800               /* two days: more than any offset */

struct zone {
    int32_t first_offset_s; /* before the first change (RFC 9636 §3.2: type 0) */
    int count;
    int64_t change_s[ZONE_CHANGES_MAX]; /* ascending instants */
    int32_t offset_s[ZONE_CHANGES_MAX]; /* from change_s on */
    struct zone_rule rule;              /* from the last change on */
    bool has_rule;                      /* else the last offset lasts */
};

/* A time without a change; the next may have the same offset. */
struct zone_span {
    int64_t start_s, end_s; /* end_s is no part; INT64_MIN, INT64_MAX: without end */
    int32_t offset_s;
};

enum zone_wall { ZONE_WALL_ONCE, ZONE_WALL_SKIPPED, ZONE_WALL_TWICE };

/* The instants of a wall time. SKIPPED (a jump forward left it out): both are the
 * instant of the jump. TWICE (a jump back repeats it): the first and the last. */
struct zone_instants {
    enum zone_wall kind;
    int64_t first_s, last_s;
};

/* Letters, digits and _ + - in parts with / between, the first a capital letter, as all
 * names of IANA are: no path leads out of the folder, none to "right/" or "localtime".
 * Up to ZONE_NAME_MAX_BYTES. */
bool zone_name_is_valid(const char *name);

void zone_init_utc(struct zone *z);
/* Borrows the bytes only for the call; *z is of use after ERR_OK only. ERR_BAD_VALUE:
 * not TZif of version 2 or later, or damaged; ERR_NOT_SUPPORTED: leap seconds;
 * ERR_LIMIT: over ZONE_CHANGES_MAX. d->path is "". */
enum err zone_parse(const void *bytes, size_t n, struct zone *z,
                    struct err_detail *d) MUST_USE;

/* Instants outside ZONE_MIN_S to ZONE_MAX_S are taken for the nearer of these. */
struct zone_span zone_span_at(const struct zone *z, int64_t utc_s);
int32_t zone_offset_at(const struct zone *z, int64_t utc_s);
/* Wall times likewise, with two days less at both ends. */
struct zone_instants zone_from_wall(const struct zone *z, int64_t wall_s);

#endif
