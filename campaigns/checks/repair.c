/* repair.c: finds the JSON in a model's text. */
#include "campaigns/checks/repair.h"
#include "campaigns/checks/mend.h"
#include <string.h>

/* Bounds the work on hostile text: places tried, and bytes read by all tries. */
enum { TRIES_MAX = 32, WORK_FACTOR = 4 };

size_t repair_thoughts_end(const char *text, size_t n)
{
    static const char open[] = "<think>", close[] = "</think>";
    size_t at = 0;
    while (at < n && text[at] && strchr(" \t\r\n", text[at]))
        at++;
    if (n - at < strlen(open) || memcmp(text + at, open, strlen(open)) != 0)
        return 0;
    const char *end = memmem(text + at, n - at, close, strlen(close));
    return end ? (size_t)(end - text) + strlen(close) : n;
}

static size_t bracket_find(const char *text, size_t n, size_t at)
{
    while (at < n && text[at] != '{' && text[at] != '[')
        at++;
    return at;
}

struct find {
    struct json *best; /* owns */
    size_t best_bytes;
};

/* Tries the value that begins at text; returns how many bytes were read. */
static size_t value_try(struct find *find, const char *text, size_t n, bool *ok)
{
    struct buf out;
    struct json *value = NULL;
    size_t used = 0;
    buf_init(&out, json_limits_reply.max_bytes);
    *ok = mend_value(text, n, &out, &used) == ERR_OK;
    if (*ok && used > find->best_bytes &&
        json_parse(buf_str(&out), out.len, &json_limits_reply, &value, NULL) ==
            ERR_OK) {
        json_free(find->best);
        *find = (struct find){.best = value, .best_bytes = used};
    }
    buf_fini(&out);
    return used;
}

static struct json *value_find(const char *text, size_t n)
{
    struct find find = {.best = NULL};
    size_t work = 0, at = bracket_find(text, n, repair_thoughts_end(text, n));
    for (int i = 0; i < TRIES_MAX && at < n && work / WORK_FACTOR <= n; i++) {
        bool ok = false;
        size_t used = value_try(&find, text + at, n - at, &ok);
        work += used;
        at = bracket_find(text, n, at + (ok ? used : 1));
    }
    return find.best;
}

enum err repair_parse(const char *text, size_t n, struct json **out, bool *repaired,
                      struct err_detail *d)
{
    *repaired = false;
    enum err err = json_parse(text, n, &json_limits_reply, out, d);
    if (err == ERR_OK || err == ERR_NOMEM || n > json_limits_reply.max_bytes)
        return err;
    *out = value_find(text, n);
    *repaired = *out != NULL;
    return *out ? ERR_OK : err;
}
