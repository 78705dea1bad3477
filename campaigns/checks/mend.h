/* mend.h: reads one JSON object or array from the front of a text and writes it as
 * strict JSON: trailing commas left out, raw control characters in strings escaped.
 *
 * A text that ends (or meets ```) inside the value was cut. Then the last item of the
 * outermost open array is dropped as a whole, as half a record is of no use; without an
 * open array the unfinished member is dropped; what remains is closed. A container that
 * would be left empty by this is dropped as well. */
#ifndef BARKER_CAMPAIGNS_CHECKS_MEND_H
#define BARKER_CAMPAIGNS_CHECKS_MEND_H

#include "core/base/buf.h"

/* text begins with '{' or '['. *used: bytes of text read, also on an error.
 * ERR_BAD_JSON if it cannot be mended; or the error of out, which is appended to. */
enum err mend_value(const char *text, size_t n, struct buf *out, size_t *used) MUST_USE;

#endif
