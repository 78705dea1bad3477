/* json_scan.h: finds values in JSON text without building a tree (hot path of LLM
 * replies; a cJSON tree costs 56k instructions more per reply, measured).
 * The text is checked only as far as it is walked. */
#ifndef BARKER_CORE_BASE_JSON_SCAN_H
#define BARKER_CORE_BASE_JSON_SCAN_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct json_span {
    const char *at; /* borrows the text; strings include their quotes */
    size_t len;
};

/* The value at a dotted path, numbers index arrays: "choices.0.message.content".
 * ERR_NOT_FOUND if absent, ERR_BAD_JSON if the text breaks on the way (or is cut). */
enum err json_scan_path(const char *text, size_t n, const char *path,
                        struct json_span *out) MUST_USE;
/* From one item of an array to the next; *item is moved. in: the text around it.
 * ERR_NOT_FOUND: it was the last one. */
enum err json_scan_next(const struct json_span *in, struct json_span *item) MUST_USE;
/* One of the members looked for; value.at NULL: it is not there. */
struct json_member {
    const char *name; /* of an item of an array: its number, "0" */
    /* members of it that are looked for as well, in the same walk; NULL: none */
    struct json_member *inside;
    size_t inside_count;
    struct json_span value;
    bool whole; /* its end was seen */
};
#define JSON_MEMBERS_DEPTH_MAX 8 /* levels of `inside` */
/* Walks the object once and fills in the members of these names, the first of each.
 * ERR_OK: it is whole. ERR_NOT_FOUND: no object. ERR_BAD_JSON, ERR_LIMIT: it breaks on
 * the way; what came before is filled in, and of a member that breaks the rest. */
enum err json_scan_members(const struct json_span *in, struct json_member *members,
                           size_t count) MUST_USE;
/* Decodes a string span (escapes, surrogate pairs) and appends UTF-8 to out. An escape
 * that stands for no text (\u0000, half a surrogate pair) becomes U+FFFD: models write
 * such things, and what was paid for is worth a look. */
enum err json_scan_string(const struct json_span *s, struct buf *out) MUST_USE;
enum err json_scan_int(const struct json_span *s, int64_t *out) MUST_USE;

#endif
