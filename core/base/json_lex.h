/* json_lex.h: the lexical pre-pass of json.h: strict RFC 8259, and what a tree
 * builder lets through. Iterative; memory is at most 24 bytes per key of the objects
 * that are open at once, time O(n log n). Also the pieces json_scan.h walks with. */
#ifndef BARKER_CORE_BASE_JSON_LEX_H
#define BARKER_CORE_BASE_JSON_LEX_H

#include "core/base/err.h"
#include "core/base/json.h"

#define JSON_LEX_DEPTH_MAX 64        /* the largest max_depth a caller may ask for */
#define JSON_LEX_NUMBER_MAX_BYTES 63 /* longer numbers are out of range */

/* Checks one JSON text. d->message names the byte offset. Codes: BAD_JSON,
 * BAD_ENCODING (UTF-8, NUL, lone surrogates), DUPLICATE_KEY, OUT_OF_RANGE (numbers),
 * LIMIT (bytes, depth), NOMEM. */
enum err json_lex_check(const char *text, size_t n, const struct json_limits *limits,
                        struct err_detail *d) MUST_USE;

/* One character or escape of a string's body, as UTF-8. `used` bytes were read; on an
 * error it is the offset of what is wrong. ERR_BAD_JSON or ERR_BAD_ENCODING. */
struct json_lex_char {
    char utf8[4];
    size_t len, used;
};
enum err json_lex_char(const char *s, size_t n, struct json_lex_char *c) MUST_USE;
/* Bytes at s that stand for themselves: ASCII that is no control character, quote or
 * backslash. */
size_t json_lex_plain(const char *s, size_t n);
/* Bytes of the number at s, by the grammar; 0 if there is none. */
size_t json_lex_number(const char *s, size_t n);
/* Bytes of true, false or null at s; 0 if there is none. */
size_t json_lex_word(const char *s, size_t n);

#endif
