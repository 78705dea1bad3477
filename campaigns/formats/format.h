/* format.h: event formats. A format is one file in formats/ and one line in
 * campaigns/formats.def; it turns one JSON value into canonical events (FIELD §4).
 * Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_H

#include "core/base/err.h"
#include "core/base/json.h"

#define FORMAT_EVENTS_MAX 25 /* of one JSON value (GA4 allows 25) */
#define FORMAT_ID_MAX 100    /* characters of an event id */
#define FORMAT_TYPE_MAX 32   /* bytes of an event type, also of a custom one */
#define FORMAT_COUNT_MAX 1000000
#define FORMAT_VALUE_MAX_MICRO 1000000000000000 /* 1e9 of the currency */

/* Canonical event. Strings borrow the JSON value or are static. */
struct format_event {
    const char *id; /* event id, "" = none */
    int64_t ts_ms;  /* 0 = not given */
    const char *type, *campaign, *variant, *currency, *user, *impression;
    int64_t count;       /* 1.. */
    int64_t value_micro; /* 1e-6 of the currency */
    int64_t epoch;       /* -1 = not given */
};

struct format {
    const char *name, *meaning;
    bool (*detect)(const struct json *j);
    /* Fills at most max events; *count says how many. */
    enum err (*read)(const struct json *j, struct format_event *out, int max,
                     int *count, struct err_detail *d);
};
const struct format *format_find(const char *name);
const struct format *format_at(size_t i); /* NULL past the end */
/* The first format that claims the value; ERR_BAD_VALUE if none does. */
enum err format_read(const struct json *j, struct format_event *out, int max,
                     int *count, struct err_detail *d) MUST_USE;
/* Names, ranges and lengths that hold for every format; d->path is the long name of the
 * member, "/campaign". Only a refund has a negative value, a csat one of 1 to 5. */
enum err format_check_event(const struct format_event *e,
                            struct err_detail *d) MUST_USE;
void format_event_init(struct format_event *e); /* nothing given, count 1 */

/* A plain event as name, text pairs (the fields of a stream entry). Here an unknown
 * name is refused; in a JSON event it is ignored. The event borrows the texts. */
struct format_pair {
    const char *name, *text; /* both end in a NUL that the lengths do not count */
    size_t name_len, text_len;
};
enum err format_read_pairs(const struct format_pair *pairs, size_t count,
                           struct format_event *out, struct err_detail *d) MUST_USE;

#endif
