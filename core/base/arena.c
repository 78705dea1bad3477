/* arena.c: a chain of blocks; the head is the one being filled. */
#include "core/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN alignof(max_align_t)
#define BLOCK_FIRST_BYTES ((size_t)4096)
#define BLOCK_LAST_BYTES ((size_t)65536)

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
    *a = (struct arena){.max_bytes = max_bytes};
}

void arena_fini(struct arena *a)
{
    for (struct arena_block *b = a->head; b;) {
        struct arena_block *next = b->next;
        free(b);
        b = next;
    }
    *a = (struct arena){.max_bytes = a->max_bytes};
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *b = calloc(1, sizeof *b + size);
    if (b)
        b->size = size;
    return b;
}

/* A request over a quarter of a block gets a block of its own, behind the head, so
 * that what is left in the head stays in use: at most a quarter is ever wasted. */
static struct arena_block *block_for(struct arena *a, size_t bytes)
{
    struct arena_block *head = a->head;
    if (head && head->size - head->used >= bytes)
        return head;
    size_t size =
        head && head->size >= BLOCK_FIRST_BYTES ? head->size * 2 : BLOCK_FIRST_BYTES;
    if (size > BLOCK_LAST_BYTES)
        size = BLOCK_LAST_BYTES;
    bool alone = bytes > size / 4;
    struct arena_block *b = block_new(alone ? bytes : size);
    if (!b)
        return NULL;
    if (alone && head) {
        b->next = head->next;
        head->next = b;
    } else {
        b->next = head;
        a->head = b;
    }
    return b;
}

static void *arena_fail(struct arena *a)
{
    a->failed = true;
    return NULL;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    /* max_bytes - used_bytes never wraps: used only grows by what fits */
    size_t left = a->max_bytes - a->used_bytes;
    if (bytes > SIZE_MAX / 2)
        return arena_fail(a);
    size_t rounded = bytes ? (bytes + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
    if (rounded > left)
        return arena_fail(a);
    struct arena_block *b = block_for(a, rounded);
    if (!b)
        return arena_fail(a);
    void *p = b->bytes + b->used;
    b->used += rounded;
    a->used_bytes += rounded;
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t item_bytes)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, item_bytes, &bytes))
        return arena_fail(a);
    return arena_alloc(a, bytes);
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(a, len + 1);
    if (copy)
        memcpy(copy, s, len);
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = len < 0 ? arena_fail(a) : arena_alloc(a, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}
