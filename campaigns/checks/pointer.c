/* pointer.c: JSON pointers for messages. */
#include "campaigns/checks/pointer.h"
#include "core/base/utf8.h"
#include <stdio.h>
#include <string.h>

static void bytes_add(struct pointer *p, const char *bytes, size_t n)
{
    size_t room = sizeof p->text - 1 - p->len;
    size_t used = utf8_prefix(bytes, n, room);
    memcpy(p->text + p->len, bytes, used);
    p->len += used;
    p->text[p->len] = '\0';
}

size_t pointer_add_key(struct pointer *p, const char *key)
{
    size_t before = p->len;
    bytes_add(p, "/", 1);
    while (*key) {
        size_t plain = 0;
        while (key[plain] && key[plain] != '~' && key[plain] != '/' &&
               (unsigned char)key[plain] >= ' ')
            plain++;
        bytes_add(p, key, plain);
        key += plain;
        if (*key == '~' || *key == '/')
            bytes_add(p, *key == '~' ? "~0" : "~1", 2);
        else if (*key)
            bytes_add(p, "?", 1);
        key += *key != '\0';
    }
    return before;
}

size_t pointer_add_index(struct pointer *p, size_t index)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "/%zu", index);
    size_t before = p->len;
    bytes_add(p, digits, n > 0 ? (size_t)n : 0);
    return before;
}

void pointer_cut(struct pointer *p, size_t len)
{
    p->len = len;
    p->text[len] = '\0';
}
