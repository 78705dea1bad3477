/* base64.h: base64 of RFC 4648 §4, without line breaks. Pure. */
#ifndef BARKER_CORE_BASE_BASE64_H
#define BARKER_CORE_BASE_BASE64_H

#include "core/base/buf.h"

/* Appends the text, padded. */
enum err base64_encode(const void *bytes, size_t n, struct buf *out);
/* Appends the bytes; padding may be missing. ERR_BAD_VALUE: it is no base64, or bits
 * are set that stand for nothing. After an error out may hold a part. */
enum err base64_decode(const char *text, size_t n, struct buf *out) MUST_USE;

#endif
