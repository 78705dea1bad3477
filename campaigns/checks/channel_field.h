/* channel_field.h: reading one field of a channel table. Internal to channel*.c. */
#ifndef BARKER_CAMPAIGNS_CHECKS_CHANNEL_FIELD_H
#define BARKER_CAMPAIGNS_CHECKS_CHANNEL_FIELD_H

#include "campaigns/checks/channel.h"

#define CHANNEL_PATH_BYTES 128

/* path is the JSON pointer of j. Strings are borrowed from j. */
enum err channel_field_read(const struct json *j, struct channel_field *f,
                            const char *path, struct err_detail *d) MUST_USE;

/* Readers of single members; path is the pointer of the object that holds j. */
enum err channel_read_number(const struct json *j, int64_t *out, const char *path,
                             struct err_detail *d) MUST_USE;
enum err channel_read_flag(const struct json *j, bool *out, const char *path,
                           struct err_detail *d) MUST_USE;
enum err channel_read_text(const struct json *j, const char **out, const char *path,
                           struct err_detail *d) MUST_USE;
/* [A-Za-z0-9._-], less than room bytes: names go into messages and Redis keys. */
enum err channel_read_name(const struct json *j, size_t room, const char **out,
                           const char *path, struct err_detail *d) MUST_USE;
enum err channel_read_refuse(struct err_detail *d, enum err code, const char *path,
                             const char *key, const char *why);

#endif
