/* user_fields.h: where events of any format name a person. By the names of members, at
 * any depth: also an event that no format reads may hold them. Pure. */
#ifndef BARKER_WORKERS_USERS_USER_FIELDS_H
#define BARKER_WORKERS_USERS_USER_FIELDS_H

#include "core/base/json.h"

/* What stands in place of a value that was taken out. */
#define USER_FIELDS_BLANK "[user]"

/* "u", "userId", "user_data", "email" …: case, '_', '-' and '$' do not matter. */
bool user_fields_is(const char *name, size_t n);
/* True if a member of that sort, or anything inside one, is this text. */
bool user_fields_hold(const struct json *j, const char *user);
/* True if there is a member of that sort with anything in it. */
bool user_fields_any(const struct json *j);
/* As json_print(), texts and numbers of such members replaced. */
enum err user_fields_print(const struct json *j, struct buf *out);

#endif
