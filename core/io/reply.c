/* reply.c: struct reply is hiredis' redisReply by another name. */
#include "core/io/reply.h"
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const redisReply *inner(const struct reply *r)
{
    return (const redisReply *)(const void *)r;
}

enum reply_type reply_type(const struct reply *r)
{
    if (!r) {
        return REPLY_NIL;
    }
    switch (inner(r)->type) {
    case REDIS_REPLY_STRING:
        return REPLY_STR;
    case REDIS_REPLY_ARRAY:
        return REPLY_ARRAY;
    case REDIS_REPLY_INTEGER:
        return REPLY_INT;
    case REDIS_REPLY_STATUS:
        return REPLY_STATUS;
    case REDIS_REPLY_ERROR:
        return REPLY_ERROR;
    default:
        return REPLY_NIL;
    }
}

const char *reply_str(const struct reply *r, size_t *len)
{
    enum reply_type type = reply_type(r);
    bool text = type == REPLY_STR || type == REPLY_STATUS || type == REPLY_ERROR;
    if (len) {
        *len = text ? (size_t)inner(r)->len : 0;
    }
    return text ? inner(r)->str : "";
}

int64_t reply_int(const struct reply *r)
{
    enum reply_type type = reply_type(r);
    if (type == REPLY_INT) {
        return inner(r)->integer;
    }
    if (type != REPLY_STR || inner(r)->len == 0) {
        return 0;
    }
    char *end = NULL;
    errno = 0;
    long long value = strtoll(inner(r)->str, &end, 10);
    bool whole = errno == 0 && end == inner(r)->str + inner(r)->len;
    return whole ? value : 0;
}

size_t reply_count(const struct reply *r)
{
    return reply_type(r) == REPLY_ARRAY ? inner(r)->elements : 0;
}

const struct reply *reply_at(const struct reply *r, size_t i)
{
    if (i >= reply_count(r)) {
        return NULL;
    }
    return (const struct reply *)(const void *)inner(r)->element[i];
}

const struct reply *reply_get(const struct reply *r, const char *key)
{
    size_t key_len = strlen(key);
    for (size_t i = 0; i + 1 < reply_count(r); i += 2) {
        size_t len = 0;
        const char *name = reply_str(reply_at(r, i), &len);
        if (len == key_len && memcmp(name, key, len) == 0) {
            return reply_at(r, i + 1);
        }
    }
    return NULL;
}
