/* query.h: one value of the query string of an address. Pure. */
#ifndef BARKER_CORE_BASE_QUERY_H
#define BARKER_CORE_BASE_QUERY_H

#include "core/base/buf.h"
#include <stdbool.h>

/* Appends the value of the first parameter of this name, percent-decoded, '+' being a
 * blank. The address may be a whole one, its path with a query, or "?a=1" alone; what
 * follows '#' is no part of it. A '%' without two hex digits stands for itself. False:
 * there is none. */
bool query_find(const char *address, const char *name, struct buf *out);

#endif
