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
#define HOLD_SPARE_MS 5000
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

void gate_add_back(struct gate *g, int64_t slot, int64_t calls, int64_t tokens)
{
    int i = 0;
    while (i < g->back_count && g->back[i].slot != slot)
        i++;
    if (i == LIMITS_BACK_MAX)
        return; /* it counts as spent */
    if (i == g->back_count)
        g->back[g->back_count++] = (struct limits_back){.slot = slot};
    g->back[i].calls += calls;
    g->back[i].tokens += tokens;
}

void gate_flush_soon(struct gate *g)
{
    if (!g->dirty)
        loop_timer_start(g->flush, FLUSH_MS, 0);
    g->dirty = true;
}

static void give_up_lease(struct gate *g)
{
    if (g->calls > 0 || g->tokens > 0) {
        gate_add_back(g, g->slot, g->calls, g->tokens);
        g->pace_back += g->tokens * g->usual / PERMILLE;
    }
    g->calls = g->tokens = 0;
    g->refused = false;
}

static void take_lease(struct gate *g, const struct reply *r)
{
    int64_t wait = reply_int(reply_at(r, 3));
    g->slot = reply_int(reply_at(r, 0));
    g->calls = reply_int(reply_at(r, 1));
    g->tokens = reply_int(reply_at(r, 2));
    g->until_ms = g->sent_ms + TAKE_MS;
    int64_t closed = reply_int(reply_at(r, 4));
    g->told_until_ms = closed > 0 ? clock_mono_ms() + closed : 0;
    wait = wait > ASK_MAX_MS ? ASK_MAX_MS : wait < ASK_MIN_MS ? ASK_MIN_MS : wait;
    g->ask_at_ms = clock_mono_ms() + wait;
    g->in_line = g->calls == 0;
    if (g->in_line)
        wake_at(g, g->ask_at_ms);
    else
        gate_flush_soon(g); /* what nobody takes */
}

static void lose_lease(struct gate *g, enum err e, const struct reply *r)
{
    if (!g->told && e != ERR_CANCELLED)
        log_event(LOG_WARN, "llm.no_lease", "endpoint", g->limits->name, "code",
                  err_code(e), "error", reply_str(r, NULL), NULL);
    g->ask_at_ms = clock_mono_ms() + ASK_MAX_MS;
    gate_flush_soon(g); /* it may have been granted: says what is under way */
}

static void on_lease(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct admission *a = arg;
    struct gate *g = &a->gates[ticket];
    bool wanted = g->wanted > 0;
    g->asking = false;
    if (!a->left) {
        g->wanted = g->wanted_tokens = g->first_tokens = 0;
        if (e)
            lose_lease(g, e, r);
        else if (wanted)
            take_lease(g, r);
        else
            g->in_line = false;
        g->told = e != ERR_OK;
        tell_room(a);
    }
    gate_release(a);
}

void gate_ask(struct gate *g)
{
    struct admission *a = g->owner;
    give_up_lease(g);
    struct limits_ask what = {.id = g->id,
                              .worker = a->worker,
                              .number = ++g->number,
                              .holding = g->holding,
                              .hold_ms = a->options.timeout_ms + HOLD_SPARE_MS,
                              .rpm = g->limits->rpm,
                              .tpm = g->limits->tpm,
                              .max_in_flight = g->limits->max_in_flight,
                              .calls = g->wanted,
                              .tokens = g->wanted_tokens,
                              .first_tokens = g->first_tokens,
                              .usual_permille = g->usual_now,
                              .pace_back = g->pace_back,
                              .close_ms = g->closed_until_ms - clock_mono_ms(),
                              .back = g->back,
                              .back_count = g->back_count};
    g->usual = g->usual_now;
    g->sent_ms = clock_mono_ms();
    uint64_t ticket = (uint64_t)(g - a->gates);
    if (limits_lease(a->options.queue, &what, on_lease, a, ticket)) {
        g->wanted = g->wanted_tokens = g->first_tokens = 0;
        g->ask_at_ms = g->sent_ms + ASK_MAX_MS;
        wake_at(g, g->ask_at_ms);
        return;
    }
    a->holds++;
    g->asking = true;
    g->dirty = false;
    g->pace_back = 0;
    g->back_count = 0;
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

static void on_flush(void *arg)
{
    struct gate *g = arg;
    g->dirty = false;
    if (g->owner->left)
        return;
    if (g->asking || g->gathering || (g->in_line && clock_mono_ms() < g->ask_at_ms))
        gate_flush_soon(g); /* an ask without a wish would lose the place in line */
    else if (g->back_count || g->pace_back || g->calls || g->in_line ||
             g->limits->max_in_flight)
        gate_ask(g);
}

void gate_want(struct gate *g, int64_t tokens, int waiting)
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
        g->wanted = g->wanted_tokens = 0;
        g->first_tokens = tokens;
    }
    if (g->wanted + waiting > WANTED_MAX)
        return;
    g->wanted += waiting;
    g->wanted_tokens += waiting * tokens;
}

enum err gate_open(struct gate *g, struct admission *a, const struct endpoint *e)
{
    char text[HASH_SHA256_HEX];
    struct buf name;
    g->owner = a;
    g->limits = e->config;
    g->usual_now = PERMILLE; /* until replies tell: slow at first */
    g->is_limited = a->options.queue && (e->config->rpm > 0 || e->config->tpm > 0 ||
                                         e->config->max_in_flight > 0);
    buf_init(&name, 64 * 1024);
    enum err failed = buf_printf(&name, "%s\n%s\n%s", e->config->name,
                                 e->config->base_url, e->key ? e->key : "");
    if (!failed) {
        hash_sha256_hex(buf_str(&name), name.len, text);
        memcpy(g->id, text, sizeof g->id - 1);
        explicit_bzero(name.data, name.len);
    }
    buf_fini(&name);
    if (!failed)
        failed = loop_timer_new(a->options.loop, on_wake, g, &g->wake);
    if (!failed)
        failed = loop_timer_new(a->options.loop, on_flush, g, &g->flush);
    return failed;
}
