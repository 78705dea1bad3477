/* config_ini.c: inih with a reader that counts lines. */
#include "core/base/config_ini.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1024  /* what inih is told */
#define SECTION_MAX_BYTES 48 /* inih cuts longer names */
#define KEY_MAX_BYTES 48

struct ini_reading {
    FILE *file;
    int line;
    config_pair_fn on_pair;
    void *user;
    int failed_line; /* 0 = none */
    struct err_detail why;
};

static void fail_at(struct ini_reading *r, const char *message)
{
    if (r->failed_line)
        return;
    r->failed_line = r->line;
    err_set(&r->why, ERR_CONFIG, "", "%s", message);
}

/* As fgets, which does not tell where the line ends if there is a NUL in it. */
static size_t read_bytes(FILE *file, char *text, size_t size)
{
    size_t len = 0;
    int c = 0;
    while (c != '\n' && len + 1 < size && (c = getc(file)) != EOF)
        text[len++] = (char)c;
    text[len] = '\0';
    return len;
}

static char *read_line(char *text, int size, void *user)
{
    struct ini_reading *r = user;
    size_t len = r->failed_line ? 0 : read_bytes(r->file, text, (size_t)size);
    if (len == 0)
        return NULL;
    r->line++;
    if (len + 1 == (size_t)size && text[len - 1] != '\n')
        fail_at(r, "the line is too long");
    else if (utf8_invalid_at(text, len) < len)
        fail_at(r, "the line is not UTF-8");
    else if (memchr(text, '\0', len))
        fail_at(r, "the line holds a NUL byte");
    return r->failed_line ? NULL : text;
}

static int on_line(void *user, const char *section, const char *key, const char *value)
{
    struct ini_reading *r = user;
    if (r->failed_line)
        return 0;
    if (strlen(section) > SECTION_MAX_BYTES || strlen(key) > KEY_MAX_BYTES) {
        fail_at(r, "the name of the section or key is too long");
        return 0;
    }
    struct err_detail d = {.code = ERR_OK};
    enum err e = r->on_pair(r->user, section, key, value, r->line, &d);
    if (!e)
        return 1;
    r->failed_line = r->line;
    err_set(&r->why, e, "", "%s", d.message);
    return 0;
}

void config_ini_where(const char *path, int line, char *out, size_t size)
{
    size_t len = strlen(path), room = size - 16; /* the end of a path says most */
    snprintf(out, size, "%s:%d", len > room ? path + len - room : path, line);
}

enum err config_ini_read(const char *path, config_pair_fn on_pair, void *user,
                         struct err_detail *d)
{
    struct ini_reading r = {.on_pair = on_pair, .user = user};
    r.file = fopen(path, "re");
    if (!r.file)
        return err_set(d, ERR_CONFIG, path, "cannot be opened: %s", strerror(errno));
    /* the library's own switches: its default cuts lines at 200 bytes and joins
     * indented lines with the one above */
    ini_use_stack = false;
    ini_max_line = ini_initial_alloc = LINE_MAX_BYTES;
    ini_allow_multiline = false;
    int syntax_line = ini_parse_stream(read_line, &r, on_line, &r);
    bool broken = ferror(r.file) != 0;
    fclose(r.file);
    if (broken)
        return err_set(d, ERR_CONFIG, path, "cannot be read");
    if (syntax_line == -2)
        return err_set(d, ERR_NOMEM, path, "%s", err_meaning(ERR_NOMEM));
    if (syntax_line > 0 && (!r.failed_line || syntax_line < r.failed_line)) {
        r.failed_line = syntax_line;
        err_set(&r.why, ERR_CONFIG, "", "neither [section] nor key = value");
    }
    if (!r.failed_line)
        return ERR_OK;
    char where[sizeof d->path];
    config_ini_where(path, r.failed_line, where, sizeof where);
    return err_set(d, r.why.code, where, "%s", r.why.message);
}
