/* toy_rounds.c: one round a day for three days. A pause may wake it early, so the due
 * time is part of what it remembers. */
#include "tests/sim/toy.h"

#define DAYS 3
#define DAY_MS 86400000

extern const struct kind kind_toy_rounds;

static int64_t due(const struct campaign *c)
{
    return json_int(json_get(c->memo, "due_ms"), 0);
}

static enum err plan(struct campaign *c, struct ask_list *asks)
{
    for (int i = 0; i < 2 && c->now_ms >= due(c); i++) {
        const char *user =
            arena_printf(c->arena, "TOY square %d", c->iteration * 2 + i);
        if (!toy_chat(asks, toy_sum_schema, user))
            return ERR_NOMEM;
    }
    return ERR_OK;
}

static enum err finish(struct campaign *c, const struct answers *a, struct next *next)
{
    enum err e = toy_failure(a);
    if (!a->count) { /* not yet */
        next_wait(next, "day", c->iteration, WAKE_TIME | WAKE_MAIL, due(c));
        return ERR_OK;
    }
    if (e) {
        next_fail(next, e);
        return ERR_OK;
    }
    for (int i = 0; i < a->count && !e; i++)
        e = toy_push(c, "days", json_num(json_get(a->items[i].reply, "sum"), 0));
    if (!e && c->iteration + 1 < DAYS)
        e = json_set_num(c->memo, "due_ms", (double)(c->now_ms + DAY_MS));
    else
        json_remove(c->memo, "due_ms");
    if (c->iteration + 1 < DAYS)
        next_wait(next, "day", c->iteration + 1, WAKE_TIME | WAKE_MAIL, due(c));
    else
        next_done(next);
    return e;
}

static const struct stage stages[] = {
    {"day", plan, NULL, finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_toy_rounds = {
    .name = "toy_rounds", .meaning = "rounds over three days", .stages = stages};
