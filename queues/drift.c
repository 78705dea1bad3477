/* drift.c: arguments of the drift scripts, and the kinds of drift. */
#include "queues/drift.h"
#include "queues/args.h"

#define ARGS_BYTES 4096

static const char *const places[] = {"keys",   "campaigns", "due",
                                     "queued", "given",     "ready",
                                     "held",   "starts",    "deadlines"};

static const struct drift_kind kinds[] = {
#define DRIFT(name, meaning, mended) {#name, meaning, mended},
#include "queues/drift.def"
#undef DRIFT
};

const char *drift_place_at(size_t i)
{
    return i < sizeof places / sizeof *places ? places[i] : NULL;
}

const struct drift_kind *drift_kind_at(size_t i)
{
    return i < sizeof kinds / sizeof *kinds ? &kinds[i] : NULL;
}

enum err drift_look(struct queue *q, const struct drift_page *page, queue_fn fn,
                    void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, page->place);
    args_str(&a, page->cursor);
    args_int(&a, page->count);
    args_int(&a, page->repair ? 1 : 0);
    args_str(&a, page->lane);
    return queue_run(q, QUEUE_drift, &a, fn, arg, ticket);
}

enum err drift_spec(struct queue *q, const char *id, queue_fn fn, void *arg,
                    uint64_t ticket)
{
    struct key key = keys_campaign_part(&q->keys, id, "spec");
    return redis_do(q->redis, fn, arg, ticket, "GET", key.name, NULL);
}

enum err drift_rebuild(struct queue *q, const char *id, const char *sha256, queue_fn fn,
                       void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, id);
    args_str(&a, sha256);
    return queue_run(q, QUEUE_drift_rebuild, &a, fn, arg, ticket);
}
