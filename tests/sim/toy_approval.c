/* toy_approval.c: a draft that a person must approve; a rejection asks for another. */
#include "tests/sim/toy.h"
#include <string.h>

extern const struct kind kind_toy_approval;

static const char schema[] =
    "{\"type\":\"object\",\"properties\":{\"text\":{\"type\":\"string\"}},"
    "\"required\":[\"text\"],\"additionalProperties\":false}";

static enum err draft_plan(struct campaign *c, struct ask_list *asks)
{
    const char *user = arena_printf(c->arena, "TOY draft %d", c->iteration);
    return toy_chat(asks, schema, user) ? ERR_OK : ERR_NOMEM;
}

static enum err draft_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    enum err code = toy_failure(a);
    if (code) {
        next_fail(next, code);
        return ERR_OK;
    }
    next_goto(next, "review", c->iteration);
    return json_set_str(c->memo, "text",
                        json_str(json_get(a->items[0].reply, "text"), ""));
}

static enum err review_finish(struct campaign *c, const struct answers *a,
                              struct next *next)
{
    (void)a;
    c->state = CAMPAIGN_REVIEW;
    next_wait(next, "review", c->iteration, WAKE_MAIL, 0);
    for (int i = 0; i < c->mail_count; i++) {
        c->state = CAMPAIGN_RUNNING;
        if (c->mail[i].kind == MAIL_APPROVE)
            next_done(next);
        else
            next_goto(next, "draft", c->iteration + 1);
    }
    c->mail_count = 0;
    return ERR_OK;
}

static const struct stage stages[] = {
    {"draft", draft_plan, NULL, draft_finish},
    {"review", toy_plan_nothing, NULL, review_finish},
    {NULL, NULL, NULL, NULL},
};
const struct kind kind_toy_approval = {
    .name = "toy_approval", .meaning = "waits for a person", .stages = stages};
