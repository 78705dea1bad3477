/* gate.c: see gate.h. */
#include "workers/llm/gate.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include <stdlib.h>
#include <string.h>

#define TAKE_MS 1000 /* a lease lasts so long; admission.c: what was taken of it */
#define ASK_MIN_MS 20
#define ASK_MAX_MS 500 /* who asks more rarely loses its place in line */
#define FLUSH_MS 100
#define RETRIES_MAX 5 /* doublings of that while asks fail: 3.2 s */
#define WANTED_MAX 1000
#define PERMILLE 1000

void gate_release(struct admission *a)
{
    if (--a->holds > 0)
        return;
    free(a->gates);
    free(a);
}

static void tell_room(const struct admission *a)
{
    if (a->options.on_room && !a->left)
        a->options.on_room(a->options.room_arg);
}

static void wake_at(struct gate *g, int64_t at_ms)
{
    int64_t now = clock_mono_ms();
    loop_timer_start(g->wake, at_ms > now ? at_ms - now : 0, 0);
}

void gate_add_back(struct gate *g, int64_t slot, enum limits_kind kind, int64_t n)
{
    int i = 0;
    while (i < g->back_count && g->back[i].slot != slot)
        i++;
    if (i == LIMITS_BACK_MAX)
        return; /* it counts as spent */
    if (i == g->back_count)
        g->back[g->back_count++] = (struct limits_back){.slot = slot};
    g->back[i].of[kind] += n;
}

void gate_flush_soon(struct gate *g)
{
    if (!g->dirty)
        loop_timer_start(g->flush, FLUSH_MS, 0);
    g->dirty = true;
}

/* An ask has failed: what there was to tell is told later, whoever calls meanwhile. */
static void flush_later(struct gate *g)
{
    loop_timer_start(g->flush, FLUSH_MS << g->failures, 0);
    g->dirty = true;
    if (g->failures < RETRIES_MAX)
        g->failures++;
}

void gate_hear(struct gate *g, int64_t slot, enum limits_kind kind, int64_t left,
               int64_t until_ms)
{
    struct gate_share *s = &g->of[kind];
    if (slot < g->told_slot)
        return;
    for (int i = 0; slot > g->told_slot && i < LIMITS_KINDS; i++)
        g->of[i].told = -1;
    g->told_slot = slot;
    bool first = s->told < 0;
    s->told_until_ms =
        first || until_ms > s->told_until_ms ? until_ms : s->told_until_ms;
    s->told = first || left < s->told ? left : s->told;
}

static void give_up_lease(struct gate *g)
{
    for (int i = 0; i < LIMITS_KINDS; i++) {
        struct gate_share *s = &g->of[i];
        if (s->lease > 0) {
            gate_add_back(g, g->slot, i, s->lease);
            s->pace_back += s->lease * s->usual / PERMILLE;
        }
        s->lease = 0;
    }
    g->refused = false;
}

static void take_lease(struct gate *g, const struct reply *r)
{
    int64_t wait = reply_int(reply_at(r, 1));
    g->slot = reply_int(reply_at(r, 0));
    for (size_t i = 0; i < LIMITS_KINDS; i++) {
        g->of[i].lease = reply_int(reply_at(r, 3 + i));
        g->of[i].left = reply_int(reply_at(r, 3 + LIMITS_KINDS + i));
    }
    g->until_ms = g->asked_ms + TAKE_MS;
    int64_t closed = reply_int(reply_at(r, 2));
    g->told_until_ms = closed > 0 ? clock_mono_ms() + closed : 0;
    wait = wait > ASK_MAX_MS ? ASK_MAX_MS : wait < ASK_MIN_MS ? ASK_MIN_MS : wait;
    g->ask_at_ms = clock_mono_ms() + wait;
    g->in_line = g->of[LIMITS_CALLS].lease == 0;
    if (g->in_line)
        wake_at(g, g->ask_at_ms);
    else
        gate_flush_soon(g); /* what nobody takes */
}

