/* model_batch.c: the model's batches: a batch is made once, found by its mark, and its
 * results wait until somebody asks for them. At the price of calls, so that a crash
 * that sends one live changes nothing. */
#include "core/base/hash.h"
#include "tests/sim/judge.h"
#include "tests/sim/model.h"
#include "tests/sim/scenario.h"
#include <string.h>

#define LINES_MAX 64
#define LATE_MS 300000 /* as in lane_submit.c */
#define NANO_IN 1000   /* as in model.c */
#define NANO_OUT 3000
#define SILENT_US (30 * WORLD_SECOND_US)

enum line_fate { LINE_GOOD, LINE_MISSING, LINE_EXPIRED, LINE_FAILED, LINE_CANCELLED };

struct line {
    struct store_record *record;
    int index, attempt;
    enum line_fate fate;
    const char *text;
    bool good;
    int64_t tokens_in, tokens_out;
};
struct model_batch {
    struct model_batch *next;
    struct store_campaign *campaign;
    const char *mark, *name;
    struct line lines[LINES_MAX];
    int count;
    int64_t ready_us; /* its results are there; -1 = it was refused */
};

/* An exchange with the provider: all that it needs when its host may be gone. */
struct exchange {
    struct host *host;
    struct model_batch *batch; /* to be made, or found */
    port_batch_fn fn;
    port_batch_result_fn each;
    void *arg;
    uint64_t ticket;
    enum torture torture;
    struct line asked[LINES_MAX];
    int count, deliveries;
    struct port_batch_status status;
};

static uint64_t chance_of(struct world *w, const char *mark, int index)
{
    return hash_mix(hash_fast_str(mark, w->plan.seed) + (uint64_t)index);
}

/* Of the first attempts some go wrong, in every way. */
static enum line_fate fate_of(struct world *w, const char *mark, const struct line *l)
{
    uint64_t h = chance_of(w, mark, l->index) % 8;
    if (!w->plan.scenario->faults || l->attempt > 0 || h > LINE_FAILED)
        return LINE_GOOD;
    return (enum line_fate)h;
}

/* As the ids of lines are: of a stage and iteration too. */
static char *mark_of(struct world *w, const struct port_batch *b)
{
    const struct port_call *call = &b->calls[0];
    char *mark =
        arena_printf(&w->arena, "%s/%d/%s", call->stage, call->iteration, b->mark);
    check(mark);
    return mark;
}

static struct exchange *exchange_new(struct host *h, const struct port_batch *b,
                                     enum torture torture, port_batch_fn fn, void *arg,
                                     uint64_t ticket)
{
    struct exchange *x = world_alloc(h->world, sizeof *x);
    x->host = h;
    x->fn = fn;
    x->arg = arg;
    x->ticket = ticket;
    x->torture = torture;
    x->count = b->count;
    check(b->count > 0 && b->count <= LINES_MAX);
    for (int i = 0; i < b->count; i++) {
        x->asked[i].index = b->calls[i].index;
        x->asked[i].attempt = b->calls[i].attempt;
    }
    return x;
}

static void answer(struct world *w, void *arg)
{
    struct exchange *x = arg;
    if (!x->host->alive)
        return;
    x->deliveries++;
    x->fn(x->arg, x->ticket, &x->status);
    if (x->deliveries == 1 && world_fate(w, FATE_MODEL_DOUBLED, 5))
        world_at(w, world_between(w, 0, 9 * WORLD_SECOND_US), answer, x);
}

static void bill(struct store_campaign *c, const struct line *l)
{
    c->billed[CALLS]++;
    c->billed[TOKENS] += l->tokens_in + l->tokens_out;
    c->billed[NANO] += l->tokens_in * NANO_IN + l->tokens_out * NANO_OUT;
}

