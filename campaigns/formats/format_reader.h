/* format_reader.h: the events of one JSON value, one after the other. The value is an
 * event of any format, a batch of one, or an array of such. What is wrong with one is
 * said of that one, the others come all the same. Pure.
 *
 *     format_reader_init(&reader, root, &arena);
 *     while (format_reader_next(&reader, &event, &why))
 *         … why.code ? refused (why, reader.at) : taken (event) …
 *     format_reader_fini(&reader);
 */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_READER_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_READER_H

#include "campaigns/formats/format_reading.h"

struct format_reader {
    const struct json *at;       /* what the last step was about */
    const struct json *root;     /* **borrows** */
    struct arena *arena;         /* **borrows**: texts of the events */
    const struct json *value;    /* of the root array, or root */
    const struct json *item;     /* what comes next of the list in it, or NULL */
    const struct format *format; /* of the value */
    size_t value_index, item_index;
    bool started;
    struct json *decoded; /* **owns** */
};

void format_reader_init(struct format_reader *r, const struct json *root,
                        struct arena *a);
void format_reader_fini(struct format_reader *r);
/* False at the end. Else either an event that format_check_event() lets through, or
 * why->code with a pointer from the root; ERR_NOMEM is no fault of the event. Strings
 * of the event live until the next step. */
bool format_reader_next(struct format_reader *r, struct format_event *e,
                        struct err_detail *why);

#endif
