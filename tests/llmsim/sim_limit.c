/* sim_limit.c: length limits stated in words (the second half of sim_brief.h). */
#include "tests/llmsim/sim_brief.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const markers[] = {
    "at most", "no more than", "not more than", "up to",  "maximum of",
    "不超过",  "最多",         "至多",          "不多于", NULL,
};
/* What may follow the number of a limit in characters. */
static const char *const characters[] = {
    "character", "char", "code point", "letter", "utf-16", "utf16",
    "byte",      "字",   "个字",       "个汉字", "汉字",   NULL,
};
#define CHARACTERS_PER_WORD 5
#define LIMIT_MAX 1000000

static const char *skip_spaces(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == '*' || *p == ':' || *p == '`') {
        p++;
    }
    return p;
}

/* "2,000" too. Returns the rest, or NULL without a number. */
static const char *read_number(const char *p, int64_t *out)
{
    int64_t n = 0;
    if (*p < '0' || *p > '9') {
        return NULL;
    }
    for (;; p++) {
        if (*p >= '0' && *p <= '9') {
            n = n * 10 + (*p - '0');
            if (n > LIMIT_MAX) {
                return NULL;
            }
        } else if (!(*p == ',' && p[1] >= '0' && p[1] <= '9')) {
            break;
        }
    }
    *out = n;
    return p;
}

static bool starts_with_any(const char *p, const char *const *list)
{
    for (; *list; list++) {
        if (strncasecmp(p, *list, strlen(*list)) == 0) {
            return true;
        }
    }
    return false;
}

/* The limit after a marker, in characters; 0 if it counts something else. */
static int64_t limit_at(const char *p)
{
    int64_t n = 0;
    p = read_number(skip_spaces(p), &n);
    if (!p) {
        return 0;
    }
    p = skip_spaces(p);
    if (starts_with_any(p, characters) || *p == '\0' || strchr(".,;)\n\"", *p)) {
        return n;
    }
    return strncasecmp(p, "word", 4) == 0 ? n * CHARACTERS_PER_WORD : 0;
}

/* The next marker at or after p; *after is the text behind it. */
static const char *next_marker(const char *p, const char **after)
{
    const char *found = NULL;
    for (size_t i = 0; markers[i]; i++) {
        const char *at = strcasestr(p, markers[i]);
        if (at && (!found || at < found)) {
            found = at;
            *after = at + strlen(markers[i]);
        }
    }
    return found;
}

/* Is the field named between from and to, on the last line of it? */
static bool names_field(const char *from, const char *to, const char *field)
{
    size_t n = strlen(field);
    if (n > 2 && field[n - 1] == 's') {
        n--; /* "texts" is told by "text" */
    }
    for (const char *p = to; n > 0 && p - from >= (ptrdiff_t)n; p--) {
        if (strncasecmp(p - n, field, n) == 0) {
            return true;
        }
    }
    return false;
}

int64_t sim_brief_limit(const char *text, const char *field)
{
    int64_t smallest = 0;
    const char *after = text, *from = text;
    for (const char *at; (at = next_marker(from, &after)); from = after) {
        int64_t n = limit_at(after);
        const char *line = at;
        while (line > from && line[-1] != '\n') {
            line--;
        }
        if (n > 0 && names_field(line, at, field)) {
            return n;
        }
        if (n > 0 && (smallest == 0 || n < smallest)) {
            smallest = n;
        }
    }
    return smallest;
}

int64_t sim_brief_exactly(const char *text)
{
    int64_t n = 0;
    const char *at = strcasestr(text, "exactly ");
    if (at && read_number(at + strlen("exactly "), &n) && n >= 1 && n <= 64) {
        return n;
    }
    return 0;
}
