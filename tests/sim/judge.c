/* judge.c: the invariants, and the digest of what a campaign resulted in. */
#include "tests/sim/judge.h"
#include "tests/sim/scenario.h"
#include "workers/run/run.h"
#include <string.h>

void judge_granted(const struct host *h, const char *id, const struct store_place *at,
                   const int *attempts, const enum port_verdict *verdicts, int count)
{
    const struct store_campaign *c = store_find(h->world, id);
    for (int i = 0; i < count && verdicts; i++) {
        struct store_record *r = store_record(c, &at[i], attempts[i]);
        if (verdicts[i] == PORT_GRANTED)
            r->granted_to = h;
    }
}

static bool same_place(const struct store_place *a, const struct store_place *b)
{
    return a->index == b->index && a->iteration == b->iteration &&
           strcmp(a->stage, b->stage) == 0;
}

/* An error that no retry mends; a call that we cancelled ourselves says nothing. */
static bool is_final(const struct store_record *r)
{
    return r->what == RECORD_ERR && strstr(r->text, "\"retry\":false") &&
           !strstr(r->text, "\"code\":\"cancelled\"");
}

/* The holder of the job must not ask again for what it has. */
static void judge_repeat(const struct store_campaign *c, const struct store_record *r)
{
    int refused = 0;
    for (const struct store_record *o = c->journal; o; o = o->next) {
        if (o == r || !same_place(&o->place, &r->place))
            continue;
        if (is_final(o))
            world_fail(c->world, "%s: %s/%d/%d is asked again after a final error",
                       c->id, r->place.stage, r->place.iteration, r->place.index);
        if (o->what != RECORD_OK)
            continue;
        refused += !o->good;
        if (o->good)
            world_fail(c->world,
                       "%s: %s/%d/%d is asked again after attempt %d was stored", c->id,
                       r->place.stage, r->place.iteration, r->place.index, o->attempt);
    }
    if (refused > 1)
        world_fail(c->world, "%s: %s/%d/%d is asked again after two refusals", c->id,
                   r->place.stage, r->place.iteration, r->place.index);
    if (c->ended || strcmp(c->state, "paused") == 0)
        world_fail(c->world, "%s: a call of a campaign that is %s", c->id, c->state);
}

/* The worker has read an order and sends all the same. */
static void judge_obedience(struct host *h, const char *id)
{
    list_each (node, &h->runner->runs) {
        const struct run *run = list_item(node, struct run, link);
        if (strcmp(run->id, id) == 0 && (run->cancel || run->pause))
            world_fail(h->world, "%s: a call after its %s was read", id,
                       run->cancel ? "cancel" : "pause");
    }
}

struct store_record *judge_sent(struct host *h, const struct port_call *call)
{
    struct world *w = h->world;
    const struct store_campaign *c = store_find(w, call->campaign);
    struct store_place at = {call->stage, call->iteration, call->index};
    struct store_record *r = store_record(c, &at, call->attempt);
    if (!r || r->granted_to != h || r->sent) {
        world_fail(w, "%s: %s/%d/%d attempt %d is sent %s", c->id, at.stage,
                   at.iteration, at.index, call->attempt,
                   r && r->sent ? "twice" : "without a reservation");
        return NULL;
    }
    if (h->draining)
        world_fail(w, "%s: a draining worker makes a call", c->id);
    judge_obedience(h, c->id);
    r->sent = true;
    if (store_holds(c, r->fence))
        judge_repeat(c, r);
    return r;
}

void judge_batch(const struct host *h, const struct port_place *at)
{
    if (at->batch && (!at->endpoint || strcmp(at->endpoint, STORE_ENDPOINT) != 0))
        world_fail(h->world, "%s: batch %s is nowhere", at->campaign, at->batch);
}

void judge_settled(struct store_campaign *c, const struct store_settlement *s,
                   enum err e)
{
    const struct store_record *r = store_record(c, &s->place, s->attempt);
    if (!e && s->is_call && s->was_sent && !r->sent)
        world_fail(c->world, "%s: a reply is settled that was never asked for", c->id);
}

void judge_started(struct host *h, const char *id)
{
    int runs = 0;
    list_each (node, &h->runner->runs) {
        runs += strcmp(list_item(node, struct run, link)->id, id) == 0;
    }
    if (runs > 1)
        world_fail(h->world, "worker %d runs %s %d times", h->name, id, runs);
}

void judge_commit(struct store_campaign *c)
{
    if (c->ended)
        world_fail(c->world, "%s: a commit after its end", c->id);
    for (const struct store_record *r = c->journal; r; r = r->next) {
        if (r->held && !r->in_batch)
            world_fail(c->world, "%s: a commit while %s/%d/%d is in flight", c->id,
                       r->place.stage, r->place.iteration, r->place.index);
    }
}

