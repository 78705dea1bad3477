/* reply.h: a Redis reply as core/io hands it out. **Borrowed**: lives until the
 * callback returns. Wraps hiredis' redisReply so that nobody else includes hiredis. */
#ifndef BARKER_CORE_IO_REPLY_H
#define BARKER_CORE_IO_REPLY_H

#include <stddef.h>
#include <stdint.h>

struct reply;
enum reply_type {
    REPLY_NIL,
    REPLY_INT,
    REPLY_STR,
    REPLY_ARRAY,
    REPLY_ERROR,
    REPLY_STATUS
};

enum reply_type reply_type(const struct reply *r); /* NULL = REPLY_NIL */
/* Text of STR, STATUS, ERROR; "" for others. NUL-terminated; bytes may contain NUL. */
const char *reply_str(const struct reply *r, size_t *len);
int64_t reply_int(const struct reply *r);  /* INT, or a STR that is a number; else 0 */
size_t reply_count(const struct reply *r); /* ARRAY; else 0 */
const struct reply *reply_at(const struct reply *r, size_t i); /* or NULL */
/* Value after `key` in a flat [key, value, …] array, or NULL. */
const struct reply *reply_get(const struct reply *r, const char *key);

#endif