/* Here it becomes true, whether or not anybody hears of it. */
static void make(struct world *w, struct exchange *x)
{
    struct model_batch *b = x->batch;
    const struct scenario *s = w->plan.scenario;
    bool refused =
        s->faults && chance_of(w, b->mark, -1) % 5 == 0 && b->lines[0].attempt == 0;
    int64_t takes_us = s->batch_us ? s->batch_us : 20 * 60 * WORLD_SECOND_US;
    for (struct model_batch *o = w->batches; o; o = o->next)
        if (o->campaign == b->campaign && strcmp(o->mark, b->mark) == 0)
            world_fail(w, "%s: batch %s is made twice", b->campaign->id, b->mark);
    b->ready_us = refused ? -1 : w->now_us + takes_us;
    b->name = arena_printf(&w->arena, "b_%s_%d", b->campaign->id, w->batch_count++);
    check(b->name);
    b->next = w->batches;
    w->batches = b;
    for (int i = 0; i < b->count; i++)
        b->campaign->sent++;
    for (int i = 0; i < b->count && !refused; i++)
        if (b->lines[i].fate == LINE_GOOD)
            bill(b->campaign, &b->lines[i]);
    world_say(w, "batch %s of %d calls is made%s", b->name, b->count,
              refused ? ", and will be refused" : "");
}

static void on_create(struct world *w, void *arg)
{
    struct exchange *x = arg;
    x->status = (struct port_batch_status){
        .state = PORT_BATCH_UNREACHABLE, .name = "", .taken = x->count};
    if (!x->host->alive && !world_chance(w, 50))
        return;
    if (x->torture == TORTURE_FAILED) {
        x->status.state = PORT_BATCH_ABSENT;
        answer(w, x);
        return;
    }
    make(w, x);
    bool silent = x->torture == TORTURE_DONE || world_fate(w, FATE_MODEL_SILENT, 5);
    if (!silent)
        x->status.state = PORT_BATCH_WORKING;
    x->status.name = silent ? "" : x->batch->name;
    world_at(w, silent ? SILENT_US : world_between(w, 1000, 90000), answer, x);
}

enum err model_submit(struct host *h, const struct port_batch *b, enum torture torture,
                      port_batch_fn fn, void *arg, uint64_t ticket)
{
    struct world *w = h->world;
    if (world_now_ms(w) - b->since_ms > LATE_MS)
        return ERR_DEADLINE;
    struct exchange *x = exchange_new(h, b, torture, fn, arg, ticket);
    struct model_batch *made = world_alloc(w, sizeof *made);
    int takes = w->plan.scenario->batch_takes;
    x->count = takes > 0 && takes < b->count ? takes : b->count;
    made->campaign = store_find(w, b->calls[0].campaign);
    made->mark = mark_of(w, b);
    made->count = x->count;
    for (int i = 0; i < x->count; i++) {
        struct line *l = &made->lines[i];
        const struct port_call *call = &b->calls[i];
        struct port_estimate most = model_estimate(call);
        *l = x->asked[i];
        l->record = judge_sent(h, call);
        if (!l->record)
            return ERR_INTERNAL;
        l->text = model_reply(w, call, &w->arena, &l->good);
        l->fate = fate_of(w, made->mark, l);
        l->tokens_out = (int64_t)strlen(l->text) / 3 + 1;
        if (l->tokens_out > call->ask->max_tokens)
            l->tokens_out = call->ask->max_tokens;
        l->tokens_in = most.tokens - 20 - call->ask->max_tokens;
    }
    x->batch = made;
    world_at(w, world_between(w, 20000, 2 * WORLD_SECOND_US), on_create, x);
    return ERR_OK;
}

static struct model_batch *find(struct world *w, const struct store_campaign *c,
                                const char *mark, const char *name)
{
    struct model_batch *b = w->batches;
    while (b && (b->campaign != c || strcmp(b->mark, mark) != 0))
        b = b->next;
    if (*name && (!b || strcmp(b->name, name) != 0))
        world_fail(w, "%s: batch %s is taken for %s", c->id, mark, name);
    return b;
}