void judge_cooled(struct store_campaign *c, int64_t fence, int64_t delay_us)
{
    world_note(c->world, FATE_COOLED);
    if (delay_us < HOST_PARK_MS * 1000)
        world_fail(c->world, "%s: given up for %lld us", c->id, (long long)delay_us);
    for (const struct store_record *r = c->journal; r; r = r->next) {
        if (r->held && !r->in_batch && r->fence == fence && store_holds(c, fence))
            world_fail(c->world, "%s: given up while %s/%d/%d is in flight", c->id,
                       r->place.stage, r->place.iteration, r->place.index);
    }
}

static void judge_money(const struct store_campaign *c)
{
    static const char *const names[MONIES] = {"calls", "tokens", "nano usd"};
    for (int i = 0; i < MONIES; i++) {
        if (c->reserved[i])
            world_fail(c->world, "%s: %lld %s stay reserved", c->id,
                       (long long)c->reserved[i], names[i]);
        if (c->spent[i] < c->billed[i])
            world_fail(c->world, "%s: %lld %s counted, %lld billed", c->id,
                       (long long)c->spent[i], names[i], (long long)c->billed[i]);
        if (c->most[i] >= 0 && c->spent[i] > c->most[i])
            world_fail(c->world, "%s: %lld %s spent of %lld", c->id,
                       (long long)c->spent[i], names[i], (long long)c->most[i]);
    }
}

static bool is_disturbed(const struct world *w)
{
    return w->plan.chaos || w->plan.crash_at > 0 || w->plan.torture_at > 0;
}

static void judge_campaign(struct store_campaign *c)
{
    const struct scenario *s = c->world->plan.scenario;
    judge_money(c);
    bool at_rest = c->job == JOB_WAITING || c->job == JOB_DONE || c->job == JOB_DEAD;
    if (!at_rest || c->ended > 1)
        world_fail(c->world, "%s: job state %d, ended %d times", c->id, (int)c->job,
                   c->ended);
    if (strcmp(c->id, SCENARIO_ID) != 0 || (c->job == JOB_DEAD && c->world->plan.chaos))
        return;
    if (s->tight && is_disturbed(c->world) && strcmp(c->state, "over_budget") == 0)
        return;
    bool also =
        s->error_also && is_disturbed(c->world) && strcmp(c->error, s->error_also) == 0;
    if (strcmp(c->state, s->state) != 0 || (strcmp(c->error, s->error) != 0 && !also))
        world_fail(c->world, "it is %s (%s), not %s (%s)", c->state, c->error, s->state,
                   s->error);
}

static void judge_host(struct world *w, const struct host *h)
{
    if (!h->alive)
        return;
    struct runner_counts n = runner_count(h->runner);
    if (n.jobs || n.calls_in_flight || !fair_is_empty(&h->runner->fair))
        world_fail(w, "worker %d keeps %d jobs, %d call slots", h->name, n.jobs,
                   n.calls_in_flight);
    if (!list_empty(&h->runner->open_ops))
        world_fail(w, "worker %d keeps operations that never end", h->name);
}

void judge_end(struct world *w)
{
    int64_t lost = 0;
    for (struct store_campaign *c = w->store->campaigns; c; c = c->next) {
        judge_campaign(c);
        lost += c->lost;
    }
    if (lost > w->in_flight_at_crash)
        world_fail(w, "%lld calls lost, but %lld were in flight", (long long)lost,
                   (long long)w->in_flight_at_crash);
    for (int i = 0; i < w->host_count; i++)
        judge_host(w, w->hosts[i]);
}

static void digest_campaign(const struct store_campaign *c, struct buf *out)
{
    static const char *const shown[] = {"placement", "text",   "state",   "angle",
                                        "parent",    "reason", "weight",  "p_best",
                                        "round",     "clicks", "usd_nano"};
    buf_printf(out, "%s %s %s\nmemo %s\n", c->id, c->state, c->error, c->memo);
    for (int i = 0; i < c->variants.count; i++) {
        const struct store_thing *v = c->variants.items[i];
        buf_printf(out, "%s", v->id);
        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
            buf_printf(out, " | %s", store_get(v, shown[k]));
        buf_printf(out, "\n");
    }
    for (int i = 0; i < c->placements.count; i++)
        buf_printf(out, "%s epoch %lld lift %s\n", c->placements.items[i]->id,
                   (long long)c->placements.items[i]->epoch,
                   store_get(c->placements.items[i], "lift"));
}

void judge_digest(struct world *w, struct world_outcome *out)
{
    const struct scenario *s = w->plan.scenario;
    for (struct store_campaign *c = w->store->campaigns; c; c = c->next) {
        digest_campaign(c, &out->digest);
        out->sent += c->sent;
        out->lost += c->lost;
    }
    bool same = s->exact || !is_disturbed(w);
    if (s->result && same && !w->failure[0] &&
        !strstr(buf_str(&out->digest), s->result))
        world_fail(w, "the result lacks %s", s->result);
}
