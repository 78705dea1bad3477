/* lines.c: see lines.h. */
#include "workers/cli/lines.h"
#include <errno.h>
#include <string.h>

static const char MARK[] = "\xef\xbb\xbf"; /* of UTF-8 */

enum err lines_open(struct lines *l, const char *path, size_t line_max_bytes,
                    struct err_detail *d)
{
    *l = (struct lines){.line_max_bytes = line_max_bytes};
    l->file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!l->file)
        return err_set(d, ERR_IO, path, "cannot open: %s", strerror(errno));
    buf_init(&l->line, line_max_bytes + sizeof MARK); /* and a CR */
    return ERR_OK;
}

void lines_close(struct lines *l)
{
    buf_fini(&l->line);
    if (l->file != stdin)
        (void)fclose(l->file);
}

static void trim(struct lines *l)
{
    struct buf *line = &l->line;
    size_t mark = sizeof MARK - 1;
    if (l->number == 1 && line->len >= mark && memcmp(line->data, MARK, mark) == 0)
        buf_consume(line, mark);
    if (line->len > 0 && line->data[line->len - 1] == '\r')
        line->data[--line->len] = '\0';
}

enum lines_end lines_next(struct lines *l)
{
    int c = EOF;
    bool any = false;
    buf_clear(&l->line);
    while ((c = getc_unlocked(l->file)) != EOF) {
        any = true;
        if (c == '\n')
            break;
        buf_append_char(&l->line, (char)c);
    }
    if (!any)
        return LINES_NONE;
    l->number++;
    if (buf_status(&l->line))
        return LINES_LONG;
    trim(l);
    return l->line.len <= l->line_max_bytes ? LINES_OK : LINES_LONG;
}

bool lines_is_blank(const struct lines *l)
{
    return strspn(buf_str(&l->line), " \t\r") == l->line.len;
}

bool lines_failed(const struct lines *l)
{
    return ferror(l->file) != 0;
}
