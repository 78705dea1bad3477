/* store_commit.c: checkpoints, as commit.lua, and the counters that readers move. */
#include "core/base/json.h"
#include "tests/sim/judge.h"
#include "tests/sim/scenario.h"
#include "tests/sim/store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RERANK_EVENTS 200
#define RERANK_MS 60000

static void set_num(struct world *w, struct store_thing *t, const char *name, double n)
{
    char text[40];
    snprintf(text, sizeof text, "%.17g", n);
    store_set(w, t, name, text);
}

static struct store_thing *thing(struct world *w, struct store_things *list,
                                 const char *id)
{
    for (int i = 0; i < list->count; i++) {
        if (strcmp(list->items[i]->id, id) == 0)
            return list->items[i];
    }
    check(list->count < STORE_THINGS_MAX);
    struct store_thing *t = world_alloc(w, sizeof *t);
    t->id = world_text(w, id);
    list->items[list->count++] = t;
    return t;
}

static void fill_variant(struct world *w, const struct campaign *c,
                         const struct variant *v, struct store_commit *to)
{
    struct store_thing *t = thing(w, &to->variants, v->id);
    store_set(w, t, "placement", c->placements[v->placement].spec->name);
    store_set(w, t, "text", v->text);
    store_set(w, t, "state", variant_state_name(v->state));
    store_set(w, t, "angle", v->angle);
    store_set(w, t, "parent", v->parent);
    store_set(w, t, "reason", v->reason);
    store_set(w, t, "reviewer", v->reviewer);
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"weight", v->weight},
                   {"p_best", v->p_best},
                   {"expected_loss", v->expected_loss},
                   {"rate", v->rate},
                   {"rate_lo", v->rate_lo},
                   {"rate_hi", v->rate_hi},
                   {"prior_mean", v->prior_mean},
                   {"prior_weight", v->prior_weight},
                   {"losing_batches", v->losing_batches},
                   {"usd_nano", (double)v->usd_nano},
                   {"round", v->round}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        set_num(w, t, numbers[i].name, numbers[i].value);
}

static const char *checkpoint_of(struct world *w, const struct campaign *c,
                                 const struct next *next)
{
    struct buf out;
    buf_init(&out, (size_t)4 << 20);
    check(campaign_save(c, next->stage, next->iteration, &out) == ERR_OK);
    const char *text = world_text(w, buf_str(&out));
    buf_fini(&out);
    return text;
}

void store_commit_fill(struct world *w, const struct port_commit *from,
                       struct store_commit *to)
{
    const struct campaign *c = from->campaign;
    const struct next *next = from->next;
    struct buf memo;
    check(c); /* here every job can be read */
    buf_init(&memo, (size_t)4 << 20);
    check(json_print(c->memo, &memo) == ERR_OK);
    *to = (struct store_commit){.fence = from->fence,
                                .number = from->progress,
                                .type = next->type,
                                .state = campaign_state_name(c->state),
                                .error = c->error ? err_code(c->error) : "",
                                .memo = world_text(w, buf_str(&memo)),
                                .iteration = next->iteration,
                                .wake = next->wake,
                                .mail_taken = c->mail_taken,
                                .until_ms = next->until_ms};
    buf_fini(&memo);
    if (next->type == NEXT_GOTO || next->type == NEXT_WAIT) {
        to->stage = world_text(w, next->stage);
        to->checkpoint = checkpoint_of(w, c, next);
    }
    for (int i = 0; i < c->variant_count; i++) {
        if (c->variants[i].is_new || c->variants[i].changed)
            fill_variant(w, c, &c->variants[i], to);
    }
    for (int i = 0; i < c->placement_count; i++) {
        const struct campaign_placement *p = &c->placements[i];
        if (!p->changed)
            continue;
        struct store_thing *t = thing(w, &to->placements, p->spec->name);
        t->epoch = p->epoch;
        store_set(w, t, "leader", p->leader >= 0 ? c->variants[p->leader].id : "");
        set_num(w, t, "lift", p->lift);
        set_num(w, t, "lift_lo", p->lift_lo);
        set_num(w, t, "lift_hi", p->lift_hi);
        set_num(w, t, "tied", p->tied);
    }
}

