/* digits.h: whole numbers as decimal text, for places where printf is too slow: it
 * costs a third of a microsecond each, and a call of a campaign writes some fifty. */
#ifndef BARKER_CORE_BASE_DIGITS_H
#define BARKER_CORE_BASE_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#define DIGITS_MAX_BYTES 20 /* of any number, with its sign */

/* Writes at out, without a NUL; returns the bytes written. */
size_t digits_write(char *out, int64_t n);
size_t digits_write_size(char *out, uint64_t n);
size_t digits_count(uint64_t n); /* bytes of digits_write_size() */

#endif
