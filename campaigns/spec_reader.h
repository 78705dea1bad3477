/* spec_reader.h: reading a JSON object by a table of fields. Internal to spec_*.c.
 * Unknown members are refused with their pointer; every row knows its own check. */
#ifndef BARKER_CAMPAIGNS_SPEC_READER_H
#define BARKER_CAMPAIGNS_SPEC_READER_H

#include "campaigns/spec.h"

struct spec_reader {
    struct spec *spec;   /* borrows */
    struct arena *arena; /* borrows */
    const struct channel_set *channels;
    struct err_detail *d; /* the first error */
    struct spec_errors
        *all;       /* each member with an error; NULL: the first one ends it */
    char path[160]; /* pointer of the object being read */
    bool approval_given;
};

struct spec_row {
    const char *name;
    enum err (*read)(struct spec_reader *r, const struct json *value, const char *path);
};

/* Reads every member of object through rows (ended by a NULL name). */
enum err spec_read_object(struct spec_reader *r, const struct json *object,
                          const char *path, const struct spec_row *rows) MUST_USE;
/* Where all errors are wanted: keeps this one (in d) and goes on. */
enum err spec_note(struct spec_reader *r, enum err e) MUST_USE;
/* Typed values with their range; path is for the error. */
enum err spec_read_text(struct spec_reader *r, const struct json *j, const char *path,
                        size_t max_characters, const char **out) MUST_USE;
enum err spec_read_id(struct spec_reader *r, const struct json *j, const char *path,
                      char *out, size_t size) MUST_USE;
enum err spec_read_int(struct spec_reader *r, const struct json *j, const char *path,
                       int64_t lo, int64_t hi, int64_t *out) MUST_USE;
enum err spec_read_num(struct spec_reader *r, const struct json *j, const char *path,
                       double lo, double hi, double *out) MUST_USE;
enum err spec_read_bool(struct spec_reader *r, const struct json *j, const char *path,
                        bool *out) MUST_USE;
enum err spec_read_texts(struct spec_reader *r, const struct json *j, const char *path,
                         const char **out, int max, int *count) MUST_USE;
/* path + "/" + key, escaped by RFC 6901, into out. */
void spec_pointer(char *out, size_t size, const char *path, const char *key);
void spec_pointer_at(char *out, size_t size, const char *path, int index);
void spec_warn(struct spec *s, const char *path, const char *message);

/* spec_brand.c */
enum err spec_read_brand(struct spec_reader *r, const struct json *j, const char *path);

/* spec_ranking.c */
enum err spec_read_ranking(struct spec_reader *r, const struct json *j,
                           const char *path);

/* spec_repeat.c */
enum err spec_read_repeat(struct spec_reader *r, const struct json *j,
                          const char *path);
enum err spec_check_repeat(struct spec_reader *r) MUST_USE; /* with its id */

/* spec_places.c: channels, segments, locales and controls become placements. */
enum err spec_read_channel(struct spec_reader *r, const struct json *j,
                           const char *path);
enum err spec_read_segments(struct spec_reader *r, const struct json *j,
                            const char *path);
enum err spec_read_locale(struct spec_reader *r, const struct json *j,
                          const char *path);
enum err spec_make_placements(struct spec_reader *r) MUST_USE;
enum err spec_read_controls(struct spec_reader *r, const struct json *j) MUST_USE;

#endif
