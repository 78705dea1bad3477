/* json_scan.h: finds values in JSON text without building a tree (hot path of LLM
 * replies; a cJSON tree costs 56k instructions more per reply, measured).
 * The text is checked only as far as it is walked. */
#ifndef BARKER_CORE_BASE_JSON_SCAN_H
#define BARKER_CORE_BASE_JSON_SCAN_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include <stdint.h>

struct json_span {
    const char *at; /* borrows the text; strings include their quotes */
    size_t len;
};

/* The value at a dotted path, numbers index arrays: "choices.0.message.content".
 * ERR_NOT_FOUND if absent, ERR_BAD_JSON if the text breaks on the way (or is cut). */
enum err json_scan_path(const char *text, size_t n, const char *path,
                        struct json_span *out) MUST_USE;
/* Decodes a string span (escapes, surrogate pairs) and appends UTF-8 to out. */
enum err json_scan_string(const struct json_span *s, struct buf *out) MUST_USE;
enum err json_scan_int(const struct json_span *s, int64_t *out) MUST_USE;

#endif
