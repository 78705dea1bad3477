/* control.c: orders to campaigns. */
#include "queues/control.h"
#include "queues/args.h"
#include <stdlib.h>

#define ARGS_BYTES ((size_t)128 << 10)

static void pair(struct args *a, const char *name, const char *value)
{
    if (value && value[0]) {
        args_str(a, name);
        args_str(a, value);
    }
}

enum err control_send(struct queue *q, const struct control_order *o, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    struct key stream = keys_of(&q->keys, "control");
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, "XADD");
    args_str(&a, stream.name);
    args_str(&a, "*");
    pair(&a, "c", o->campaign);
    pair(&a, "do", o->action);
    pair(&a, "v", o->variant);
    pair(&a, "by", o->by);
    pair(&a, "text", o->text);
    pair(&a, "via", o->via);
    size_t argc = 0;
    struct redis_arg *argv = args_view(&a, &argc);
    enum err e = a.failed ? a.failed : ERR_NOMEM;
    if (argv)
        e = redis_command(q->redis, argv, argc, 0, fn, arg, ticket);
    free(argv);
    args_fini(&a);
    return e;
}

enum err control_take(struct queue *q, int count, queue_fn fn, void *arg,
                      uint64_t ticket)
{
    struct args a;
    args_init(&a, 64);
    args_int(&a, count);
    return queue_run(q, QUEUE_control, &a, fn, arg, ticket);
}
