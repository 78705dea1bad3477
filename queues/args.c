/* args.c: one buffer for all bytes, one array of ends. */
#include "queues/args.h"
#include "core/base/digits.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGS_COUNT_MAX 200000 /* empty arguments cost no bytes, but an end each */

void args_init(struct args *a, size_t max_bytes)
{
    *a = (struct args){.failed = ERR_OK};
    buf_init(&a->bytes, max_bytes);
}

void args_fini(struct args *a)
{
    buf_fini(&a->bytes);
    free(a->ends);
    a->ends = NULL;
    a->count = a->cap = 0;
}

void args_clear(struct args *a)
{
    buf_clear(&a->bytes);
    a->count = 0;
    a->failed = ERR_OK;
}

static enum err make_room(struct args *a, size_t more)
{
    if (more > ARGS_COUNT_MAX - a->count)
        return ERR_LIMIT;
    if (more <= a->cap - a->count)
        return ERR_OK;
    size_t cap = a->cap ? a->cap * 2 : 16; /* < 2 x ARGS_COUNT_MAX */
    while (cap < a->count + more)
        cap *= 2;
    size_t *ends = realloc(a->ends, cap * sizeof *ends);
    if (!ends)
        return ERR_NOMEM;
    a->ends = ends;
    a->cap = cap;
    return ERR_OK;
}

void args_add(struct args *a, const void *p, size_t n)
{
    if (a->failed)
        return;
    a->failed = make_room(a, 1);
    if (!a->failed)
        a->failed = buf_append(&a->bytes, p, n);
    if (!a->failed)
        a->ends[a->count++] = a->bytes.len;
}

void args_str(struct args *a, const char *s)
{
    args_add(a, s ? s : "", s ? strlen(s) : 0);
}

void args_int(struct args *a, int64_t n)
{
    char text[DIGITS_MAX_BYTES];
    args_add(a, text, digits_write(text, n));
}

void args_num(struct args *a, double n)
{
    char text[32];
    args_add(a, text, (size_t)snprintf(text, sizeof text, "%.9g", isfinite(n) ? n : 0));
}

void args_append(struct args *a, const struct args *from)
{
    size_t base = a->bytes.len;
    if (!a->failed)
        a->failed = from->failed;
    if (!a->failed)
        a->failed = make_room(a, from->count);
    if (!a->failed)
        a->failed = buf_append(&a->bytes, buf_str(&from->bytes), from->bytes.len);
    if (a->failed)
        return;
    for (size_t i = 0; i < from->count; i++)
        a->ends[a->count++] = base + from->ends[i];
}

struct redis_arg *args_view(const struct args *a, size_t *argc)
{
    if (a->failed)
        return NULL;
    struct redis_arg *view = calloc(a->count + 1, sizeof *view);
    if (!view)
        return NULL;
    size_t from = 0;
    const char *bytes = buf_str(&a->bytes);
    for (size_t i = 0; i < a->count; i++) {
        view[i] = redis_bytes(bytes + from, a->ends[i] - from);
        from = a->ends[i];
    }
    *argc = a->count;
    return view;
}
