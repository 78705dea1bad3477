/* store.c: campaigns as they come in. */
#include "tests/sim/store.h"
#include "core/base/json.h"
#include "tests/sim/scenario.h"
#include <math.h>
#include <string.h>

void store_new(struct world *w)
{
    w->store = world_alloc(w, sizeof *w->store);
}

struct store_campaign *store_find(struct world *w, const char *id)
{
    struct store_campaign *c = w->store->campaigns;
    while (c && strcmp(c->id, id) != 0)
        c = c->next;
    return c;
}

bool store_holds(const struct store_campaign *c, int64_t fence)
{
    return c->job == JOB_CLAIMED && c->fence == fence;
}

static void read_budget(struct store_campaign *c)
{
    struct json *j = NULL;
    struct err_detail d;
    check(json_parse(c->spec, strlen(c->spec), &json_limits_spec, &j, &d) == ERR_OK);
    const struct json *budget = json_get(j, "budget");
    double usd = json_num(json_get(budget, "usd"), -1);
    c->most[CALLS] = json_int(json_get(budget, "calls"), -1);
    c->most[TOKENS] = json_int(json_get(budget, "tokens"), -1);
    c->most[NANO] = usd < 0 ? -1 : llround(usd * 1e9);
    json_free(j);
}

/* In the order of their ids, so that two runs tell the same in the same order. */
static void insert(struct store *s, struct store_campaign *c)
{
    struct store_campaign **at = &s->campaigns;
    while (*at && strcmp((*at)->id, c->id) < 0)
        at = &(*at)->next;
    c->next = *at;
    *at = c;
}

enum err store_admit(struct world *w, const char *id, const char *parent,
                     const char *spec)
{
    struct store_campaign *c = store_find(w, id);
    if (c)
        return strcmp(c->spec, spec) == 0 ? ERR_OK : ERR_ID_CONFLICT;
    c = world_alloc(w, sizeof *c);
    c->world = w;
    c->id = world_text(w, id);
    c->parent = world_text(w, parent);
    c->spec = world_text(w, spec);
    c->checkpoint = c->stage = c->error = c->memo = "";
    c->state = "queued";
    insert(w->store, c);
    read_budget(c);
    if (c->most[CALLS] == 0 || c->most[TOKENS] == 0 || c->most[NANO] == 0) {
        store_finish(c, JOB_DONE, "over_budget", "over_budget");
        return ERR_OK;
    }
    struct store_campaign *p = store_find(w, parent);
    if (p && p->kid_count < STORE_KIDS_MAX)
        p->kids[p->kid_count++] =
            (struct campaign_child){.id = c->id, .state = "queued"};
    store_enqueue(c);
    return ERR_OK;
}

enum err store_bear(struct store_campaign *parent, int64_t fence, const char *id,
                    const char *spec)
{
    struct world *w = parent->world;
    const struct scenario *s = w->plan.scenario;
    int64_t hour = (w->now_us - WORLD_START_US) / WORLD_HOUR_US;
    if (s->full_h[1] && !w->spawn_taken && store_holds(parent, fence)) {
        w->spawn_taken = true;
        (void)store_release(parent, fence);
    }
    if (!store_find(w, id) && !store_holds(parent, fence))
        return ERR_FENCED;
    if (!store_find(w, id) && hour >= s->full_h[0] && hour < s->full_h[1])
        return ERR_BUSY;
    return store_admit(w, id, parent->id, spec);
}

const char *store_get(const struct store_thing *t, const char *name)
{
    for (int i = 0; i < t->field_count; i++) {
        if (strcmp(t->fields[i].name, name) == 0)
            return t->fields[i].value;
    }
    return "";
}

void store_set(struct world *w, struct store_thing *t, const char *name,
               const char *value)
{
    int i = 0;
    while (i < t->field_count && strcmp(t->fields[i].name, name) != 0)
        i++;
    check(i < STORE_FIELDS_MAX);
    t->fields[i].name = world_text(w, name);
    t->fields[i].value = world_text(w, value);
    t->field_count += i == t->field_count;
}
