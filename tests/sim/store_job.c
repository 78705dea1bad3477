/* store_job.c: the queue: due times, claims, crashes, mailboxes. */
#include "tests/sim/host.h"
#include "tests/sim/store.h"
#include <string.h>

#define CRASHES_MAX 5

static void on_take_back(struct world *w, void *arg);
struct claim {
    struct store_campaign *campaign;
    int64_t fence;
};

static void claim(struct store_campaign *c, struct host *h)
{
    struct world *w = c->world;
    c->job = JOB_CLAIMED;
    c->fence++;
    c->owner = host_name(h);
    c->is_loaded = false;
    c->progress_claim = c->progress;
    struct claim *given = world_alloc(w, sizeof *given);
    given->campaign = c;
    given->fence = c->fence;
    world_at(w, 2 * STORE_LEASE_US, on_take_back, given);
    host_claimed(h, c->id, c->fence);
}

static void on_dispatch(struct world *w, void *arg)
{
    (void)arg;
    bool left = false;
    w->store->dispatching = false;
    for (struct store_campaign *c = w->store->campaigns; c; c = c->next) {
        struct host *h = c->job == JOB_QUEUED ? host_free_one(w) : NULL;
        if (h)
            claim(c, h);
        left |= c->job == JOB_QUEUED;
    }
    if (left && host_any(w)) {
        w->store->dispatching = true;
        world_at(w, WORLD_SECOND_US, on_dispatch, NULL);
    }
}

void store_dispatch(struct world *w)
{
    if (w->store->dispatching)
        return;
    w->store->dispatching = true;
    world_at(w, 1000, on_dispatch, NULL);
}

void store_enqueue(struct store_campaign *c)
{
    c->job = JOB_QUEUED;
    c->due_ms = 0;
    store_dispatch(c->world);
}

static void on_take_back(struct world *w, void *arg)
{
    struct claim *given = arg;
    struct store_campaign *c = given->campaign;
    (void)w;
    if (!store_holds(c, given->fence) || c->is_loaded)
        return;
    c->fence++;
    store_enqueue(c);
}

static void on_due(struct world *w, void *arg)
{
    struct store_campaign *c = arg;
    if (c->job == JOB_WAITING && c->due_ms && c->due_ms <= world_now_ms(w))
        store_enqueue(c);
}

void store_due(struct store_campaign *c, int64_t at_ms)
{
    if (c->due_ms && c->due_ms <= at_ms)
        return;
    c->due_ms = at_ms;
    world_at(c->world, (at_ms - world_now_ms(c->world)) * 1000, on_due, c);
}

void store_wake(struct store_campaign *c, int what)
{
    if (c->job == JOB_WAITING && (c->wake & what))
        store_due(c, world_now_ms(c->world));
    else if (c->job == JOB_WAITING || c->job == JOB_CLAIMED)
        c->dirty |= what;
}

void store_finish(struct store_campaign *c, enum store_job as, const char *state,
                  const char *error)
{
    c->job = as;
    c->state = world_text(c->world, state);
    c->error = world_text(c->world, error);
    c->wake = 0;
    c->ended++;
    world_say(c->world, "%s ended: %s %s", c->id, state, error);
    struct store_campaign *parent = store_find(c->world, c->parent);
    if (!parent || parent->ended)
        return;
    int i = 0;
    while (i < parent->kid_count && strcmp(parent->kids[i].id, c->id) != 0)
        i++;
    check(i < STORE_KIDS_MAX);
    parent->kids[i] = (struct campaign_child){.id = c->id, .state = c->state};
    parent->kid_count += i == parent->kid_count;
    store_wake(parent, WAKE_CHILDREN);
}

void store_reap(struct world *w, int owner)
{
    for (struct store_campaign *c = w->store->campaigns; c; c = c->next) {
        if (c->job != JOB_CLAIMED || c->owner != owner)
            continue;
        c->crashes = (c->progress == c->progress_claim ? c->crashes : 0) + 1;
        for (const struct store_record *r = c->journal; r; r = r->next)
            w->in_flight_at_crash += r->held && !r->in_batch && r->fence == c->fence;
        c->fence++;
        if (c->crashes < CRASHES_MAX)
            store_enqueue(c);
        else
            store_finish(c, JOB_DEAD, "failed", "crashes");
    }
}

enum err store_release(struct store_campaign *c, int64_t fence)
{
    if (!store_holds(c, fence))
        return c->released_fence == fence ? ERR_OK : ERR_FENCED;
    for (const struct store_record *r = c->journal; r; r = r->next)
        c->world->in_flight_at_crash += r->held && !r->in_batch && r->fence == fence;
    c->released_fence = fence;
    store_enqueue(c);
    return ERR_OK;
}

bool store_mail(struct store_campaign *c, const char *order, const char *variant)
{
    if (c->ended)
        return false;
    check(c->mail_count < STORE_MAIL_MAX);
    char *text = arena_printf(&c->world->arena,
                              "{\"do\":\"%s\",\"v\":\"%s\",\"by\":\"ann\","
                              "\"text\":\"\",\"via\":\"cli\",\"t\":1}",
                              order, variant);
    check(text);
    c->mail[c->mail_count++] = text;
    world_say(c->world, "%s gets mail: %s %s", c->id, order, variant);
    store_wake(c, WAKE_MAIL);
    if (c->job == JOB_CLAIMED)
        host_poke(c->world, c->owner, c->id);
    return true;
}
