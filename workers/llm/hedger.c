/* hedger.c: see hedger.h. */
#include "workers/llm/hedger.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/llm/hedge_times.h"
#include <stdlib.h>

#define AGAIN_MS 100 /* until the next request gives its hundredths */

struct hedger {
    struct hedger_options options;
    struct loop_timer *timer;
    struct wheel wheel;
    struct hedge_table table;
    struct list waiting; /* struct llm_call.node: late, but the endpoint has no room */
    struct list losers; /* struct llm_call.node: to be closed at the end of this turn */
    bool ticking, deferred, closing;
};

static struct hedge_times *times_of(struct hedger *h, const struct llm_call *c)
{
    return hedge_table_find(&h->table, c->endpoint, c->model);
}

static void watch_for(struct hedger *h, struct llm_call *c, int64_t ms)
{
    wheel_set(&h->wheel, &c->hedge_due, clock_mono_ms() + ms);
    if (!h->ticking)
        loop_timer_start(h->timer, WHEEL_STEP_MS, WHEEL_STEP_MS);
    h->ticking = true;
}

void hedger_watch(struct hedger *h, struct llm_call *c)
{
    if (!c->may_hedge)
        return;
    struct hedge_times *t = times_of(h, c);
    hedge_times_count(t);
    int64_t p95_ms = hedge_times_p95_ms(t);
    if (p95_ms >= 0)
        watch_for(h, c, p95_ms);
}

static bool send_twin(struct hedger *h, struct llm_call *c, const struct port_grant *g)
{
    struct llm_call *twin = llm_call_twin(c);
    if (!twin)
        return false;
    twin->grant = *g;
    if (h->options.send(h->options.arg, twin)) {
        llm_call_free(twin);
        return false;
    }
    c->twin = twin;
    log_event(LOG_DEBUG, "llm.hedged", "call", c->request.call_id, "endpoint",
              c->endpoint->config->name, "model", c->model, NULL);
    return true;
}

static void give_back(struct llm_call *c, const struct port_grant *g)
{
    admission_forgo(c->admission, g);
    targets_settle(c->targets, g, ERR_CANCELLED, -1);
}

/* Leave is not asked for where none of the 2 % is left: others wait for it. What is
 * spent of them and does not go out is lost, so that no fault can spend more. */
static void ask_again(struct hedger *h, struct llm_call *c)
{
    struct port_grant g;
    if (!hedge_times_may(times_of(h, c))) {
        watch_for(h, c, AGAIN_MS);
        return;
    }
    struct admission_tokens tokens = {c->prompt_tokens, c->reply_tokens};
    if (!targets_admit_again(c->targets, &c->grant, c->endpoint, tokens, &g)) {
        list_push(&h->waiting, &c->node);
    } else if (!hedge_times_spend(times_of(h, c))) {
        give_back(c, &g);
        watch_for(h, c, AGAIN_MS);
    } else if (!send_twin(h, c, &g)) {
        give_back(c, &g);
    }
}

void hedger_forget(struct hedger *h, struct llm_call *c)
{
    wheel_remove(&h->wheel, &c->hedge_due);
    if (!c->twin)
        list_remove(&c->node);
}

void hedger_room(struct hedger *h)
{
    struct list asking; /* apart: who is refused once more waits again */
    list_init(&asking);
    while (!list_empty(&h->waiting)) {
        struct list *node = h->waiting.next;
        list_remove(node);
        list_push(&asking, node);
    }
    while (!list_empty(&asking)) {
        struct llm_call *c = list_item(asking.next, struct llm_call, node);
        list_remove(&c->node);
        ask_again(h, c);
    }
}

static void on_timer(void *arg)
{
    struct hedger *h = arg;
    struct list due;
    list_init(&due);
    wheel_turn(&h->wheel, clock_mono_ms(), &due);
    while (!list_empty(&due)) {
        struct llm_call *c = list_item(due.next, struct llm_call, hedge_due.node);
        list_remove(&c->hedge_due.node);
        ask_again(h, c);
    }
    h->ticking = h->wheel.count > 0;
    if (!h->ticking)
        loop_timer_stop(h->timer);
}

