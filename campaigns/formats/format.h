/* format.h: event formats. A format is one file in formats/ and one line in
 * campaigns/formats.def; it turns one event of a JSON value into a canonical event
 * (FIELD §4). format_reader.h walks through values and batches. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_H

#include "core/base/err.h"
#include "core/base/json.h"

#define FORMAT_ID_MAX 100  /* characters of an event id */
#define FORMAT_TYPE_MAX 32 /* bytes of an event type, also of a custom one */
#define FORMAT_COUNT_MAX 1000000
#define FORMAT_VALUE_MAX_MICRO 1000000000000000 /* 1e9 of the currency */

/* Canonical event. Strings borrow the JSON value or the reader's arena, or are static.
 */
struct format_event {
    const char *id; /* event id, "" = none */
    int64_t ts_ms;  /* 0 = not given */
    const char *type, *campaign, *variant, *currency, *user, *impression;
    int64_t count;       /* 1.. */
    int64_t value_micro; /* 1e-6 of the currency */
    int64_t epoch;       /* -1 = not given */
    int64_t quantity;    /* pieces bought, put into a cart, given back; 0 = not given */
    const char *source;  /* name of the format */
    bool ts_fixed;       /* its time came in another unit than that of the format */
};

/* Fields of an event, in the order of the names that format_check_event() tells. */
enum format_field {
    FORMAT_CAMPAIGN,
    FORMAT_VARIANT,
    FORMAT_TYPE,
    FORMAT_COUNT,
    FORMAT_VALUE,
    FORMAT_CURRENCY,
    FORMAT_ID,
    FORMAT_TS,
    FORMAT_USER,
    FORMAT_EPOCH,
    FORMAT_IMPRESSION,
    FORMAT_QUANTITY,
    FORMAT_FIELD_COUNT,
};

struct format_reading;
struct format {
    const char *name, *meaning;
    const char *list; /* member that may hold many events ("batch"), or NULL */
    int list_max;     /* events in it; 0 = no limit but that of an entry */
    const char *home; /* member in which ids of ours are looked for first, or NULL */
    bool (*detect)(const struct json *j);
    /* Reads the event r->item into e, which is as format_event_init() leaves it.
     * Whatever holds of every event is checked by the caller. */
    enum err (*read)(struct format_reading *r, struct format_event *e);
};
const struct format *format_find(const char *name);
const struct format *format_at(size_t i); /* NULL past the end */
/* The first format that claims the value, or NULL. */
const struct format *format_of(const struct json *j);
/* Names, ranges and lengths that hold for every format; *bad (may be NULL) says of
 * which field, d->path is its long name as a member, "/campaign". Only a refund has a
 * negative value, a csat one of 1 to 5. */
enum err format_check_event(const struct format_event *e, enum format_field *bad,
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
