/* host_ports.c: the ports of the runner: each call is a message, its words copied. */
#include "core/base/json_out.h"
#include "tests/sim/judge.h"
#include "tests/sim/message.h"
#include "tests/sim/model.h"
#include "tests/sim/scenario.h"
#include <string.h>

static const char *keep(struct message *m, const char *text)
{
    char *copy = arena_strdup(&m->arena, text ? text : "");
    check(copy);
    return copy;
}

/* The next effect of this world: does it fail, and how? */
static enum torture next_effect(void *self, const char *what)
{
    struct world *w = ((struct host *)self)->world;
    bool fails = ++w->effects == w->plan.torture_at;
    if (fails)
        world_say(w, "effect %lld fails: %s", (long long)w->effects, what);
    return fails ? w->plan.torture : TORTURE_NONE;
}

/* Now and then there is no memory for one more operation: nothing is sent. */
static bool is_short(void *self)
{
    return world_fate(((struct host *)self)->world, FATE_NO_MEMORY, 1);
}

/* NULL: it cannot be begun. */
static struct message *begin(void *self, enum message_type type, const char *id,
                             int64_t fence, void *arg, uint64_t ticket)
{
    enum torture how = next_effect(self, "a message to the store");
    if (how == TORTURE_REFUSED || is_short(self))
        return NULL;
    struct message *m = message_new(self, type, id);
    m->fence = fence;
    m->arg = arg;
    m->ticket = ticket;
    m->torture = how;
    return m;
}

