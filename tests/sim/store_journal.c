/* store_journal.c: reserving and settling, as reserve.lua, settle.lua and load.lua. */
#include "tests/sim/judge.h"
#include "tests/sim/store.h"
#include <string.h>

static bool is_at(const struct store_record *r, const struct store_place *at)
{
    return r->place.index == at->index && r->place.iteration == at->iteration &&
           strcmp(r->place.stage, at->stage) == 0;
}

struct store_record *store_record(const struct store_campaign *c,
                                  const struct store_place *at, int attempt)
{
    struct store_record *r = c->journal;
    while (r && (r->attempt != attempt || !is_at(r, at)))
        r = r->next;
    return r;
}

static struct store_record *add(struct store_campaign *c, const struct store_place *at,
                                int attempt)
{
    struct store_record *r = world_alloc(c->world, sizeof *r);
    r->place = *at;
    r->place.stage = world_text(c->world, at->stage);
    r->attempt = attempt;
    r->next = c->journal;
    c->journal = r;
    return r;
}

static void move(struct store_campaign *c, const struct store_record *r, int sign)
{
    c->reserved[CALLS] += sign;
    c->reserved[TOKENS] += sign * r->tokens;
    c->reserved[NANO] += sign * r->usd_nano;
}

static const char *batch_text(struct store_campaign *c, const char *mark,
                              const char *name)
{
    const char *more =
        *name ? arena_printf(&c->world->arena, ",\"n\":\"%s\"", name) : "";
    const char *text = arena_printf(
        &c->world->arena,
        "{\"s\":\"sent\",\"t\":%lld,\"b\":\"%s\",\"e\":\"" STORE_ENDPOINT "\"%s}",
        (long long)world_now_ms(c->world), mark, more ? more : "");
    check(text);
    return text;
}

enum port_verdict store_reserve(struct store_campaign *c, int64_t fence,
                                const struct store_place *at, int attempt,
                                const struct port_estimate *most, const char *batch)
{
    struct store_record *r = store_record(c, at, attempt);
    if (r)
        return r->held && (r->fence == fence || r->in_batch) ? PORT_GRANTED
                                                             : PORT_EXISTS;
    const int64_t cost[MONIES] = {1, most->tokens, most->usd_nano};
    for (int i = 0; i < MONIES; i++) {
        if (c->most[i] >= 0 && c->spent[i] + c->reserved[i] + cost[i] > c->most[i])
            return PORT_OVER_BUDGET;
    }
    r = add(c, at, attempt);
    r->what = RECORD_SENT;
    r->text = "{\"s\":\"sent\",\"t\":1}";
    if (batch)
        r->text = batch_text(c, batch, "");
    r->in_batch = batch != NULL;
    r->held = r->is_call = true;
    r->fence = fence;
    r->tokens = most->tokens;
    r->usd_nano = most->usd_nano;
    move(c, r, 1);
    return PORT_GRANTED;
}

enum err store_settle(struct store_campaign *c, const struct store_settlement *s)
{
    if (!store_holds(c, s->fence))
        return ERR_FENCED;
    struct store_record *r = store_record(c, &s->place, s->attempt);
    if (r && !r->held)
        return ERR_OK; /* a repeat */
    if (!r)
        r = add(c, &s->place, s->attempt);
    r->what = s->ok ? RECORD_OK : RECORD_ERR;
    r->text = world_text(c->world, s->record);
    r->is_call = s->is_call;
    if (r->held)
        move(c, r, -1);
    r->held = false;
    if (s->is_call) {
        c->spent[CALLS] += s->was_sent;
        c->spent[TOKENS] += s->tokens;
        c->spent[NANO] += s->usd_nano;
    }
    c->progress++;
    return ERR_OK;
}

static void lose(struct store_campaign *c, struct store_record *r)
{
    move(c, r, -1);
    r->held = false;
    r->what = RECORD_LOST;
    r->text = "{\"s\":\"lost\",\"t\":1}";
    c->spent[CALLS]++;
    c->spent[TOKENS] += r->tokens;
    c->spent[NANO] += r->usd_nano;
    c->lost++;
}

int store_lose(struct store_campaign *c, int64_t fence)
{
    int lost = 0;
    for (struct store_record *r = c->journal; r; r = r->next) {
        if (!r->held || r->in_batch || r->fence == fence)
            continue;
        lose(c, r);
        lost++;
    }
    return lost;
}

void store_lose_batches(struct store_campaign *c)
{
    for (struct store_record *r = c->journal; r; r = r->next) {
        if (!r->held || !r->in_batch)
            continue;
        c->world->in_flight_at_crash++;
        lose(c, r);
    }
}

enum err store_hold(struct store_campaign *c, int64_t fence, const char *mark,
                    const char *name, const struct store_place *at, const int *attempts,
                    int count, int64_t delay_ms)
{
    if (!store_holds(c, fence))
        return c->released_fence == fence ? ERR_OK : ERR_FENCED;
    for (int i = 0; i < count; i++) {
        struct store_record *r = store_record(c, &at[i], attempts[i]);
        if (r && r->held)
            r->text = batch_text(c, mark, name);
    }
    c->progress += count > 0;
    if (delay_ms < 0)
        return ERR_OK;
    c->released_fence = fence;
    c->job = JOB_WAITING;
    c->wake = WAKE_TIME | WAKE_MAIL;
    c->due_ms = 0;
    bool now = c->dirty & c->wake;
    store_due(c, world_now_ms(c->world) + (now ? 0 : delay_ms));
    return ERR_OK;
}
