/* escape.h: text of a model or of a user, made harmless for a terminal. Pure. */
#ifndef BARKER_WORKERS_CLI_ESCAPE_H
#define BARKER_WORKERS_CLI_ESCAPE_H

#include "core/base/buf.h"

/* Appends the text on one line: \n \r \t as those two characters, other control
 * characters, bidirectional overrides and line separators as \u{hex}, bytes that are
 * not UTF-8 as \xhh, a backslash as two. Errors stay in the buf. */
void escape_text(struct buf *out, const char *text, size_t n);

#endif
