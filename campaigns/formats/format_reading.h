/* format_reading.h: what the formats share when they read one event. Members are taken
 * by name; the first mistake stays in r->err with the JSON pointer of the member, and
 * what is taken after it does no harm, so a format looks once, at its end. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_READING_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_READING_H

#include "campaigns/checks/pointer.h"
#include "campaigns/formats/format.h"
#include "core/base/arena.h"
#include "core/base/stamp.h"

struct format_reading {
    const struct json *root; /* all that came */
    const struct json *body; /* the value that the format claimed */
    const struct json *item; /* one event of its list, or body */
    size_t index;            /* of the item in the list */
    struct pointer at;       /* of the item, from root */
    struct arena *arena;     /* **borrows**: texts that are made while reading */
    struct json *decoded;    /* **owns**: a tree that stood in the item as text … */
    const char *decoded_in;  /* … in this member */
    bool ignored;            /* the item is no event, and none of our business */
    enum err err;
    struct err_detail *d;
    struct format_event *event;
    const struct json *from[FORMAT_FIELD_COUNT]; /* the members that gave the fields */
};

/* The first mistake counts. at: the member to blame; in the second form the member of
 * an object by name, which need not be there. Both return r->err. */
enum err reading_refuse(struct format_reading *r, const struct json *at, enum err code,
                        const char *message);
enum err reading_refuse_member(struct format_reading *r, const struct json *object,
                               const char *name, enum err code, const char *message);
/* A string, or a whole number as text; "" if absent, null or, in the second form, of
 * another type (which the first refuses). */
const char *reading_text(struct format_reading *r, const struct json *j);
const char *reading_soft_text(struct format_reading *r, const struct json *j);

/* Sets a field unless it is set already; nothing happens if the member is absent, null
 * or an empty string. Currencies become capitals. */
void reading_take(struct format_reading *r, enum format_field f, const struct json *j);
void reading_take_member(struct format_reading *r, enum format_field f,
                         const struct json *object, const char *name);
/* The time: RFC 3339, or a number (also as text) of this unit. */
void reading_take_stamp(struct format_reading *r, const struct json *j,
                        enum stamp_unit unit);
/* Pieces: the sum of a whole number in each object of an array (1 where it is absent);
 * or one number. What is no whole number from 1 on is left out: nothing hangs on it. */
void reading_take_pieces(struct format_reading *r, const struct json *array,
                         const char *name);
void reading_take_quantity(struct format_reading *r, const struct json *number);
/* An id made of texts, none of which can run into the next. Nothing if one is empty. */
void reading_take_id(struct format_reading *r, const char *const *parts, size_t count,
                     const struct json *from);

#endif
