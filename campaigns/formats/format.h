/* format.h: event formats. A format is one file in formats/ and one line in
 * campaigns/formats.def; it turns one JSON value into canonical events (FIELD §4). Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_H

#include "core/base/err.h"
#include "core/base/json.h"

#define FORMAT_EVENTS_MAX 25 /* of one JSON value (GA4 allows 25) */

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
    enum err (*read)(const struct json *j, struct format_event *out, int max, int *count,
                     struct err_detail *d);
};
const struct format *format_find(const char *name);
const struct format *format_at(size_t i); /* NULL past the end */
/* The first format that claims the value; ERR_BAD_VALUE if none does. */
enum err format_read(const struct json *j, struct format_event *out, int max, int *count,
                     struct err_detail *d) MUST_USE;
/* Names, ranges and lengths that hold for every format. */
enum err format_check_event(const struct format_event *e, struct err_detail *d) MUST_USE;

#endif
