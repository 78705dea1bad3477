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

_Static_assert(SEND_MS < LIMITS_ARRIVE_MS, "a call needs time to arrive");

static struct gate *gate_of(const struct admission *a, const struct endpoint *e)
{
    return &a->gates[e - a->options.endpoints->items];
}

bool admission_counts_tokens(const struct admission *a, const struct endpoint *e)
{
    const struct gate *g = gate_of(a, e);
    return g->is_limited && g->limits->tpm > 0;
}

bool admission_take(struct admission *a, const struct endpoint *e, int64_t tokens,
                    int waiting, struct port_grant *out)
{
    struct gate *g = gate_of(a, e);
    int64_t now = clock_mono_ms();
    *out = (struct port_grant){0};
    if (a->left)
        return false;
    if (!g->is_limited && now >= g->closed_until_ms)
        return true;
    if (tokens > g->limits->tpm)
        tokens = g->limits->tpm; /* it goes alone, or never */
    if (now < g->closed_until_ms || now >= g->until_ms || g->refused || g->calls < 1 ||
        g->tokens < tokens) {
        gate_want(g, tokens, waiting);
        return false;
    }
    g->calls--;
    g->tokens -= tokens;
    g->holding++;
    *out = (struct port_grant){.gate = (int)(g - a->gates) + 1,
                               .slot = g->slot,
                               .tokens = tokens,
                               .usual_tokens = tokens * g->usual / PERMILLE,
                               .until_ms = g->sent_ms + SEND_MS};
    return true;
}

static struct gate *end_leave(struct admission *a, const struct port_grant *grant)
{
    if (!grant->gate)
        return NULL;
    struct gate *g = &a->gates[grant->gate - 1];
    g->holding--;
    check(g->holding >= 0);
    gate_flush_soon(g);
    if (g->limits->max_in_flight > 0)
        g->ask_at_ms = 0; /* there is room again: no need to wait for the time */
    return g;
}

void admission_forgo(struct admission *a, const struct port_grant *grant)
{
    struct gate *g = end_leave(a, grant);
    if (!g)
        return;
    gate_add_back(g, grant->slot, 1, grant->tokens);
    g->pace_back += grant->usual_tokens;
}

bool admission_is_fresh(const struct port_grant *grant)
{
    return !grant->gate || clock_mono_ms() < grant->until_ms;
}

void admission_settle(struct admission *a, const struct port_grant *grant,
                      int64_t tokens, bool usual)
{
    struct gate *g = end_leave(a, grant);
    if (!g || grant->tokens <= 0)
        return;
    gate_add_back(g, grant->slot, 0, grant->tokens - tokens);
    g->pace_back += grant->usual_tokens - tokens;
    if (!usual)
        return;
    int64_t permille =
        tokens >= grant->tokens ? PERMILLE : tokens * PERMILLE / grant->tokens;
    g->usual_now = (9 * g->usual_now + permille) / 10;
    if (g->usual_now < USUAL_MIN)
        g->usual_now = USUAL_MIN;
}

void admission_close(struct admission *a, const struct endpoint *e, int64_t ms)
{
    struct gate *g = gate_of(a, e);
    int64_t until = clock_mono_ms() + (ms > CLOSED_MAX_MS ? CLOSED_MAX_MS : ms);
    if (until <= g->closed_until_ms)
        return;
    g->closed_until_ms = until;
    if (!g->is_limited || a->left)
        return;
    if (g->asking || g->gathering)
        gate_flush_soon(g);
    else
        gate_ask(g); /* the other workers shall hear of it */
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
        g->wanted = g->wanted_tokens = g->first_tokens = 0;
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
