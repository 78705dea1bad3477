/* json_skip.h: stepping over JSON text. Internal to core/base: json_scan.c,
 * json_members.c. What is skipped is checked only as far as the grammar needs. */
#ifndef BARKER_CORE_BASE_JSON_SKIP_H
#define BARKER_CORE_BASE_JSON_SKIP_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stddef.h>

struct json_cursor {
    const char *at, *end; /* borrows */
};

static inline void json_skip_space(struct json_cursor *c)
{
    while (c->at < c->end && *c->at <= ' ' &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r'))
        c->at++;
}

static inline bool json_next_is(struct json_cursor *c, char wanted)
{
    json_skip_space(c);
    return c->at < c->end && *c->at == wanted;
}

static bool json_skip_char(struct json_cursor *c, char wanted)
{
    bool found = json_next_is(c, wanted);
    c->at += found;
    return found;
}

/* One value, without recursion. ERR_BAD_JSON, ERR_LIMIT: too deep. */
enum err json_skip_value(struct json_cursor *c) MUST_USE;
enum err json_skip_scalar(struct json_cursor *c) MUST_USE;
/* A key and its colon. */
enum err json_skip_key(struct json_cursor *c) MUST_USE;
/* The same; says whether it is name[0, n) once decoded. */
enum err json_match_key(struct json_cursor *c, const char *name, size_t n,
                        bool *same) MUST_USE;
/* The digits of an array index; 9 are more than any text here has items. */
bool json_parse_index(const char *s, size_t n, size_t *index);

#endif
