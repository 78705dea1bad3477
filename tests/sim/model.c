/* model.c: calls in flight, their latency, faults and bills. */
#include "tests/sim/model.h"
#include "core/base/hash.h"
#include "tests/sim/judge.h"
#include "tests/sim/scenario.h"
#include <string.h>

#define NANO_IN 1000
#define NANO_OUT 3000
#define DEADLINE_US (60 * WORLD_SECOND_US)
#define FAULTS_MAX 2 /* in a row, fewer than a runner's attempts */

struct model_call {
    struct host *host;
    port_call_fn fn;
    void *arg;
    uint64_t ticket;
    struct port_call_result result;
    struct store_record *record;
    const char *text;
    bool good, cancelled, silent;
    enum torture torture;
    int deliveries;
};

static int64_t prompt_tokens(const struct port_call *call)
{
    const char *parts[] = {call->ask->system, call->ask->user, call->refused_text,
                           call->objection};
    int64_t bytes = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        bytes += parts[i] ? (int64_t)strlen(parts[i]) : 0;
    return bytes / 3 + 1;
}

struct port_estimate model_estimate(const struct port_call *call)
{
    int64_t in = prompt_tokens(call) + 20, out = call->ask->max_tokens;
    return (struct port_estimate){.tokens = in + out,
                                  .usd_nano = in * NANO_IN + out * NANO_OUT};
}

struct fault {
    enum err code;
    bool sent, billed;
    int64_t hint_ms;
};
static const struct fault faults[] = {
    {ERR_RATE, true, false, 1500},         {ERR_OVERLOAD, true, false, -1},
    {ERR_SERVER, true, false, -1},         {ERR_UNSENT, false, false, -1},
    {ERR_UNKNOWN_OUTCOME, true, true, -1}, {ERR_TRUNCATED, true, true, -1},
    {ERR_DEADLINE, true, true, -1},        {ERR_CONCURRENCY, true, false, 100},
};

/* Of the first deliveries of one place some fail, the later ones never. */
static const struct fault *fault_of(struct world *w, const struct store_campaign *c,
                                    const struct store_record *mine)
{
    const struct store_place *at = &mine->place;
    int earlier = 0;
    for (const struct store_record *r = c->journal; r; r = r->next)
        earlier += r != mine && r->sent && r->place.index == at->index &&
                   r->place.iteration == at->iteration &&
                   strcmp(r->place.stage, at->stage) == 0;
    uint64_t h = hash_mix(hash_fast_str(at->stage, w->plan.seed) +
                          (uint64_t)(at->iteration * 1000 + at->index));
    if (!w->plan.scenario->faults || earlier >= (int)(h % (FAULTS_MAX + 1)))
        return NULL;
    return &faults[hash_mix(h + (uint64_t)earlier) % (sizeof faults / sizeof *faults)];
}

static void set_usage(struct model_call *m, const struct port_call *call,
                      bool estimated)
{
    struct port_call_result *r = &m->result;
    r->tokens_in = prompt_tokens(call) + (estimated ? 20 : 0);
    r->tokens_out =
        estimated ? call->ask->max_tokens : (int64_t)strlen(m->text) / 3 + 1;
    if (r->tokens_out > call->ask->max_tokens)
        r->tokens_out = call->ask->max_tokens;
    r->usd_nano = r->tokens_in * NANO_IN + r->tokens_out * NANO_OUT;
    r->usage_estimated = estimated;
}

/* What the provider will ask for, whether or not anybody hears the answer. */
static void bill(struct store_campaign *c, const struct port_call_result *r)
{
    c->sent++;
    c->billed[CALLS]++;
    c->billed[TOKENS] += r->tokens_in + r->tokens_out;
    c->billed[NANO] += r->usd_nano;
}

int64_t model_closed_us(const struct world *w)
{
    const struct scenario *s = w->plan.scenario;
    int64_t at = w->now_us - WORLD_START_US, until = w->closed_until_us - w->now_us;
    if (at >= s->closed_from_us && at < s->closed_until_us)
        return s->closed_until_us - at;
    return until > 0 ? until : 0;
}

bool model_is_shut(struct world *w)
{
    if (!model_closed_us(w) && world_fate(w, FATE_CLOSED, 1))
        w->closed_until_us = w->now_us + world_between(w, 1, 90) * WORLD_SECOND_US;
    return model_closed_us(w) > 0;
}

/* In an outage each failure but the first few closes the endpoint for a while. */
static bool is_down(struct world *w)
{
    bool down = w->now_us - WORLD_START_US < w->plan.scenario->outage_us;
    w->failed_in_row = down ? w->failed_in_row + 1 : 0;
    if (w->failed_in_row >= MODEL_BREAKER_CALLS)
        w->closed_until_us = w->now_us + 20 * WORLD_SECOND_US;
    return down;
}

