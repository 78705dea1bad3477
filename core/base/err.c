/* err.c: the table of errors.def in three shapes. */
#include "core/base/err.h"
#include "core/base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct err_row {
    const char *code, *meaning;
};

static const struct err_row rows[ERR_COUNT] = {
#define ERR(name, code, meaning) {code, meaning},
#include "core/base/errors.def"
#undef ERR
};

const char *err_code(enum err e)
{
    return (unsigned)e < ERR_COUNT ? rows[e].code : "internal";
}

const char *err_meaning(enum err e)
{
    return (unsigned)e < ERR_COUNT ? rows[e].meaning : rows[ERR_INTERNAL].meaning;
}

enum err err_from_code(const char *code)
{
    for (unsigned i = 0; code && i < ERR_COUNT; i++)
        if (strcmp(rows[i].code, code) == 0)
            return (enum err)i;
    return ERR_COUNT;
}

/* Cuts at a character, not inside one, and keeps the text on one line. */
static void tidy_text(char *text, size_t size, size_t wanted)
{
    size_t len = strnlen(text, size - 1);
    if (wanted > len) {
        size_t bad = utf8_invalid_at(text, len);
        if (len - bad < 4)
            len = bad;
    }
    text[len] = '\0';
    utf8_tidy(text);
}

enum err err_set(struct err_detail *d, enum err code, const char *path, const char *fmt,
                 ...)
{
    if (!d)
        return code;
    /* built aside, so that the old text of d may be among the arguments */
    struct err_detail fresh = {.code = code};
    int path_len = snprintf(fresh.path, sizeof fresh.path, "%s", path ? path : "");
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(fresh.message, sizeof fresh.message, fmt, args);
    va_end(args);
    tidy_text(fresh.path, sizeof fresh.path, path_len < 0 ? 0 : (size_t)path_len);
    tidy_text(fresh.message, sizeof fresh.message, len < 0 ? 0 : (size_t)len);
    *d = fresh;
    return code;
}

void err_bug(const char *file, int line, const char *expression)
{
    fprintf(stderr, "%s:%d: bug: check(%s) failed; please report it\n", file, line,
            expression);
    abort();
}
