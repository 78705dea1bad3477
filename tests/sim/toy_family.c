/* toy_family.c: children that are campaigns of their own, waited for and folded in. */
#include "tests/sim/toy.h"
#include <string.h>

extern const struct kind kind_toy_family;

static const char *child_id(struct campaign *c, int i)
{
    return arena_printf(c->arena, "%s~%d", c->spec->id, i + 1);
}

static enum err spawn_plan(struct campaign *c, struct ask_list *asks)
{
    int children = toy_input(c, "children", 3), poor = toy_input(c, "poor", -1);
    for (int i = 0; i < children; i++) {
        struct ask *ask = ask_add(asks, ASK_SPAWN);
        if (!ask)
            return ERR_NOMEM;
        ask->key = child_id(c, i);
        ask->user = arena_printf(c->arena,
                                 "{\"kind\":\"toy_reduce\",\"budget\":{\"calls\":%d},"
                                 "\"input\":{\"count\":%d,\"width\":3}}",
                                 i == poor ? 0 : 100, 3 + i);
        if (!ask->key || !ask->user)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err spawn_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    enum err code = toy_failure(a);
    (void)c;
    if (code)
        next_fail(next, code);
    else
        next_goto(next, "wait", 0);
    return ERR_OK;
}

static enum err wait_finish(struct campaign *c, const struct answers *a,
                            struct next *next)
{
    (void)a;
    int ended = 0, children = toy_input(c, "children", 3);
    for (int i = 0; i < c->child_count; i++) {
        enum campaign_state state;
        ended += campaign_state_from(c->children[i].state, &state) &&
                 campaign_state_is_terminal(state);
    }
    c->progress = 100 * ended / children;
    if (ended == children)
        next_goto(next, "gather", 0);
    else
        next_wait(next, "wait", c->iteration + 1, WAKE_CHILDREN, 0);
    return ERR_OK;
}

static enum err gather_plan(struct campaign *c, struct ask_list *asks)
{
    int children = toy_input(c, "children", 3);
    for (int i = 0; i < children; i++) {
        struct ask *ask = ask_add(asks, ASK_RESULT);
        if (!ask)
            return ERR_NOMEM;
        ask->key = child_id(c, i);
        if (!ask->key)
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err gather_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    double total = 0;
    int failed = 0;
    for (int i = 0; i < a->count; i++) {
        const struct json *doc = a->items[i].reply;
        failed += strcmp(json_str(json_get(doc, "state"), ""), "done") != 0;
        total += json_num(json_get(json_get(doc, "memo"), "total"), 0);
    }
    if (failed)
        next_fail(next, ERR_DEPENDENCY);
    else
        next_done(next);
    return json_set_num(c->memo, "total", total);
}

static const struct stage stages[] = {
    {"spawn", spawn_plan, NULL, spawn_finish},
    {"wait", toy_plan_nothing, NULL, wait_finish},
    {"gather", gather_plan, NULL, gather_finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_toy_family = {
    .name = "toy_family", .meaning = "children and fan-in", .stages = stages};