static void on_deferred(void *arg)
{
    struct hedger *h = arg;
    h->deferred = false;
    if (h->closing) {
        free(h);
        return;
    }
    while (!list_empty(&h->losers)) {
        struct llm_call *c = list_item(h->losers.next, struct llm_call, node);
        list_remove(&c->node);
        h->options.cancel(h->options.arg, c);
    }
}

/* Without memory for the deferred call the other one just goes on to its end. */
void hedger_began(struct hedger *h, struct llm_call *c)
{
    struct llm_call *twin = c->twin;
    wheel_remove(&h->wheel, &c->hedge_due);
    if (!twin)
        list_remove(&c->node);
    if (!twin || twin->won)
        return;
    c->won = true;
    if (twin->over)
        return;
    list_push(&h->losers, &twin->node);
    if (!h->deferred)
        h->deferred = loop_defer(h->options.loop, on_deferred, h) == ERR_OK;
}

/* Also of one that was given up: it took at least that long. */
static void observe(struct hedger *h, const struct llm_call *c)
{
    const struct port_call_result *r = &c->result;
    bool lost = c->twin && c->twin->won;
    int64_t us = r->first_token_us > 0 ? r->first_token_us : r->total_us;
    if (c->may_hedge && (r->code == ERR_OK || r->first_token_us > 0 || lost))
        hedge_times_add(times_of(h, c), us);
}

/* first and last as they ended. An answer, whoever began: the loser may have ended with
 * one before it was closed; else the failure of who is not a loser. */
static struct llm_call *pick(struct llm_call *first, struct llm_call *last)
{
    if (!first->result.code != !last->result.code)
        return !first->result.code ? first : last;
    if (first->won || last->won)
        return first->won ? first : last;
    return first->result.code == ERR_CANCELLED ? last : first;
}

static void merge(struct llm_call *primary, struct llm_call *winner)
{
    struct llm_call *loser = winner->twin;
    struct port_call_result r = winner->result;
    const struct port_call_result *lost = &loser->result;
    int64_t later_us = winner->sent_us - primary->sent_us;
    r.hedged = r.sent && lost->sent;
    r.sent = r.sent || lost->sent;
    r.possibly_billed = r.code && (r.possibly_billed || lost->possibly_billed);
    r.tokens_in += lost->tokens_in;
    r.tokens_out += lost->tokens_out;
    r.tokens_cached += lost->tokens_cached;
    r.usd_nano += lost->usd_nano;
    r.usage_estimated = r.usage_estimated || lost->usage_estimated;
    r.total_us += later_us;
    r.first_byte_us += r.first_byte_us > 0 ? later_us : 0;
    r.first_token_us += r.first_token_us > 0 ? later_us : 0;
    primary->result = r;
}

/* It began, and failed: the other one may still answer, if it is not closed yet. */
static void lose(struct llm_call *c)
{
    c->won = false;
    list_remove(&c->twin->node);
}

struct llm_call *hedger_end(struct hedger *h, struct llm_call *c)
{
    struct llm_call *twin = c->twin;
    c->over = true;
    wheel_remove(&h->wheel, &c->hedge_due);
    list_remove(&c->node);
    c->won = c->won || (twin && !twin->won && !c->result.code);
    observe(h, c);
    if (!twin)
        return c;
    if (!twin->over) {
        if (c->won && c->result.code)
            lose(c);
        else if (c->won)
            h->options.cancel(h->options.arg, twin);
        return NULL;
    }
    struct llm_call *primary = c->is_hedge ? twin : c;
    merge(primary, pick(twin, c));
    return primary;
}

enum err hedger_new(const struct hedger_options *o, struct hedger **out)
{
    struct hedger *h = calloc(1, sizeof *h);
    if (!h)
        return ERR_NOMEM;
    h->options = *o;
    list_init(&h->waiting);
    list_init(&h->losers);
    wheel_init(&h->wheel, clock_mono_ms());
    enum err e = loop_timer_new(o->loop, on_timer, h, &h->timer);
    if (e) {
        free(h);
        return e;
    }
    *out = h;
    return ERR_OK;
}

void hedger_free(struct hedger *h)
{
    if (!h)
        return;
    check(h->wheel.count == 0);
    h->closing = true;
    loop_timer_free(h->timer);
    if (!h->deferred)
        free(h);
}
