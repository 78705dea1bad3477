/* lines.h: the lines of a file of any length, one at a time. A byte order mark before
 * the first, and the CR of a CRLF, are no part of them. */
#ifndef BARKER_WORKERS_CLI_LINES_H
#define BARKER_WORKERS_CLI_LINES_H

#include "core/base/buf.h"
#include "core/base/err.h"
#include <stdint.h>
#include <stdio.h>

struct lines {
    FILE *file;
    struct buf line; /* as far as it fits; **owned** */
    size_t line_max_bytes;
    int64_t number; /* of the line, from 1 */
};

/* "-" is stdin. ERR_IO: it cannot be opened, d says why. */
enum err lines_open(struct lines *l, const char *path, size_t line_max_bytes,
                    struct err_detail *d) MUST_USE;
void lines_close(struct lines *l);

enum lines_end { LINES_OK, LINES_LONG, LINES_NONE };
/* LINES_LONG: it was read to its end, but is too long. */
enum lines_end lines_next(struct lines *l);
bool lines_is_blank(const struct lines *l);
bool lines_failed(const struct lines *l); /* the end came from an error */

#endif
