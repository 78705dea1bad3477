/* admission.c: what is taken of a lease, and what comes back of it. */
#include "workers/llm/admission.h"
#include "core/base/clock.h"
#include "core/base/rng.h"
#include "workers/llm/gate.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* NULL: a tenant without limits. */
static struct gate *gate_at(const struct admission *a, int place)
{
    return place > 0 ? &a->gates[place - 1] : NULL;
}

static int compare_name(const void *name, const void *gate)
{
    return strcmp(name, ((const struct gate *)gate)->name);
}

int admission_tenant(const struct admission *a, const char *name)
{
    if (a->tenants == 0 || !name)
        return 0;
    const struct gate *first = &a->gates[a->options.endpoints->count];
    const struct gate *g =
        bsearch(name, first, a->tenants, sizeof *first, compare_name);
    return g ? (int)(g - a->gates) + 1 : 0;
}

static bool counts_tokens(const struct gate *g)
{
    bool any = false;
    for (int i = LIMITS_TOKENS; g && g->is_limited && i < LIMITS_KINDS; i++)
        any = any || g->of[i].most > 0;
    return any;
}

bool admission_counts_tokens(const struct admission *a, struct admission_way way)
{
    return counts_tokens(gate_of(a, way.endpoint)) ||
           counts_tokens(gate_at(a, way.tenant));
}

static void by_kind(struct admission_tokens t, int64_t out[LIMITS_KINDS])
{
    out[LIMITS_CALLS] = 1;
    out[LIMITS_TOKENS] = t.in + t.out;
    out[LIMITS_IN] = t.in;
    out[LIMITS_OUT] = t.out;
}

/* Some of a lease. A call that takes more than all goes alone, or never. */
struct share {
    struct gate *gate;
    int64_t takes[LIMITS_KINDS];
};

static struct share share_of(struct gate *g, struct admission_tokens tokens)
{
    struct share s = {.gate = g};
    by_kind(tokens, s.takes);
    for (int i = LIMITS_TOKENS; i < LIMITS_KINDS; i++)
        if (s.takes[i] > g->of[i].most)
            s.takes[i] = g->of[i].most;
    return s;
}

static bool has_room(const struct share *s, int64_t now_ms)
{
    const struct gate *g = s->gate;
    if (!g->is_limited)
        return now_ms >= g->closed_until_ms;
    bool ok = now_ms >= g->closed_until_ms && clock_boot_ms() < g->until_ms &&
              !g->refused && !g->told_less;
    for (int i = 0; i < LIMITS_KINDS; i++)
        ok = ok && g->of[i].lease >= s->takes[i];
    return ok;
}

static void take(const struct admission *a, const struct share *s,
                 struct port_leave *out)
{
    struct gate *g = s->gate;
    if (!g->is_limited)
        return;
    *out = (struct port_leave){.gate = (int)(g - a->gates) + 1,
                               .slot = g->slot,
                               .until_ms = g->asked_ms + SEND_MS};
    for (int i = 0; i < LIMITS_KINDS; i++) {
        struct gate_share *of = &g->of[i];
        of->lease -= s->takes[i];
        of->held += s->takes[i];
        out->taken[i] = s->takes[i];
        out->usual[i] = s->takes[i] * of->usual / PERMILLE;
    }
}

/* Is what it wants of the endpoint kept for somebody else? */
static bool is_kept(const struct share *there, const struct gate *own)
{
    const struct gate *g = there->gate;
    bool enough = true;
    if (!g->awaited || g->awaited == own || !gate_is_hopeful(g->awaited))
        return false;
    for (int i = 0; i < LIMITS_KINDS; i++)
        enough = enough && g->of[i].lease >= there->takes[i] + g->kept[i];
    return !enough;
}

/* What it needs of the endpoint is kept for as long as one answer of Redis takes, or
 * others would have each lease there before it has one of its tenant. */
static void ask_tenant(const struct share *own, const struct share *there, int waiting,
                       int64_t now_ms)
{
    struct gate *g = there->gate;
    gate_want(own->gate, own->takes, waiting);
    if (!g->is_limited || !gate_is_hopeful(own->gate) || !has_room(there, now_ms) ||
        (g->awaited && gate_is_hopeful(g->awaited)))
        return;
    g->awaited = own->gate;
    memcpy(g->kept, there->takes, sizeof g->kept);
}

