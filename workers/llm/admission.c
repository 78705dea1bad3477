/* admission.c: what is taken of a lease, and what comes back of it. */
#include "workers/llm/admission.h"
#include "core/base/clock.h"
#include "core/base/rng.h"
#include "workers/llm/gate.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SEND_MS 1500 /* after the ask for its lease a call is too late to be sent */
#define CLOSED_MAX_MS 60000
#define USUAL_MIN 20
#define PERMILLE 1000

_Static_assert(PORT_LIMITS == LIMITS_KINDS, "a leave is taken of each");
_Static_assert(SEND_MS < LIMITS_ARRIVE_MS, "a call needs time to arrive");

static struct gate *gate_of(const struct admission *a, const struct endpoint *e)
{
    return &a->gates[e - a->options.endpoints->items];
}

bool admission_counts_tokens(const struct admission *a, const struct endpoint *e)
{
    const struct gate *g = gate_of(a, e);
    bool any = false;
    for (int i = LIMITS_TOKENS; g->is_limited && i < LIMITS_KINDS; i++)
        any = any || g->of[i].most > 0;
    return any;
}

static void by_kind(struct admission_tokens t, int64_t out[LIMITS_KINDS])
{
    out[LIMITS_CALLS] = 1;
    out[LIMITS_TOKENS] = t.in + t.out;
    out[LIMITS_IN] = t.in;
    out[LIMITS_OUT] = t.out;
}

/* False: there is not enough. A call that takes more than all goes alone, or never. */
static bool find_room(const struct gate *g, int64_t takes[LIMITS_KINDS])
{
    bool ok = !g->refused && !g->told_less;
    for (int i = 0; i < LIMITS_KINDS; i++) {
        const struct gate_share *s = &g->of[i];
        if (i != LIMITS_CALLS && takes[i] > s->most)
            takes[i] = s->most;
        ok = ok && s->lease >= takes[i];
    }
    return ok;
}

bool admission_take(struct admission *a, const struct endpoint *e,
                    struct admission_tokens tokens, int waiting, struct port_grant *out)
{
    struct gate *g = gate_of(a, e);
    int64_t now = clock_mono_ms(), takes[LIMITS_KINDS];
    *out = (struct port_grant){0};
    if (a->left)
        return false;
    if (!g->is_limited && now >= g->closed_until_ms)
        return true;
    by_kind(tokens, takes);
    bool room = find_room(g, takes);
    if (now < g->closed_until_ms || now >= g->until_ms || !room) {
        gate_want(g, takes, waiting);
        return false;
    }
    *out = (struct port_grant){.gate = (int)(g - a->gates) + 1,
                               .slot = g->slot,
                               .until_ms = g->sent_ms + SEND_MS};
    for (int i = 0; i < LIMITS_KINDS; i++) {
        struct gate_share *s = &g->of[i];
        s->lease -= takes[i];
        s->held += takes[i];
        out->taken[i] = takes[i];
        out->usual[i] = takes[i] * s->usual / PERMILLE;
    }
    return true;
}

static struct gate *end_leave(struct admission *a, const struct port_grant *grant)
{
    if (!grant->gate)
        return NULL;
    struct gate *g = &a->gates[grant->gate - 1];
    for (int i = 0; i < LIMITS_KINDS; i++) {
        g->of[i].held -= grant->taken[i];
        check(g->of[i].held >= 0);
    }
    gate_flush_soon(g);
    if (g->limits->max_in_flight > 0)
        g->ask_at_ms = 0; /* there is room again: no need to wait for the time */
    return g;
}

void admission_forgo(struct admission *a, const struct port_grant *grant)
{
    struct gate *g = end_leave(a, grant);
    for (int i = 0; g && i < LIMITS_KINDS; i++) {
        gate_add_back(g, grant->slot, i, grant->taken[i]);
        g->of[i].pace_back += grant->usual[i];
    }
}

bool admission_is_fresh(const struct port_grant *grant)
{
    return !grant->gate || clock_mono_ms() < grant->until_ms;
}

