/* info.h: what the INFO of a Redis says, lines of "name:value". Pure. */
#ifndef BARKER_WORKERS_CLI_INFO_H
#define BARKER_WORKERS_CLI_INFO_H

#include "core/base/buf.h"
#include <stdbool.h>
#include <stdint.h>

#define INFO_MAX_BYTES ((size_t)64 * 1024)

/* The value, at most 63 bytes of it, in out; "" if the name is not there. */
const char *info_word(const struct buf *info, const char *name, char out[64]);
int64_t info_number(const struct buf *info,
                    const char *name); /* 0 if it is not there */
bool info_is(const struct buf *info, const char *name, const char *value);

#endif