void gate_forget_wishes(struct gate *g)
{
    for (int i = 0; i < LIMITS_KINDS; i++)
        g->of[i].wanted = g->of[i].first = 0;
}

static void lose_lease(struct gate *g, enum err e, const struct reply *r)
{
    if (!g->told && e != ERR_CANCELLED)
        log_event(LOG_WARN, "llm.no_lease", g->is_tenant ? "tenant" : "endpoint",
                  g->name, "code", err_code(e), "error", reply_str(r, NULL), NULL);
    g->ask_at_ms = clock_mono_ms() + ASK_MAX_MS;
    flush_later(g); /* it may have been granted: says what is under way */
}

static void on_lease(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct admission *a = arg;
    struct gate *g = &a->gates[ticket];
    bool wanted = g->of[LIMITS_CALLS].wanted > 0;
    g->asking = false;
    if (!a->left) {
        gate_forget_wishes(g);
        if (e)
            lose_lease(g, e, r);
        else if (wanted)
            take_lease(g, r);
        else
            g->in_line = false;
        g->failures = e ? g->failures : 0;
        g->told = e != ERR_OK;
        tell_room(a);
    }
    gate_release(a);
}

static void write_ask(struct gate *g, struct limits_ask *out)
{
    const struct admission *a = g->owner;
    int64_t now = clock_mono_ms();
    *out = (struct limits_ask){.id = g->is_tenant ? NULL : g->id,
                               .tenant = g->name,
                               .worker = a->worker,
                               .number = ++g->number,
                               .hold_ms = a->options.timeout_ms + LIMITS_HOLD_SPARE_MS,
                               .close_ms = g->closed_until_ms - now,
                               .holding = g->of[LIMITS_CALLS].held,
                               .max_in_flight = g->max_in_flight,
                               .told_slot = g->told_slot,
                               .back = g->back,
                               .back_count = g->back_count};
    for (int i = 0; i < LIMITS_KINDS; i++) {
        struct gate_share *s = &g->of[i];
        int64_t told_ms = s->told_until_ms - now;
        s->usual = s->usual_now;
        out->of[i] = (struct limits_share){.most = s->most,
                                           .wanted = s->wanted,
                                           .first = s->first,
                                           .usual_permille = s->usual_now,
                                           .pace_back = s->pace_back,
                                           .told = s->told,
                                           .told_ms = told_ms > 0 ? told_ms : 0};
    }
    g->sent_ms = now;
    g->asked_ms = clock_boot_ms();
}

/* What was told with it is told once: lost, it comes again with the next reply. */
static void forget_told(struct gate *g)
{
    for (int i = 0; i < LIMITS_KINDS; i++) {
        g->of[i].pace_back = 0;
        g->of[i].told = -1;
    }
    g->told_slot = 0;
    g->told_less = false;
    g->back_count = 0;
}

void gate_ask(struct gate *g)
{
    struct admission *a = g->owner;
    struct limits_ask what;
    give_up_lease(g);
    write_ask(g, &what);
    uint64_t ticket = (uint64_t)(g - a->gates);
    if (limits_lease(a->options.queue, &what, on_lease, a, ticket)) {
        gate_forget_wishes(g);
        g->ask_at_ms = g->sent_ms + ASK_MAX_MS;
        g->unsent = true;
        wake_at(g, g->ask_at_ms);
        flush_later(g);
        return;
    }
    a->holds++;
    g->unsent = false;
    g->asking = true;
    g->dirty = false;
    forget_told(g);
    loop_timer_stop(g->flush);
}

static void on_gathered(void *arg)
{
    struct gate *g = arg;
    struct admission *a = g->owner;
    g->gathering = false;
    if (!a->left && !g->asking)
        gate_ask(g);
    gate_release(a);
}

static void on_wake(void *arg)
{
    struct gate *g = arg;
    if (g->in_line)
        gate_flush_soon(g); /* a place in line that nobody needs any more */
    tell_room(g->owner);
}

