/* redis_call.c: see redis_call.h. */
#include "core/io/redis_call.h"
#include "core/base/digits.h"
#include <stdlib.h>
#include <string.h>

/* '*' or '$', digits, CR LF */
static char *prefix_write(char *out, char kind, size_t number)
{
    *out++ = kind;
    out += digits_write_size(out, number);
    return mempcpy(out, "\r\n", 2);
}

static size_t prefix_bytes(size_t number)
{
    return 1 + digits_count(number) + 2;
}

static char *arg_write(char *at, const char *bytes, size_t len)
{
    at = prefix_write(at, '$', len);
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
    char *at = prefix_write(c->wire, '*', argc);
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
    at = prefix_write(at, '*', c->argc);
    at = arg_write(at, "EVAL", 4);
    at = arg_write(at, c->script, strlen(c->script));
    return mempcpy(at, c->wire + c->tail_at, c->len - c->tail_at);
}
