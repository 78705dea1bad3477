/* utf8.h: Unicode text as bytes. All functions take a length; none allocates. */
#ifndef BARKER_CORE_BASE_UTF8_H
#define BARKER_CORE_BASE_UTF8_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Decodes one code point at s (n > 0 bytes left). Returns its length in bytes 1-4, or 0
 * if the bytes are not valid UTF-8 (overlong, surrogate, > U+10FFFF, cut). */
size_t utf8_decode(const char *s, size_t n, uint32_t *code_point);
size_t utf8_ascii(const char *s, size_t n);           /* bytes at s below 0x80 */
size_t utf8_encode(uint32_t code_point, char out[4]); /* 0 if not a scalar value */
/* Offset of the first invalid byte, or n if all is valid. */
size_t utf8_invalid_at(const char *s, size_t n);
size_t utf8_count(const char *s, size_t n); /* code points; invalid bytes count 1 */
size_t utf8_count_utf16(const char *s, size_t n); /* UTF-16 code units */
/* The longest prefix of at most max_bytes that does not cut a code point. */
size_t utf8_prefix(const char *s, size_t n, size_t max_bytes);
/* Makes one line of valid UTF-8 of a text, in place: control characters become blanks,
 * bytes of a character that was cut '?'. */
void utf8_tidy(char *text);
bool utf8_is_cjk(uint32_t code_point); /* Han, kana, hangul: no spaces between words */

#endif