static void give(struct exchange *x, int slot, struct line *l)
{
    struct port_call_result r = {.retry_after_ms = -1,
                                 .finish = "stop",
                                 .model = "sim",
                                 .request_id = "",
                                 .message = "",
                                 .text = ""};
    switch (l->fate) {
    case LINE_MISSING:
        return;
    case LINE_EXPIRED:
        r.code = ERR_DEADLINE;
        r.retryable = true;
        break;
    case LINE_CANCELLED:
        if (l->index % 4 == 1)
            return; /* some providers leave them out */
        r.code = ERR_CANCELLED;
        break;
    case LINE_FAILED:
        r.code = ERR_SERVER;
        r.retryable = r.sent = true;
        break;
    case LINE_GOOD:
        r.sent = true;
        r.text = l->text;
        r.tokens_in = l->tokens_in;
        r.tokens_out = l->tokens_out;
        r.usd_nano = l->tokens_in * NANO_IN + l->tokens_out * NANO_OUT;
        l->record->good |= l->good;
        break;
    }
    r.len = strlen(r.text);
    x->each(x->arg, x->ticket, slot, &r);
}

static void give_all(struct exchange *x)
{
    for (int i = 0; i < x->count; i++) {
        int slot = x->count - 1 - i; /* in another order */
        for (int k = 0; k < x->batch->count; k++) {
            struct line *l = &x->batch->lines[k];
            if (l->index == x->asked[slot].index &&
                l->attempt == x->asked[slot].attempt)
                give(x, slot, l);
        }
    }
}

static void on_poll(struct world *w, void *arg)
{
    struct exchange *x = arg;
    const struct model_batch *b = x->batch;
    if (!x->host->alive)
        return;
    x->status.name = b ? b->name : "";
    if (x->torture || world_fate(w, FATE_MODEL_SILENT, 3))
        x->status.state = PORT_BATCH_UNREACHABLE;
    else if (!b)
        x->status.state = PORT_BATCH_ABSENT;
    else if (b->ready_us < 0)
        x->status.state = PORT_BATCH_REFUSED;
    else if (w->now_us < b->ready_us || w->plan.scenario->batch_stuck)
        x->status.state = PORT_BATCH_WORKING;
    else
        x->status.state = PORT_BATCH_ENDED;
    if (x->status.state == PORT_BATCH_ENDED && !x->deliveries)
        give_all(x);
    answer(w, x);
}

/* What is done is done; the rest will be told as cancelled. */
static void cancel(struct world *w, struct model_batch *b)
{
    if (w->plan.scenario->batch_stuck || b->ready_us <= w->now_us)
        return;
    b->ready_us = w->now_us;
    for (int i = 0; i < b->count; i++) {
        struct line *l = &b->lines[i];
        if (l->fate != LINE_GOOD || i % 2 == 0)
            continue;
        l->fate = LINE_CANCELLED;
        b->campaign->billed[CALLS]--;
        b->campaign->billed[TOKENS] -= l->tokens_in + l->tokens_out;
        b->campaign->billed[NANO] -= l->tokens_in * NANO_IN + l->tokens_out * NANO_OUT;
    }
}

enum err model_poll(struct host *h, const struct port_batch *b, enum torture torture,
                    port_batch_result_fn each, port_batch_fn fn, void *arg,
                    uint64_t ticket)
{
    struct world *w = h->world;
    struct exchange *x = exchange_new(h, b, torture, fn, arg, ticket);
    x->each = each;
    if (strcmp(b->calls[0].endpoint, STORE_ENDPOINT) != 0)
        world_fail(w, "%s: batch %s is looked for elsewhere", b->calls[0].campaign,
                   b->mark);
    x->batch = find(w, store_find(w, b->calls[0].campaign), mark_of(w, b), b->name);
    if (b->cancel && x->batch)
        cancel(w, x->batch);
    world_at(w, world_between(w, 20000, WORLD_SECOND_US), on_poll, x);
    return ERR_OK;
}
