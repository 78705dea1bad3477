/* redis_call.c: see redis_call.h. */
#include "core/io/redis_call.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX_BYTES 24 /* '*' or '$', 20 digits, CR LF, NUL */

static size_t prefix_write(char *out, char kind, size_t number)
{
    return (size_t)snprintf(out, PREFIX_BYTES, "%c%zu\r\n", kind, number);
}

static size_t prefix_bytes(size_t number)
{
    char text[PREFIX_BYTES];
    return prefix_write(text, '$', number);
}

static char *arg_write(char *at, const char *bytes, size_t len)
{
    char prefix[PREFIX_BYTES]; /* apart, so that its NUL never overruns the wire */
    size_t n = prefix_write(prefix, '$', len);
    at = mempcpy(at, prefix, n);
    if (len > 0) {
        at = mempcpy(at, bytes, len);
    }
    return mempcpy(at, "\r\n", 2);
}

static size_t args_bytes(const struct redis_arg *argv, size_t argc)
{
    size_t bytes = 0;
    for (size_t i = 0; i < argc; i++) {
        bytes += prefix_bytes(argv[i].len) + argv[i].len + 2;
    }
    return bytes;
}

struct redis_call *redis_call_new(const struct redis_arg *head, size_t head_count,
                                  const struct redis_arg *tail, size_t tail_count)
{
    size_t argc = head_count + tail_count;
    size_t len = prefix_bytes(argc) + args_bytes(head, head_count) +
                 args_bytes(tail, tail_count);
    struct redis_call *c = malloc(sizeof *c + len);
    if (!c) {
        return NULL;
    }
    *c = (struct redis_call){.argc = argc, .len = len};
    list_init(&c->node);
    char prefix[PREFIX_BYTES];
    char *at = mempcpy(c->wire, prefix, prefix_write(prefix, '*', argc));
    for (size_t i = 0; i < argc; i++) {
        const struct redis_arg *a = i < head_count ? &head[i] : &tail[i - head_count];
        at = arg_write(at, a->at, a->len);
        c->tail_at = i == 1 ? (size_t)(at - c->wire) : c->tail_at;
    }
    check(at == c->wire + len);
    return c;
}

size_t redis_call_bytes(const struct redis_call *c)
{
    return sizeof *c + c->len;
}

size_t redis_call_wire_bytes(const struct redis_call *c)
{
    if (!c->eval) {
        return c->len;
    }
    size_t text = strlen(c->script);
    return prefix_bytes(c->argc) + prefix_bytes(4) + 4 + 2 + prefix_bytes(text) + text +
           2 + c->len - c->tail_at;
}

char *redis_call_write(const struct redis_call *c, char *at)
{
    if (!c->eval) {
        return mempcpy(at, c->wire, c->len);
    }
    char prefix[PREFIX_BYTES];
    at = mempcpy(at, prefix, prefix_write(prefix, '*', c->argc));
    at = arg_write(at, "EVAL", 4);
    at = arg_write(at, c->script, strlen(c->script));
    return mempcpy(at, c->wire + c->tail_at, c->len - c->tail_at);
}
