/* table.c: see table.h. */
#include "workers/cli/table.h"
#include "workers/cli/escape.h"
#include "core/base/utf8.h"
#include <string.h>

#define CELLS_MAX_BYTES ((size_t)4 << 20)

static bool is_wide(uint32_t c)
{
    return utf8_is_cjk(c) || (c >= 0x3000 && c <= 0x303f) ||
           (c >= 0xff01 && c <= 0xff60) || (c >= 0x1f300 && c <= 0x1faff);
}

size_t table_width(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n;) {
        uint32_t c = 0;
        size_t len = utf8_decode(text + i, n - i, &c);
        width += len && is_wide(c) ? 2 : 1;
        i += len ? len : 1;
    }
    return width;
}

void table_init(struct table *t, const char *const *heads)
{
    memset(t, 0, sizeof *t);
    buf_init(&t->cells, CELLS_MAX_BYTES);
    for (; heads[t->columns]; t->columns++) {
        const char *head = heads[t->columns];
        check(t->columns < TABLE_COLUMNS_MAX);
        t->right[t->columns] = head[0] == '>';
        table_add(t, head + (head[0] == '>'));
    }
}

void table_fini(struct table *t)
{
    buf_fini(&t->cells);
}

void table_add(struct table *t, const char *cell)
{
    buf_append(&t->cells, cell, strlen(cell) + 1);
    t->count++;
}

void table_add_text(struct table *t, const char *text)
{
    struct buf cell;
    buf_init(&cell, 4096);
    escape_text(&cell, text, strlen(text));
    table_add(t, buf_str(&cell));
    buf_fini(&cell);
}

static void pad(struct buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_append_char(out, ' ');
}

static void put_cell(const struct table *t, size_t i, const char *cell, size_t width,
                     struct buf *out)
{
    size_t column = i % t->columns;
    size_t gap = width - table_width(cell, strlen(cell));
    bool last = column + 1 == t->columns;
    if (t->right[column])
        pad(out, gap);
    buf_append_str(out, cell);
    if (!t->right[column] && !last)
        pad(out, gap);
    buf_append_str(out, last ? "\n" : "  ");
}

enum err table_print(const struct table *t, struct buf *out)
{
    size_t widths[TABLE_COLUMNS_MAX] = {0};
    check(t->columns > 0 && t->count % t->columns == 0);
    enum err e = buf_status(&t->cells);
    const char *cell = buf_str(&t->cells);
    for (size_t i = 0; i < t->count && !e; i++) {
        size_t len = strlen(cell), width = table_width(cell, len);
        if (width > widths[i % t->columns])
            widths[i % t->columns] = width;
        cell += len + 1;
    }
    cell = buf_str(&t->cells);
    for (size_t i = 0; i < t->count && !e; i++) {
        put_cell(t, i, cell, widths[i % t->columns], out);
        cell += strlen(cell) + 1;
    }
    return e ? e : buf_status(out);
}
