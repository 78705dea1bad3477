/* queue.c: the table of scripts, and what their replies have in common. */
#include "queues/queue.h"
#include "core/base/log.h"
#include "queues/args.h"
#include <stdlib.h>
#include <string.h>

#define SCRIPT(name) extern const char lua_##name##_lua[];
#include "queues/scripts.def"
#undef SCRIPT

struct queue_scripts {
    struct redis_script list[QUEUE_SCRIPT_COUNT];
};

struct queue_call { /* lives from the call to its settling */
    queue_fn fn;
    void *arg;
};

enum err queue_init(struct queue *q, struct redis *redis, const char *prefix,
                    int partition)
{
    *q = (struct queue){.redis = redis};
    enum err e = keys_init(&q->keys, prefix, partition);
    if (e)
        return e;
    q->scripts = calloc(1, sizeof *q->scripts);
    if (!q->scripts)
        return ERR_NOMEM;
    struct redis_script *s = q->scripts->list;
#define SCRIPT(script) *s++ = (struct redis_script){#script, lua_##script##_lua, ""};
#include "queues/scripts.def"
#undef SCRIPT
    return ERR_OK;
}

void queue_fini(struct queue *q)
{
    free(q->scripts);
    q->scripts = NULL;
}

/* Scripts answer ["fenced"], ["malformed"] or ["damaged"] (a key is of another type)
 * for what every one of them has; ["fenced", "buried", id, why] when they ended the job
 * (queues/lua/lib_whole.lua). */
enum err queue_verdict(const struct reply *r)
{
    const char *word = reply_str(reply_at(r, 0), NULL);
    if (strcmp(word, "malformed") == 0)
        return ERR_INTERNAL;
    if (strcmp(word, "damaged") == 0)
        return ERR_REDIS;
    if (strcmp(word, "fenced") != 0)
        return ERR_OK;
    if (reply_count(r) == 4)
        log_event(LOG_ERROR, "job.buried", "campaign", reply_str(reply_at(r, 2), NULL),
                  "error", reply_str(reply_at(r, 3), NULL), NULL);
    return ERR_FENCED;
}

static void on_script(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct queue_call call = *(struct queue_call *)arg;
    free(arg);
    if (e == ERR_OK)
        e = queue_verdict(r);
    call.fn(call.arg, ticket, e, r);
}

static enum err run_at(struct queue *q, const char *root, int script,
                       const struct redis_arg *argv, size_t argc, queue_fn fn,
                       void *arg, uint64_t ticket)
{
    check(script >= 0 && script < QUEUE_SCRIPT_COUNT);
    struct queue_call *call = malloc(sizeof *call);
    if (!call)
        return ERR_NOMEM;
    *call = (struct queue_call){fn, arg};
    enum err e = redis_script(q->redis, &q->scripts->list[script], root, argv, argc,
                              on_script, call, ticket);
    if (e)
        free(call);
    return e;
}

enum err queue_script(struct queue *q, int script, const struct redis_arg *argv,
                      size_t argc, queue_fn fn, void *arg, uint64_t ticket)
{
    return run_at(q, q->keys.root, script, argv, argc, fn, arg, ticket);
}

enum err queue_compile(struct queue *q, int script, queue_fn fn, void *arg,
                       uint64_t ticket)
{
    check(script >= 0 && script < QUEUE_SCRIPT_COUNT);
    return redis_do(q->redis, fn, arg, ticket, "SCRIPT", "LOAD",
                    q->scripts->list[script].text, NULL);
}

const char *queue_script_name(int script)
{
    static const char *const names[] = {
#define SCRIPT(name) #name,
#include "queues/scripts.def"
#undef SCRIPT
    };
    check(script >= 0 && script < QUEUE_SCRIPT_COUNT);
    return names[script];
}

enum err queue_run_at(struct queue *q, const char *root, int script, struct args *a,
                      queue_fn fn, void *arg, uint64_t ticket)
{
    size_t argc = 0;
    enum err e = a->failed;
    struct redis_arg *argv = args_view(a, &argc);
    if (argv)
        e = run_at(q, root, script, argv, argc, fn, arg, ticket);
    else if (!e)
        e = ERR_NOMEM;
    free(argv);
    args_fini(a);
    return e;
}

enum err queue_run(struct queue *q, int script, struct args *a, queue_fn fn, void *arg,
                   uint64_t ticket)
{
    return queue_run_at(q, q->keys.root, script, a, fn, arg, ticket);
}
