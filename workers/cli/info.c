/* info.c: see info.h. */
#include "workers/cli/info.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *info_word(const struct buf *info, const char *name, char out[64])
{
    size_t n = strlen(name);
    out[0] = '\0';
    for (const char *at = buf_str(info); (at = strstr(at, name)); at += n) {
        bool starts = at == buf_str(info) || at[-1] == '\n';
        if (starts && at[n] == ':') {
            size_t len = strcspn(at + n + 1, "\r\n");
            (void)snprintf(out, 64, "%.*s", (int)(len < 63 ? len : 63), at + n + 1);
            break;
        }
    }
    return out;
}

int64_t info_number(const struct buf *info, const char *name)
{
    char word[64];
    return strtoll(info_word(info, name, word), NULL, 10);
}

bool info_is(const struct buf *info, const char *name, const char *value)
{
    char word[64];
    return strcmp(info_word(info, name, word), value) == 0;
}
