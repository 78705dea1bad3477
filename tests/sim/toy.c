/* toy.c: what the toy kinds share. */
#include "tests/sim/toy.h"

const char toy_sum_schema[] =
    "{\"type\":\"object\",\"properties\":{\"sum\":{\"type\":\"integer\"}},"
    "\"required\":[\"sum\"],\"additionalProperties\":false}";

struct ask *toy_chat(struct ask_list *asks, const char *schema, const char *user)
{
    struct ask *ask = user ? ask_add(asks, ASK_CHAT) : NULL;
    if (!ask)
        return NULL;
    ask->system = "";
    ask->user = user;
    ask->schema_name = "toy";
    ask->schema = schema;
    ask->max_tokens = 100;
    return ask;
}

int toy_input(const struct campaign *c, const char *name, int fallback)
{
    return (int)json_int(json_get(c->spec->input, name), fallback);
}

enum err toy_failure(const struct answers *a)
{
    for (int i = 0; i < a->count; i++) {
        if (a->items[i].code)
            return a->items[i].code;
    }
    return ERR_OK;
}

enum err toy_push(struct campaign *c, const char *list, double n)
{
    if (!json_get(c->memo, list)) {
        enum err e = json_set(c->memo, list, json_new_array());
        if (e)
            return e;
    }
    return json_push(json_mut(c->memo, list), json_new_num(n));
}

enum err toy_plan_nothing(struct campaign *c, struct ask_list *asks)
{
    (void)c;
    (void)asks;
    return ERR_OK;
}
