/* toy_reduce.c: map `count` numbers by calls, page by page, then add them up in a tree
 * whose depth nobody knows before: one level is one iteration. */
#include "tests/sim/toy.h"
#include <stdio.h>
#include <string.h>

extern const struct kind kind_toy_reduce;

static enum err map_plan(struct campaign *c, struct ask_list *asks)
{
    int count = toy_input(c, "count", 10), page = toy_input(c, "page", 100);
    for (int i = c->iteration * page; i < count && i < (c->iteration + 1) * page; i++) {
        const char *user = arena_printf(c->arena, "TOY square %d", i + 1);
        if (!toy_chat(asks, toy_sum_schema, user))
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err accept(const struct campaign *c, const struct ask *ask,
                       const struct json *reply, struct objection *o)
{
    (void)c;
    (void)ask;
    if (json_int(json_get(reply, "sum"), 0) < 0)
        objection_raise(o, "A sum of squares is never negative.");
    return ERR_OK;
}

static enum err keep(struct campaign *c, const struct answers *a)
{
    enum err e = ERR_OK;
    for (int i = 0; i < a->count && !e; i++)
        e = toy_push(c, "values", json_num(json_get(a->items[i].reply, "sum"), 0));
    return e;
}

static enum err map_finish(struct campaign *c, const struct answers *a,
                           struct next *next)
{
    int count = toy_input(c, "count", 10), page = toy_input(c, "page", 100);
    enum err code = toy_failure(a);
    if (code) {
        next_fail(next, code);
        return ERR_OK;
    }
    if ((c->iteration + 1) * page < count)
        next_goto(next, "map", c->iteration + 1);
    else
        next_goto(next, "reduce", 0);
    return keep(c, a);
}

static enum err reduce_plan(struct campaign *c, struct ask_list *asks)
{
    const struct json *values = json_get(c->memo, "values");
    int width = toy_input(c, "width", 4), n = 0;
    char line[2000] = "";
    json_each (value, values) {
        size_t used = strlen(line);
        snprintf(line + used, sizeof line - used, " %lld",
                 (long long)json_int(value, 0));
        bool full = ++n % width == 0 || n == (int)json_count(values);
        if (full &&
            !toy_chat(asks, toy_sum_schema, arena_printf(c->arena, "TOY sum%s", line)))
            return ERR_NOMEM;
        if (full)
            line[0] = '\0';
    }
    return ERR_OK;
}

static enum err reduce_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    enum err code = toy_failure(a);
    if (code) {
        next_fail(next, code);
        return ERR_OK;
    }
    json_remove(c->memo, "values");
    if (a->count > 1) {
        next_goto(next, "reduce", c->iteration + 1);
        return keep(c, a);
    }
    next_done(next);
    return json_set_num(c->memo, "total",
                        json_num(json_get(a->items[0].reply, "sum"), 0));
}

static const struct stage stages[] = {
    {"map", map_plan, accept, map_finish},
    {"reduce", reduce_plan, accept, reduce_finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_toy_reduce = {
    .name = "toy_reduce", .meaning = "a reduce of unknown depth", .stages = stages};