static void settle_kind(struct gate_share *s, int64_t taken, int64_t usual_of_it,
                        int64_t used, bool usual)
{
    s->pace_back += usual_of_it - used;
    if (!usual)
        return;
    int64_t permille = used >= taken ? PERMILLE : used * PERMILLE / taken;
    s->usual_now = (9 * s->usual_now + permille) / 10;
    if (s->usual_now < USUAL_MIN)
        s->usual_now = USUAL_MIN;
}

void admission_settle(struct admission *a, const struct port_grant *grant,
                      struct admission_tokens tokens, bool usual)
{
    int64_t used[LIMITS_KINDS];
    struct gate *g = end_leave(a, grant);
    by_kind(tokens, used);
    for (int i = LIMITS_TOKENS; g && i < LIMITS_KINDS; i++) {
        if (grant->taken[i] <= 0)
            continue;
        gate_add_back(g, grant->slot, i, grant->taken[i] - used[i]);
        settle_kind(&g->of[i], grant->taken[i], grant->usual[i], used[i], usual);
    }
}

static void close_until(struct admission *a, struct gate *g, int64_t until_ms)
{
    if (until_ms <= g->closed_until_ms)
        return;
    g->closed_until_ms = until_ms;
    if (!g->is_limited || a->left)
        return;
    if (g->asking || g->gathering)
        gate_flush_soon(g);
    else
        gate_ask(g); /* the other workers shall hear of it */
}

void admission_close(struct admission *a, const struct endpoint *e, int64_t ms)
{
    close_until(a, gate_of(a, e),
                clock_mono_ms() + (ms > CLOSED_MAX_MS ? CLOSED_MAX_MS : ms));
}

/* What has a limit of ours is lowered for all workers, with the next ask; at once only
 * if more would be sent than is left there. The rest is a hint: used up is closed. */
void admission_hear(struct admission *a, const struct endpoint *e,
                    const struct port_grant *grant, const struct rates *told,
                    struct admission_tokens tokens)
{
    struct gate *g = gate_of(a, e);
    int64_t used[LIMITS_KINDS], now = clock_mono_ms(), shut_ms = 0;
    by_kind(tokens, used);
    for (int i = 0; i < LIMITS_KINDS; i++) {
        const struct gate_share *s = &g->of[i];
        int64_t left = told->left[i];
        if (left < 0)
            continue;
        if (grant->gate && s->most > 0) {
            gate_hear(g, grant->slot, i, left + used[i], now + told->reset_ms[i]);
            g->told_less = g->told_less || left + s->held < s->left;
        } else if (left == 0 && told->reset_ms[i] > shut_ms) {
            shut_ms = told->reset_ms[i];
        }
    }
    if (shut_ms > 0)
        close_until(a, g, now + shut_ms);
}

int64_t admission_closed_ms(const struct admission *a, const struct endpoint *e)
{
    const struct gate *g = gate_of(a, e);
    return g->closed_until_ms > g->told_until_ms ? g->closed_until_ms
                                                 : g->told_until_ms;
}

void admission_leave(struct admission *a)
{
    if (a->left)
        return;
    for (size_t i = 0; i < a->count; i++) {
        struct gate *g = &a->gates[i];
        gate_forget_wishes(g);
        if (g->is_limited && g->number > 0)
            gate_ask(g);
    }
    a->left = true;
}

enum err admission_new(const struct admission_options *o, struct admission **out)
{
    struct admission *a = calloc(1, sizeof *a);
    size_t count = o->endpoints->count;
    if (!a || !(a->gates = calloc(count + 1, sizeof *a->gates))) {
        free(a);
        return ERR_NOMEM;
    }
    a->options = *o;
    a->holds = 1;
    snprintf(a->worker, sizeof a->worker, "%016" PRIx64, rng_entropy());
    enum err e = ERR_OK;
    for (; !e && a->count < count; a->count++)
        e = gate_open(&a->gates[a->count], a, &o->endpoints->items[a->count]);
    if (e) {
        admission_free(a);
        return e;
    }
    *out = a;
    return ERR_OK;
}

void admission_free(struct admission *a)
{
    if (!a)
        return;
    a->left = true;
    for (size_t i = 0; i < a->count; i++) {
        if (a->gates[i].wake)
            loop_timer_free(a->gates[i].wake);
        if (a->gates[i].flush)
            loop_timer_free(a->gates[i].flush);
    }
    gate_release(a);
}
