/* sim_multipart.c: see sim_multipart.h. */
#include "tests/llmsim/sim_multipart.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define BOUNDARY_MAX 70 /* RFC 2046 */

/* "--" and the boundary of the header. */
static bool read_boundary(const char *content_type, char *out, size_t size)
{
    static const char kind[] = "multipart/form-data";
    const char *at = content_type ? strcasestr(content_type, "boundary=") : NULL;
    if (!at || strncasecmp(content_type, kind, strlen(kind)) != 0) {
        return false;
    }
    at += strlen("boundary=");
    bool quoted = *at == '"';
    at += quoted;
    size_t n = strcspn(at, quoted ? "\"" : "; \t");
    if (n == 0 || n > BOUNDARY_MAX) {
        return false;
    }
    snprintf(out, size, "--%.*s", (int)n, at);
    return true;
}

/* The value of name="…" or filename="…" in the header lines of a part. */
static void read_word(const char *head, size_t n, const char *word, char *out,
                      size_t size)
{
    size_t len = strlen(word);
    *out = '\0';
    for (size_t i = 0; i + len < n; i++) {
        if (strncasecmp(head + i, word, len) == 0 &&
            (i == 0 || strchr(" ;", head[i - 1]))) {
            const char *end = memchr(head + i + len, '"', n - i - len);
            if (end) {
                snprintf(out, size, "%.*s", (int)(end - head - (ptrdiff_t)(i + len)),
                         head + i + len);
            }
            return;
        }
    }
}

enum err sim_multipart_find(const char *content_type, const char *body, size_t n,
                            const char *name, struct sim_part *out, char *filename,
                            size_t size)
{
    char mark[BOUNDARY_MAX + 8], is[64];
    if (!read_boundary(content_type, mark, sizeof(mark))) {
        return ERR_BAD_REQUEST;
    }
    size_t len = strlen(mark);
    const char *end = body + n, *at = memmem(body, n, mark, len);
    while (at && (at += len) + 2 <= end && strncmp(at, "--", 2) != 0) {
        const char *next = memmem(at, (size_t)(end - at), mark, len);
        const char *text = memmem(at, (size_t)(end - at), "\r\n\r\n", 4);
        if (!next || !text || (text += 4) + 2 > next) {
            return ERR_BAD_REQUEST;
        }
        size_t head = (size_t)(text - at);
        read_word(at, head, "name=\"", is, sizeof(is));
        if (strcmp(is, name) == 0) {
            read_word(at, head, "filename=\"", filename, size);
            *out = (struct sim_part){text, (size_t)(next - 2 - text)};
            return ERR_OK;
        }
        at = next;
    }
    return ERR_NOT_FOUND;
}
