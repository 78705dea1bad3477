/* suggest.c: see suggest.h. */
#include "workers/cli/suggest.h"
#include <string.h>

#define NAME_MAX_BYTES 63

static int least(int a, int b)
{
    return a < b ? a : b;
}

int suggest_distance(const char *a, const char *b)
{
    int rows[3][NAME_MAX_BYTES + 1]; /* before last, last, this one */
    size_t n = strlen(a), m = strlen(b);
    if (n > NAME_MAX_BYTES || m > NAME_MAX_BYTES)
        return NAME_MAX_BYTES + 1;
    for (size_t k = 0; k <= m; k++)
        rows[0][k] = rows[1][k] = (int)k;
    for (size_t i = 1; i <= n; i++) {
        rows[2][0] = (int)i;
        for (size_t k = 1; k <= m; k++) {
            int cost = a[i - 1] == b[k - 1] ? 0 : 1;
            int best = least(rows[1][k] + 1, rows[2][k - 1] + 1);
            best = least(best, rows[1][k - 1] + cost);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                best = least(best, rows[0][k - 2] + 1);
            rows[2][k] = best;
        }
        memcpy(rows[0], rows[1], sizeof rows[0]);
        memcpy(rows[1], rows[2], sizeof rows[1]);
    }
    return rows[1][m];
}

const char *suggest_name(const char *typed, const char *const *names, size_t count)
{
    const char *best = NULL;
    int best_edits = 4, length = (int)strnlen(typed, 64);
    for (size_t i = 0; i < count; i++) {
        int edits = suggest_distance(typed, names[i]);
        int other = (int)strlen(names[i]), shorter = length < other ? length : other;
        int allowed = (shorter + 1) / 3; /* of "x" and of "no" nothing is left */
        if (edits <= allowed && edits < best_edits) {
            best = names[i];
            best_edits = edits;
        }
    }
    for (size_t i = 0; i < count && !best && strlen(typed) >= 2; i++)
        if (strncmp(names[i], typed, strlen(typed)) == 0)
            best = names[i];
    return best;
}