/* No answer within the deadline, by chance; or what torture asks for. */
static const struct fault *misfortune_of(struct world *w, struct model_call *m)
{
    static const struct fault silent = {ERR_DEADLINE, true, true, -1};
    static const struct fault failed = {ERR_SERVER, true, false, -1};
    static const struct fault unknown = {ERR_UNKNOWN_OUTCOME, true, true, -1};
    if (m->torture)
        return m->torture == TORTURE_DONE ? &unknown : &failed;
    m->silent = world_fate(w, FATE_MODEL_SILENT, 2);
    return m->silent ? &silent : NULL;
}

static void decide(struct world *w, struct model_call *m, const struct port_call *call)
{
    struct store_campaign *c = store_find(w, call->campaign);
    struct port_call_result *r = &m->result;
    const struct fault *f = fault_of(w, c, m->record);
    *r = (struct port_call_result){.sent = true,
                                   .retry_after_ms = -1,
                                   .finish = "stop",
                                   .model = "sim",
                                   .request_id = "",
                                   .message = ""};
    m->text = model_reply(w, call, &w->arena, &m->good);
    enum scenario_flaws flaws = w->plan.scenario->flaws;
    bool down = is_down(w) || flaws == FLAWS_DOWN;
    r->probe = call->grant.is_probe;
    r->retryable = down;
    if (flaws == FLAWS_NO_KEY || down)
        r->code = down ? ERR_SERVER : ERR_AUTH;
    else if (!f || f->billed)
        set_usage(m, call, f != NULL);
    if (!f && flaws != FLAWS_NO_KEY && !down)
        f = misfortune_of(w, m);
    if (f && f->billed)
        set_usage(m, call, true);
    if (f) {
        r->code = f->code;
        r->retryable = true;
        r->retry_after_ms = f->hint_ms;
        r->sent = f->sent;
        r->possibly_billed = f->billed;
    }
    if (r->sent)
        bill(c, r);
}

static void on_reply(struct world *w, void *arg)
{
    struct model_call *m = arg;
    if (!m->host->alive || (m->cancelled && m->deliveries))
        return;
    struct port_call_result r = m->result;
    struct arena memory; /* of the reply: gone when the callback is back */
    arena_init(&memory, (size_t)16 << 20);
    r.text = arena_strdup(&memory, r.code ? "" : m->text);
    check(r.text);
    r.len = strlen(r.text);
    m->record->good |= !r.code && m->good;
    m->deliveries++;
    m->fn(m->arg, m->ticket, &r);
    arena_fini(&memory);
    if (m->deliveries == 1 && world_fate(w, FATE_MODEL_DOUBLED, 5))
        world_at(w, world_between(w, 0, 9 * WORLD_SECOND_US), on_reply, m);
}

enum err model_call(struct host *h, const struct port_call *call, enum torture torture,
                    port_call_fn fn, void *arg, uint64_t ticket, uint64_t *call_id)
{
    struct world *w = h->world;
    struct model_call *m = world_alloc(w, sizeof *m);
    m->host = h;
    m->fn = fn;
    m->arg = arg;
    m->ticket = ticket;
    m->torture = torture;
    m->record = judge_sent(h, call);
    if (!m->record)
        return ERR_INTERNAL;
    decide(w, m, call);
    world_say(w, "worker %d calls %s/%s/%d/%d/%d: %s%s", h->name, call->campaign,
              call->stage, call->iteration, call->index, call->attempt,
              err_code(m->result.code), m->good ? "" : " (to be refused)");
    *call_id = (uint64_t)(uintptr_t)m; /* lives as long as the world */
    bool slow = world_fate(w, FATE_MODEL_SLOW, 10);
    int64_t slowest = slow ? 8 * WORLD_SECOND_US : 120000;
    world_at(w, m->silent ? DEADLINE_US : world_between(w, 20000, slowest), on_reply,
             m);
    return ERR_OK;
}

/* Nobody knows what the provider did with it: the most is counted. */
void model_cancel(struct host *h, uint64_t call_id)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): made by model_call */
    struct model_call *m = (struct model_call *)(uintptr_t)call_id;
    if (m->cancelled || m->deliveries)
        return;
    const struct store_record *r = m->record;
    m->cancelled = true;
    h->world->cancelled++;
    m->result.code = ERR_CANCELLED;
    m->result.retryable = false;
    m->result.possibly_billed = true;
    m->result.tokens_in = r->tokens;
    m->result.tokens_out = 0;
    m->result.usd_nano = r->usd_nano;
    world_at(h->world, 0, on_reply, m);
}