static bool has_to_tell(const struct gate *g)
{
    bool any =
        g->back_count || g->in_line || g->told_less || g->max_in_flight || g->unsent;
    for (int i = 0; !any && i < LIMITS_KINDS; i++)
        any = g->of[i].lease || g->of[i].pace_back;
    return any;
}

static void on_flush(void *arg)
{
    struct gate *g = arg;
    g->dirty = false;
    if (g->owner->left)
        return;
    if (g->asking || g->gathering || (g->in_line && clock_mono_ms() < g->ask_at_ms))
        gate_flush_soon(g); /* an ask without a wish would lose the place in line */
    else if (has_to_tell(g))
        gate_ask(g);
}

void gate_want(struct gate *g, const int64_t takes[LIMITS_KINDS], int waiting)
{
    struct admission *a = g->owner;
    int64_t now = clock_mono_ms();
    int64_t at = g->ask_at_ms > g->closed_until_ms ? g->ask_at_ms : g->closed_until_ms;
    g->refused = true;
    if (g->asking)
        return; /* its answer wakes the runner */
    if (at > now || !g->is_limited) {
        wake_at(g, at);
        return;
    }
    if (!g->gathering) {
        if (loop_defer(a->options.loop, on_gathered, g)) {
            wake_at(g, now + ASK_MAX_MS);
            return;
        }
        a->holds++;
        g->gathering = true;
        for (int i = 0; i < LIMITS_KINDS; i++) {
            g->of[i].wanted = 0;
            g->of[i].first = takes[i];
        }
    }
    if (g->of[LIMITS_CALLS].wanted + waiting > WANTED_MAX)
        return;
    for (int i = 0; i < LIMITS_KINDS; i++)
        g->of[i].wanted += waiting * takes[i];
}

bool gate_is_hopeful(const struct gate *g)
{
    return (g->asking || g->gathering) && !g->in_line;
}

static void set_limits(struct gate *g, const char *name, int64_t max_in_flight,
                       const int64_t most[LIMITS_KINDS])
{
    bool any = max_in_flight > 0;
    for (int i = 0; i < LIMITS_KINDS; i++) {
        /* until replies tell: slow at first */
        g->of[i] = (struct gate_share){
            .most = most[i], .usual_now = PERMILLE, .left = -1, .told = -1};
        any = any || most[i] > 0;
    }
    g->name = name;
    g->max_in_flight = max_in_flight;
    g->is_limited = any && g->owner->options.queue;
}

static enum err open_timers(struct gate *g)
{
    struct loop *loop = g->owner->options.loop;
    enum err e = loop_timer_new(loop, on_wake, g, &g->wake);
    return e ? e : loop_timer_new(loop, on_flush, g, &g->flush);
}

enum err gate_open_tenant(struct gate *g, struct admission *a,
                          const struct config_tenant *t)
{
    const int64_t most[LIMITS_KINDS] = {[LIMITS_TOKENS] = t->tpm};
    g->owner = a;
    g->is_tenant = true;
    set_limits(g, t->name, t->max_in_flight, most);
    return open_timers(g);
}

enum err gate_open(struct gate *g, struct admission *a, const struct endpoint *e)
{
    char text[HASH_SHA256_HEX];
    struct buf name;
    const struct config_endpoint *c = e->config;
    const int64_t most[] = {c->rpm, c->tpm, c->itpm, c->otpm};
    g->owner = a;
    set_limits(g, c->name, c->max_in_flight, most);
    buf_init(&name, 64 * 1024);
    enum err failed =
        buf_printf(&name, "%s\n%s\n%s", c->name, c->base_url, e->key ? e->key : "");
    if (!failed) {
        hash_sha256_hex(buf_str(&name), name.len, text);
        memcpy(g->id, text, sizeof g->id - 1);
        explicit_bzero(name.data, name.len);
    }
    buf_fini(&name);
    return failed ? failed : open_timers(g);
}