static void merge(struct world *w, struct store_things *to,
                  const struct store_things *from)
{
    for (int i = 0; i < from->count; i++) {
        const struct store_thing *f = from->items[i];
        struct store_thing *t = thing(w, to, f->id);
        t->epoch = f->epoch;
        for (int k = 0; k < f->field_count; k++)
            store_set(w, t, f->fields[k].name, f->fields[k].value);
    }
}

static void take_mail(struct store_campaign *c, int count)
{
    check(count <= c->mail_count);
    c->mail_count -= count;
    memmove(c->mail, c->mail + count, (size_t)c->mail_count * sizeof *c->mail);
    if (!c->mail_count)
        c->dirty &= ~WAKE_MAIL;
}

static void wait(struct store_campaign *c, const struct store_commit *commit)
{
    int64_t now = world_now_ms(c->world), at = 0;
    c->job = JOB_WAITING;
    c->wake = commit->wake;
    c->due_ms = 0;
    if ((c->wake & WAKE_TIME) && commit->until_ms > 0)
        at = commit->until_ms;
    if ((c->wake & WAKE_EVENTS) && c->pending_events > 0) {
        int64_t soon = c->pending_events >= RERANK_EVENTS ? now : now + RERANK_MS;
        at = at && at < soon ? at : soon;
    }
    if (c->wake & c->dirty)
        at = now;
    if (at)
        store_due(c, at);
}

static void apply(struct store_campaign *c, const struct store_commit *commit)
{
    merge(c->world, &c->variants, &commit->variants);
    merge(c->world, &c->placements, &commit->placements);
    take_mail(c, commit->mail_taken);
    c->memo = commit->memo;
    if (commit->type == NEXT_DONE || commit->type == NEXT_FAIL) {
        store_lose_batches(c);
        store_finish(c, JOB_DONE, commit->state, commit->error);
        return;
    }
    c->state = commit->state;
    c->checkpoint = commit->checkpoint;
    c->stage = commit->stage;
    c->iteration = commit->iteration;
    if (commit->type == NEXT_WAIT)
        wait(c, commit);
}

enum err store_commit(struct store_campaign *c, const struct store_commit *commit)
{
    if (c->commit_fence == commit->fence && commit->number == c->commits - 1)
        return ERR_OK; /* a repeat */
    if (!store_holds(c, commit->fence) || commit->number != c->commits)
        return ERR_FENCED;
    judge_commit(c);
    c->commits++;
    c->commit_fence = commit->fence;
    c->progress++;
    apply(c, commit);
    world_say(c->world, "%s commit %lld: %s, %s %s/%d", c->id, (long long)c->commits,
              c->state, commit->type == NEXT_WAIT ? "waits for" : "next",
              commit->stage ? commit->stage : "-", commit->iteration);
    if (c->world->plan.scenario->on_commit)
        c->world->plan.scenario->on_commit(c->world, c);
    return ERR_OK;
}

static void add_num(struct world *w, struct store_thing *t, const char *name, int64_t n)
{
    set_num(w, t, name, (double)(strtoll(store_get(t, name), NULL, 10) + n));
}

void store_count(struct store_campaign *c, struct store_thing *variant,
                 int64_t impressions, int64_t clicks)
{
    add_num(c->world, variant, "impressions", impressions);
    add_num(c->world, variant, "clicks", clicks);
    c->pending_events += impressions + clicks;
    if (c->job == JOB_WAITING && (c->wake & WAKE_EVENTS))
        store_due(c, world_now_ms(c->world) +
                         (c->pending_events >= RERANK_EVENTS ? 0 : RERANK_MS));
}
