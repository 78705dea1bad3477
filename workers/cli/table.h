/* table.h: rows of text in aligned columns. **owns** copies of its cells; bounded: a
 * failed cell makes table_print() fail. Cells must be escaped already. */
#ifndef BARKER_WORKERS_CLI_TABLE_H
#define BARKER_WORKERS_CLI_TABLE_H

#include "core/base/buf.h"

#define TABLE_COLUMNS_MAX 16

struct table {
    struct buf cells; /* NUL-ended, row by row; the first row is the head */
    size_t columns, count;
    bool right[TABLE_COLUMNS_MAX];
};

/* Heads, ended by NULL; one that begins with '>' is aligned to the right. */
void table_init(struct table *t, const char *const *heads);
void table_fini(struct table *t);
void table_add(struct table *t, const char *cell);
void table_add_text(struct table *t, const char *text); /* escaped here */
/* Columns two blanks apart, no blanks at the end of a line. All rows must be full. */
enum err table_print(const struct table *t, struct buf *out) MUST_USE;
/* Cells of a terminal that the text takes: CJK and emoji 2, the rest 1. */
size_t table_width(const char *text, size_t n);

#endif
