/* toy_batch.c: a batch that takes six hours: handed in once, with an embedding and a
 * verdict beside it, then asked for every half hour; what came out is kept in the cache
 * and read back. */
#include "tests/sim/toy.h"

#define POLL_MS (30 * 60000)

extern const struct kind kind_toy_batch;

static const char submit_schema[] =
    "{\"type\":\"object\",\"properties\":{\"batch\":{\"type\":\"string\"}},"
    "\"required\":[\"batch\"]}";
static const char poll_schema[] =
    "{\"type\":\"object\",\"properties\":{\"ready\":{\"type\":\"boolean\"}},"
    "\"required\":[\"ready\"]}";

static enum err submit_plan(struct campaign *c, struct ask_list *asks)
{
    (void)c;
    struct ask *submit = toy_chat(asks, submit_schema, "TOY submit");
    struct ask *embed = ask_add(asks, ASK_EMBED);
    struct ask *moderate = ask_add(asks, ASK_MODERATE);
    if (!submit || !embed || !moderate)
        return ERR_NOMEM;
    embed->user = moderate->user = "TOY batch";
    embed->dimensions = 2;
    return ERR_OK;
}

static enum err submit_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    enum err code = toy_failure(a);
    if (code) {
        next_fail(next, code);
        return ERR_OK;
    }
    next_goto(next, "poll", 0);
    const char *vector = json_str(a->items[1].reply, "");
    bool flagged = json_bool(json_get(a->items[2].reply, "flagged"), false);
    enum err e = json_set_str(c->memo, "batch",
                              json_str(json_get(a->items[0].reply, "batch"), ""));
    e = e ? e : json_set_str(c->memo, "vector", vector);
    return e ? e : json_set_bool(c->memo, "flagged", flagged);
}

static enum err poll_plan(struct campaign *c, struct ask_list *asks)
{
    const char *user =
        arena_printf(c->arena, "TOY poll %s", json_str(json_get(c->memo, "batch"), ""));
    return toy_chat(asks, poll_schema, user) ? ERR_OK : ERR_NOMEM;
}

static enum err poll_finish(struct campaign *c, const struct answers *a,
                            struct next *next)
{
    enum err code = toy_failure(a);
    if (code)
        next_fail(next, code);
    else if (json_bool(json_get(a->items[0].reply, "ready"), false))
        next_goto(next, "keep", 0);
    else
        next_wait(next, "poll", c->iteration + 1, WAKE_TIME, c->now_ms + POLL_MS);
    return ERR_OK;
}

static enum err keep_plan(struct campaign *c, struct ask_list *asks)
{
    struct ask *ask = ask_add(asks, c->iteration ? ASK_CACHE_GET : ASK_CACHE_PUT);
    if (!ask)
        return ERR_NOMEM;
    ask->key = json_str(json_get(c->memo, "batch"), "");
    ask->user = "{\"items\": 42}";
    return ERR_OK;
}

static enum err keep_finish(struct campaign *c, const struct answers *a,
                            struct next *next)
{
    enum err code = toy_failure(a);
    next_goto(next, "keep", 1);
    if (code)
        next_fail(next, code);
    else if (c->iteration)
        next_done(next);
    return json_set_num(c->memo, "items",
                        json_num(json_get(a->items[0].reply, "items"), 0));
}

static const struct stage stages[] = {
    {"submit", submit_plan, NULL, submit_finish},
    {"poll", poll_plan, NULL, poll_finish},
    {"keep", keep_plan, NULL, keep_finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_toy_batch = {
    .name = "toy_batch", .meaning = "a batch of six hours", .stages = stages};