static enum err send_load(void *self, const char *id, int64_t fence, port_load_fn fn,
                          void *arg, uint64_t ticket)
{
    struct message *m = begin(self, MESSAGE_LOAD, id, fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    m->fn.load = fn;
    message_send(m);
    return ERR_OK;
}

static void on_room(struct world *w, void *arg)
{
    const struct host *h = arg;
    (void)w;
    if (h->alive)
        runner_wake(h->runner);
}

/* What leaves hold may come back, what calls took will not. */
static bool has_money(struct host *h, struct port_grant *out)
{
    struct world *w = h->world;
    const struct scenario *s = w->plan.scenario;
    int held = 0;
    for (int i = 0; i < w->host_count; i++)
        held += w->hosts[i]->leaves;
    if (!s->tenant_calls || w->tenant_paid + held < s->tenant_calls)
        return true;
    if (w->tenant_paid >= s->tenant_calls)
        out->refused = s->tenant_refusal ? s->tenant_refusal : ERR_OVER_BUDGET;
    else
        world_at(w, WORLD_SECOND_US / 20, on_room, h);
    return false;
}

static int64_t closed_ms(void *self, const struct port_call *call)
{
    (void)call;
    return model_closed_us(((struct host *)self)->world) / 1000;
}

/* Now and then the endpoint has no room; the runner hears of it when there is some. */
static bool admit(void *self, const struct port_call *call, int waiting,
                  struct port_grant *out)
{
    struct host *h = self;
    struct world *w = h->world;
    *out = (struct port_grant){0};
    if (waiting < 1 || h->draining)
        world_fail(w, "%s: nobody waits, and asks for leave", call->campaign);
    if (model_is_shut(w)) {
        world_at(w, model_closed_us(w), on_room, h);
        return false;
    }
    if (world_fate(w, FATE_NO_ROOM, 10)) {
        world_at(w, world_between(w, 0, 3 * WORLD_SECOND_US), on_room, h);
        return false;
    }
    if (!has_money(h, out))
        return false;
    out->there.gate = 1;
    out->is_probe = w->failed_in_row >= MODEL_BREAKER_CALLS;
    h->leaves++;
    return true;
}

static void forgo(void *self, const struct port_grant *grant)
{
    struct host *h = self;
    h->leaves -= grant->there.gate;
}

static enum err send_reserve(void *self, const struct port_place *at, const int *index,
                             const int *attempt, const struct port_estimate *most,
                             int count, port_reserve_fn fn, void *arg, uint64_t ticket)
{
    struct message *m =
        begin(self, MESSAGE_RESERVE, at->campaign, at->fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    check(count > 0 && count <= MESSAGE_BATCH_MAX);
    if (m->host->draining)
        world_fail(m->host->world, "%s: a draining worker reserves", m->id);
    if (!at->batch && m->host->leaves < count)
        world_fail(m->host->world, "%s: reserved without leave", m->id);
    const char *stage = keep(m, at->stage);
    m->batch = at->batch ? keep(m, at->batch) : NULL;
    judge_batch(self, at);
    m->fn.reserve = fn;
    m->count = count;
    for (int i = 0; i < count; i++) {
        m->places[i] = (struct store_place){stage, at->iteration, index[i]};
        m->attempts[i] = attempt[i];
        m->most[i] = most[i];
    }
    message_send(m);
    return ERR_OK;
}

static struct port_estimate estimate(void *self, const struct port_call *call)
{
    (void)self;
    return model_estimate(call);
}

static enum err send_call(void *self, const struct port_call *call, port_call_fn fn,
                          void *arg, uint64_t ticket, uint64_t *call_id)
{
    enum torture how = next_effect(self, "a call");
    if (how == TORTURE_REFUSED || is_short(self))
        return ERR_BUSY;
    if (call->grant.there.gate != 1)
        world_fail(((struct host *)self)->world, "%s: a call without leave",
                   call->campaign);
    enum err e = model_call(self, call, how, fn, arg, ticket, call_id);
    if (!e) {
        forgo(self, &call->grant); /* it has become a call */
        ((struct host *)self)->world->tenant_paid++;
    }
    return e;
}

static void cancel_call(void *self, uint64_t call_id)
{
    model_cancel(self, call_id);
}

static enum err send_read(void *self, const char *campaign, int64_t fence,
                          const struct ask *ask, port_read_fn fn, void *arg,
                          uint64_t ticket)
{
    struct message *m = begin(self, MESSAGE_READ, campaign, fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    m->fn.read = fn;
    m->ask = *ask;
    m->ask.key = keep(m, ask->key);
    m->ask.user = keep(m, ask->user);
    message_send(m);
    return ERR_OK;
}

/* The record as the journal keeps it; the runner reads it back on replay. */
static const char *record_of(struct message *m, const struct port_call_result *r)
{
    struct buf out;
    struct json_out w;
    buf_init(&out, (size_t)1 << 20);
    json_out_init(&w, &out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "s", r->code ? "err" : "ok");
    json_out_kint(&w, "t", world_now_ms(m->host->world));
    if (r->code) {
        json_out_kstr(&w, "code", err_code(r->code));
        json_out_kbool(&w, "retry", r->retryable);
        json_out_kbool(&w, "possibly_billed", r->possibly_billed);
        json_out_kbool(&w, "probe", r->probe);
    } else {
        json_out_key(&w, "text");
        json_out_strn(&w, r->text, r->len);
        json_out_kint(&w, "usd_nano", r->usd_nano);
    }
    json_out_close(&w, '}');
    const char *text = keep(m, buf_str(&out));
    buf_fini(&out);
    return text;
}

static enum err send_settle(void *self, const struct port_place *at,
                            const struct port_settlement *s, port_done_fn fn, void *arg,
                            uint64_t ticket)
{
    struct message *m =
        begin(self, MESSAGE_SETTLE, at->campaign, at->fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    const struct port_call_result *r = s->result;
    m->fn.done = fn;
    m->settlement = (struct store_settlement){
        .place = {keep(m, at->stage), at->iteration, s->index},
        .attempt = s->attempt,
        .fence = at->fence,
        .ok = r->code == ERR_OK,
        .is_call = s->is_call,
        .was_sent = r->sent,
        .record = record_of(m, r),
        .tokens = r->tokens_in + r->tokens_out,
        .usd_nano = r->usd_nano};
    message_send(m);
    return ERR_OK;
}

static enum err send_commit(void *self, const char *id,
                            const struct port_commit *commit, port_done_fn fn,
                            void *arg, uint64_t ticket)
{
    struct host *h = self;
    struct message *m = begin(self, MESSAGE_COMMIT, id, commit->fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    m->fn.done = fn;
    m->commit = world_alloc(h->world, sizeof *m->commit);
    store_commit_fill(h->world, commit, m->commit);
    message_send(m);
    return ERR_OK;
}

static enum err send_release(void *self, const char *id, int64_t fence, port_done_fn fn,
                             void *arg, uint64_t ticket)
{
    struct message *m = begin(self, MESSAGE_RELEASE, id, fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    m->fn.done = fn;
    message_send(m);
    return ERR_OK;
}

static enum err send_mail(void *self, const char *id, int64_t fence, int from,
                          port_mail_fn fn, void *arg, uint64_t ticket)
{
    struct message *m = begin(self, MESSAGE_MAIL, id, fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    m->fn.mail = fn;
    m->from = from;
    message_send(m);
    return ERR_OK;
}

static void on_nudge(struct world *w, void *arg)
{
    const struct host *h = arg;
    (void)w;
    if (h->alive)
        runner_nudge(h->runner);
}

static enum err start_timer(void *self, int64_t delay_ms, port_done_fn fn, void *arg,
                            uint64_t ticket)
{
    struct host *h = self;
    if (next_effect(self, "a timer") == TORTURE_REFUSED) {
        world_at(h->world, 25000, on_nudge, h); /* as the worker does when it polls */
        return ERR_NOMEM;
    }
    struct message *m = message_new(self, MESSAGE_TIMER, "");
    m->arg = arg;
    m->ticket = ticket;
    m->fn.done = fn;
    m->delay_us = delay_ms * 1000;
    message_send(m);
    return ERR_OK;
}

static enum err defer(void *self, port_done_fn fn, void *arg, uint64_t ticket)
{
    return start_timer(self, 0, fn, arg, ticket);
}

static const char *batches(void *self, const char *tenant, const char *endpoint)
{
    (void)self, (void)tenant, (void)endpoint;
    return STORE_ENDPOINT;
}

static int64_t now_ms(void *self)
{
    return world_now_ms(((struct host *)self)->world);
}

static enum err submit(void *self, const struct port_batch *b, port_batch_fn fn,
                       void *arg, uint64_t ticket)
{
    enum torture how = next_effect(self, "a batch");
    if (how == TORTURE_REFUSED || is_short(self))
        return ERR_NOMEM;
    return model_submit(self, b, how, fn, arg, ticket);
}

static enum err poll_batch(void *self, const struct port_batch *b,
                           port_batch_result_fn each, port_batch_fn fn, void *arg,
                           uint64_t ticket)
{
    enum torture how = next_effect(self, "a look at a batch");
    if (how == TORTURE_REFUSED || is_short(self))
        return ERR_NOMEM;
    return model_poll(self, b, how, each, fn, arg, ticket);
}

static enum err send_hold(void *self, const struct port_place *at,
                          const struct port_hold *hold, const int *index,
                          const int *attempt, int count, port_done_fn fn, void *arg,
                          uint64_t ticket)
{
    struct message *m = begin(self, MESSAGE_HOLD, at->campaign, at->fence, arg, ticket);
    if (!m)
        return ERR_NOMEM;
    check(count >= 0 && count <= MESSAGE_BATCH_MAX);
    const char *stage = keep(m, at->stage);
    m->batch = keep(m, at->batch);
    judge_batch(self, at);
    m->name = keep(m, hold->name);
    m->why = keep(m, hold->why);
    m->fn.done = fn;
    m->count = count;
    m->delay_us = hold->delay_ms * 1000;
    for (int i = 0; i < count; i++) {
        m->places[i] = (struct store_place){stage, at->iteration, index[i]};
        m->attempts[i] = attempt[i];
    }
    message_send(m);
    return ERR_OK;
}

static uint64_t random_number(void *self)
{
    struct host *h = self;
    return rng_next(&h->world->rng);
}

static const struct zone *zone(void *self, const char *name)
{
    const struct host *h = self;
    return strcmp(name, "UTC") == 0 ? &h->world->utc : NULL;
}

struct ports host_ports(struct host *h)
{
    return (struct ports){.self = h,
                          .load = send_load,
                          .admit = admit,
                          .forgo = forgo,
                          .closed_ms = closed_ms,
                          .reserve = send_reserve,
                          .estimate = estimate,
                          .call = send_call,
                          .cancel = cancel_call,
                          .read = send_read,
                          .settle = send_settle,
                          .commit = send_commit,
                          .release = send_release,
                          .mail = send_mail,
                          .timer = start_timer,
                          .defer = defer,
                          .random = random_number,
                          .zone = zone,
                          .batches = batches,
                          .now_ms = now_ms,
                          .submit = submit,
                          .poll = poll_batch,
                          .hold = send_hold};
}
