/* scenario_people.c: reviewers, shoppers and operators. */
#include "core/base/hash.h"
#include "tests/sim/host.h"
#include "tests/sim/scenario.h"
#include <stdlib.h>
#include <string.h>

#define SHOP_DAYS 24
#define SHOPPERS 6000

struct letter {
    struct store_campaign *campaign;
    const char *order, *variant;
};

static void on_letter(struct world *w, void *arg)
{
    const struct letter *l = arg;
    (void)w;
    store_mail(l->campaign, l->order, l->variant);
}

static void write_to(struct store_campaign *c, int64_t after_us, const char *order,
                     const char *variant)
{
    struct letter *l = world_alloc(c->world, sizeof *l);
    *l = (struct letter){c, order, variant};
    world_at(c->world, after_us, on_letter, l);
}

static bool is_first_review(struct store_campaign *c)
{
    return strcmp(c->state, "review") == 0 && c->turns++ == 0;
}

void people_approve(struct world *w, struct store_campaign *c)
{
    (void)w;
    if (is_first_review(c))
        write_to(c, WORLD_HOUR_US, "approve", "all");
}

void people_approve_some(struct world *w, struct store_campaign *c)
{
    (void)w;
    if (!is_first_review(c))
        return;
    write_to(c, WORLD_HOUR_US, "reject", "v1");
    write_to(c, WORLD_HOUR_US + 100, "approve", "v2");
    write_to(c, WORLD_HOUR_US + 2 * WORLD_SECOND_US, "pause", "");
    write_to(c, 2 * WORLD_HOUR_US, "approve", "v3");
    write_to(c, 3 * WORLD_HOUR_US, "resume", "");
    write_to(c, 4 * WORLD_HOUR_US, "approve", "all");
}

void people_redo(struct world *w, struct store_campaign *c)
{
    (void)w;
    if (strcmp(c->state, "review") == 0 && c->turns < 3)
        write_to(c, WORLD_HOUR_US, c->turns++ < 2 ? "reject" : "approve", "v1");
}

static void on_shop(struct world *w, void *arg)
{
    struct store_campaign *c = arg;
    for (int i = 0; i < c->variants.count && !c->ended; i++) {
        struct store_thing *v = c->variants.items[i];
        double rate =
            0.01 + 0.08 * (double)(hash_fast_str(store_get(v, "text"), 7) % 97) / 97;
        double share = strtod(store_get(v, "weight"), NULL);
        int64_t seen = (int64_t)(SHOPPERS * share);
        if (seen)
            store_count(c, v, seen, (int64_t)((double)seen * rate));
    }
    (void)w;
}

void people_shop(struct world *w, struct store_campaign *c)
{
    if (strcmp(c->state, "live") != 0 || c->job != JOB_WAITING || c->turns >= SHOP_DAYS)
        return;
    c->turns++;
    world_at(w, WORLD_HOUR_US, on_shop, c);
}

void people_cancel(struct world *w)
{
    write_to(store_find(w, SCENARIO_ID), WORLD_SECOND_US / 10, "cancel", "");
}

void people_deadline(struct world *w)
{
    write_to(store_find(w, SCENARIO_ID), WORLD_SECOND_US / 10, "deadline", "");
}

void people_deadline_paused(struct world *w)
{
    struct store_campaign *c = store_find(w, SCENARIO_ID);
    write_to(c, WORLD_SECOND_US / 10, "pause", "");
    write_to(c, WORLD_HOUR_US, "deadline", "");
}

void people_cancel_late(struct world *w)
{
    write_to(store_find(w, SCENARIO_ID), 600 * WORLD_SECOND_US, "cancel", "");
}

void people_pause(struct world *w)
{
    struct store_campaign *c = store_find(w, SCENARIO_ID);
    write_to(c, WORLD_SECOND_US / 10, "pause", "");
    write_to(c, WORLD_HOUR_US, "resume", "");
}

void people_pause_and_resume_at_once(struct world *w)
{
    struct store_campaign *c = store_find(w, SCENARIO_ID);
    write_to(c, WORLD_SECOND_US / 10, "pause", "");
    write_to(c, WORLD_SECOND_US / 10 + 300, "resume", "");
}

static void on_drain(struct world *w, void *arg)
{
    host_drain(w->hosts[0], arg != NULL);
}

void people_drain(struct world *w)
{
    world_at(w, WORLD_SECOND_US / 8, on_drain, NULL);
}

void people_drain_now(struct world *w)
{
    world_at(w, WORLD_SECOND_US / 8, on_drain, w);
}

static void on_look(struct world *w, void *arg)
{
    const struct store_campaign *c = store_find(w, SCENARIO_ID);
    if (arg ? !c->ended : c->job != JOB_WAITING)
        world_fail(w, "%s: %s while its endpoint is closed", c->id,
                   arg ? "it goes on after its cancel" : "a worker has it");
}

void people_see_it_parked(struct world *w)
{
    if (!w->plan.chaos)
        world_at(w, 30 * WORLD_SECOND_US, on_look, NULL);
}

void people_cancel_parked(struct world *w)
{
    write_to(store_find(w, SCENARIO_ID), 31 * WORLD_SECOND_US, "cancel", "");
    people_see_it_parked(w);
    if (!w->plan.chaos)
        world_at(w, 60 * WORLD_SECOND_US, on_look, w);
}

static void on_silence(struct world *w, void *arg)
{
    (void)arg;
    if (w->hosts[0]->alive)
        host_silence(w->hosts[0], 5 * WORLD_SECOND_US);
}

/* A worker whose heartbeat stops while its calls go on. */
void people_silence(struct world *w)
{
    world_at(w, WORLD_SECOND_US / 20, on_silence, NULL);
}