bool admission_take(struct admission *a, struct admission_way way,
                    struct admission_tokens tokens, int waiting, struct port_grant *out)
{
    struct gate *tenant = gate_at(a, way.tenant);
    int64_t now = clock_mono_ms();
    *out = (struct port_grant){0};
    if (a->left)
        return false;
    struct share there = share_of(gate_of(a, way.endpoint), tokens), own;
    if (tenant) {
        own = share_of(tenant, tokens);
        if (!has_room(&own, now)) {
            ask_tenant(&own, &there, waiting, now);
            return false;
        }
    }
    if (!has_room(&there, now)) {
        gate_want(there.gate, there.takes, waiting);
        return false;
    }
    if (is_kept(&there, tenant))
        return false; /* the answer that it is kept for wakes the runner */
    take(a, &there, &out->there);
    if (tenant)
        take(a, &own, &out->own);
    return true;
}

static struct gate *end_leave(struct admission *a, const struct port_leave *leave)
{
    struct gate *g = gate_at(a, leave->gate);
    if (!g)
        return NULL;
    for (int i = 0; i < LIMITS_KINDS; i++) {
        g->of[i].held -= leave->taken[i];
        check(g->of[i].held >= 0);
    }
    gate_flush_soon(g);
    if (g->max_in_flight > 0)
        g->ask_at_ms = 0; /* there is room again: no need to wait for the time */
    return g;
}

static void forgo(struct admission *a, const struct port_leave *leave)
{
    struct gate *g = end_leave(a, leave);
    for (int i = 0; g && i < LIMITS_KINDS; i++) {
        gate_add_back(g, leave->slot, i, leave->taken[i]);
        g->of[i].pace_back += leave->usual[i];
    }
}

void admission_forgo(struct admission *a, const struct port_grant *grant)
{
    forgo(a, &grant->there);
    forgo(a, &grant->own);
}

static bool is_fresh(const struct port_leave *leave)
{
    return !leave->gate || clock_boot_ms() < leave->until_ms;
}

bool admission_is_fresh(const struct port_grant *grant)
{
    return is_fresh(&grant->there) && is_fresh(&grant->own);
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

static void settle(struct admission *a, const struct port_leave *leave,
                   const int64_t used[LIMITS_KINDS], bool usual)
{
    struct gate *g = end_leave(a, leave);
    for (int i = LIMITS_TOKENS; g && i < LIMITS_KINDS; i++) {
        if (leave->taken[i] <= 0)
            continue;
        gate_add_back(g, leave->slot, i, leave->taken[i] - used[i]);
        settle_kind(&g->of[i], leave->taken[i], leave->usual[i], used[i], usual);
    }
}

void admission_settle(struct admission *a, const struct port_grant *grant,
                      struct admission_tokens tokens, bool usual)
{
    int64_t used[LIMITS_KINDS];
    by_kind(tokens, used);
    settle(a, &grant->there, used, usual);
    settle(a, &grant->own, used, usual);
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
        if (grant->there.gate && s->most > 0) {
            gate_hear(g, grant->there.slot, i, left + used[i], now + told->reset_ms[i]);
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

static bool has_limits(const struct config_tenant *t)
{
    return t->max_in_flight > 0 || t->tpm > 0;
}

static int compare_gates(const void *x, const void *y)
{
    return compare_name(((const struct gate *)x)->name, y);
}

/* Sorted before they are opened: from then on their addresses are known to others. */
static enum err open_tenants(struct admission *a)
{
    const struct config *c = a->options.config;
    struct gate *first = &a->gates[a->count];
    for (size_t i = 0; c && a->options.queue && i < config_tenant_count(c); i++)
        if (has_limits(config_tenant_at(c, i)))
            first[a->tenants++].name = config_tenant_at(c, i)->name;
    qsort(first, a->tenants, sizeof *first, compare_gates);
    enum err e = ERR_OK;
    for (size_t i = 0; i < a->tenants && !e; i++, a->count++)
        e = gate_open_tenant(&first[i], a, config_tenant_find(c, first[i].name));
    return e;
}

static enum err open_all(struct admission *a)
{
    const struct endpoints *list = a->options.endpoints;
    enum err e = ERR_OK;
    for (; !e && a->count < list->count; a->count++)
        e = gate_open(&a->gates[a->count], a, &list->items[a->count]);
    return e ? e : open_tenants(a);
}

enum err admission_new(const struct admission_options *o, struct admission **out)
{
    struct admission *a = calloc(1, sizeof *a);
    size_t count =
        o->endpoints->count + (o->config ? config_tenant_count(o->config) : 0);
    if (!a || !(a->gates = calloc(count + 1, sizeof *a->gates))) {
        free(a);
        return ERR_NOMEM;
    }
    a->options = *o;
    a->holds = 1;
    snprintf(a->worker, sizeof a->worker, "%016" PRIx64, rng_entropy());
    enum err e = open_all(a);
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
