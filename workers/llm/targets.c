/* targets.c: see targets.h. */
#include "workers/llm/targets.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/llm/breaker.h"
#include "workers/llm/ceiling.h"
#include "workers/llm/llm_tokens.h"
#include "workers/llm/retry_budget.h"
#include "workers/llm/ways.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MODELS_MAX 128
#define FAILURES_EACH 2 /* of one ask, then it begins with the next one */
#define SPILL_MS 5000   /* who is told to come back sooner waits */

struct model {   /* behind one key and address */
    uint64_t id; /* 0 = a free place */
    const struct endpoint *endpoint;
    char name[ENDPOINT_MODEL_MAX_BYTES];
    int64_t used_ms;
    struct breaker breaker;
    struct retry_budget retries;
    struct ceiling ceiling;
    bool awaited; /* somebody waits for the end of a call */
};
struct targets {
    struct targets_options options;
    struct rng dice;
    struct model models[MODELS_MAX];
    uint64_t last_id;
    struct loop_timer *wake;
    int64_t wake_ms; /* 0 = not set */
};

static void on_wake(void *arg)
{
    struct targets *t = arg;
    t->wake_ms = 0;
    if (t->options.on_room)
        t->options.on_room(t->options.room_arg);
}

enum err targets_new(const struct targets_options *o, struct targets **out)
{
    struct targets *t = calloc(1, sizeof *t);
    if (!t)
        return ERR_NOMEM;
    t->options = *o;
    rng_seed(&t->dice, rng_entropy());
    enum err e = loop_timer_new(o->loop, on_wake, t, &t->wake);
    if (e)
        free(t);
    else
        *out = t;
    return e;
}

void targets_free(struct targets *t)
{
    if (!t)
        return;
    loop_timer_free(t->wake);
    free(t);
}

static void wake_at(struct targets *t, int64_t at_ms, int64_t now_ms)
{
    if (at_ms == INT64_MAX || (t->wake_ms && t->wake_ms <= at_ms))
        return; /* the end of a call wakes, see end_call() */
    t->wake_ms = at_ms;
    loop_timer_start(t->wake, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

size_t targets_count(const struct targets *t, const struct port_call *call)
{
    struct ways ways;
    ways_list(t->options.endpoints, call, &ways);
    return ways.count;
}

static bool is_same_account(const struct endpoint *a, const struct endpoint *b)
{
    const char *x = a->key ? a->key : "", *y = b->key ? b->key : "";
    return a == b ||
           (strcmp(x, y) == 0 && strcmp(a->config->base_url, b->config->base_url) == 0);
}

/* Without a word to it, and NULL if nothing is known. */
static const struct model *known_model(const struct targets *t, const struct way *w)
{
    for (size_t i = 0; i < MODELS_MAX; i++) {
        const struct model *m = &t->models[i];
        if (m->id && strcmp(m->name, w->model) == 0 &&
            is_same_account(m->endpoint, w->endpoint))
            return m;
    }
    return NULL;
}

/* Known models stay; a new one takes the place that was used longest ago. A call under
 * way to the one that went finds nobody. */
static struct model *find_model(struct targets *t, const struct way *w, int64_t now_ms)
{
    const struct model *known = known_model(t, w);
    struct model *oldest = &t->models[0];
    if (known) {
        oldest = &t->models[known - t->models];
        oldest->used_ms = now_ms;
        return oldest;
    }
    for (size_t i = 0; i < MODELS_MAX; i++) {
        struct model *m = &t->models[i];
        if (oldest->id && (!m->id || m->used_ms < oldest->used_ms))
            oldest = m;
    }
    if (oldest->awaited)
        wake_at(t, now_ms, now_ms); /* nobody else would */
    *oldest =
        (struct model){.id = ++t->last_id, .endpoint = w->endpoint, .used_ms = now_ms};
    (void)strncat(oldest->name, w->model, sizeof oldest->name - 1);
    retry_budget_init(&oldest->retries, now_ms);
    return oldest;
}

/* An ask that failed before this worker had it, perhaps at an endpoint that is closed
 * for others, finds out about it alone. */
static void be_careful(struct model *m, const struct port_call *call, int64_t now_ms)
{
    bool from_elsewhere = call->failures > 0 && call->failed_at == 0;
    if (from_elsewhere && m->ceiling.under_way == 0)
        breaker_suspect(&m->breaker, now_ms);
}

/* Leave at this endpoint, whose breaker allows it. */
static bool enter(struct targets *t, const struct way *w, struct model *m,
                  const struct port_call *call, int waiting, struct port_grant *out)
{
    int place = (int)(w->endpoint - t->options.endpoints->items) + 1;
    bool is_retry = call->failures > 0 && call->failed_at == place;
    int64_t now = clock_mono_ms();
    int64_t retry_ms = is_retry ? retry_budget_free_ms(&m->retries, now) : now;
    if (retry_ms > now) {
        wake_at(t, retry_ms, now);
        return false;
    }
    if (!ceiling_has_room(&m->ceiling)) {
        m->awaited = true;
        return false;
    }
    struct admission_way way = {w->endpoint,
                                admission_tenant(t->options.admission, call->tenant)};
    struct admission_tokens tokens = {0};
    if (admission_counts_tokens(t->options.admission, way)) {
        tokens.in = endpoint_prompt_tokens(t->options.endpoints, w->endpoint, call);
        tokens.out = llm_reply_tokens(call->ask);
    }
    if (!admission_take(t->options.admission, way, tokens, waiting, out))
        return false;
    be_careful(m, call, now);
    struct breaker_leave leave = breaker_enter(&m->breaker);
    retry_budget_enter(&m->retries, is_retry);
    out->target = place;
    out->model_id = m->id;
    out->turn = leave.turn;
    out->is_probe = leave.is_probe;
    out->is_retry = is_retry;
    out->cuts = ceiling_enter(&m->ceiling);
    return true;
}

/* Money is asked for before anything of the target is taken. */
static bool has_money(const struct port_call *call, const struct way *w,
                      struct port_grant *out)
{
    if (!call->has_purse || w->most_nano <= call->at_hand_nano)
        return true;
    out->most_nano = w->most_nano;
    return false;
}

static void note_price(const struct ways *ways, const struct way *w,
                       struct port_grant *out)
{
    out->most_nano = w->most_nano;
    out->single = w->single;
    out->has_cheaper = ways->least_nano < w->most_nano;
}

static bool admit(struct targets *t, const struct port_call *call,
                  const struct ways *ways, int waiting, struct port_grant *out)
{
    int64_t now = clock_mono_ms(), earliest = INT64_MAX;
    for (size_t i = 0; i < ways->count; i++) {
        size_t skipped = (size_t)call->failures / FAILURES_EACH;
        const struct way *w = &ways->items[(i + skipped) % ways->count];
        struct model *m = find_model(t, w, now);
        int64_t free_ms = breaker_free_ms(&m->breaker);
        int64_t shut_ms = admission_closed_ms(t->options.admission, w->endpoint);
        if (free_ms <= now && ways->count > 1 && shut_ms - SPILL_MS > now)
            free_ms = shut_ms - SPILL_MS;
        if (free_ms <= now) {
            bool ok = has_money(call, w, out) && enter(t, w, m, call, waiting, out);
            if (ok)
                note_price(ways, w, out);
            return ok;
        }
        m->awaited |= free_ms == INT64_MAX;
        earliest = free_ms < earliest ? free_ms : earliest;
    }
    wake_at(t, earliest, now);
    return false;
}

bool targets_admit(struct targets *t, const struct port_call *call, int waiting,
                   struct port_grant *out)
{
    struct ways ways;
    ways_list(t->options.endpoints, call, &ways);
    *out = (struct port_grant){.refused = ways.refused};
    if (ways.count > 0)
        return admit(t, call, &ways, waiting, out);
    out->most_nano = ways.refused == ERR_OVER_BUDGET ? ways.least_nano : 0;
    return !ways.refused; /* the call fails by itself */
}

int64_t targets_closed_ms(const struct targets *t, const struct port_call *call)
{
    struct ways ways;
    ways_list(t->options.endpoints, call, &ways);
    int64_t now = clock_mono_ms(), earliest = ways.count > 0 ? INT64_MAX : 0;
    for (size_t i = 0; i < ways.count; i++) {
        const struct model *m = known_model(t, &ways.items[i]);
        int64_t shut_ms =
            admission_closed_ms(t->options.admission, ways.items[i].endpoint);
        int64_t free_ms = m ? breaker_free_ms(&m->breaker) : 0;
        free_ms = shut_ms > free_ms ? shut_ms : free_ms;
        earliest = free_ms < earliest ? free_ms : earliest;
    }
    return earliest == INT64_MAX ? earliest : earliest > now ? earliest - now : 0;
}

static struct model *model_of(struct targets *t, const struct port_grant *g)
{
    for (size_t i = 0; g->model_id && i < MODELS_MAX; i++)
        if (t->models[i].id == g->model_id)
            return &t->models[i];
    return NULL;
}

bool targets_admit_again(struct targets *t, const struct port_grant *first,
                         const struct endpoint *e, struct admission_tokens tokens,
                         struct port_grant *out)
{
    struct model *m = model_of(t, first);
    *out = (struct port_grant){0};
    if (m && (m->breaker.state != BREAKER_CLOSED || !ceiling_has_room(&m->ceiling))) {
        m->awaited = true;
        return false;
    }
    struct admission_way way = {e, first->own.gate};
    if (!admission_take(t->options.admission, way, tokens, 1, out))
        return false;
    out->target = first->target;
    if (!m)
        return true;
    out->model_id = m->id;
    out->turn = breaker_enter(&m->breaker).turn;
    out->cuts = ceiling_enter(&m->ceiling);
    return true;
}

static struct breaker_leave leave_of(const struct port_grant *g)
{
    return (struct breaker_leave){.turn = g->turn, .is_probe = g->is_probe};
}

/* Who waits for room or for the outcome of a probe may be another campaign than the one
 * whose call ends, and that one may be gone. */
static void end_call(struct targets *t, struct model *m, const struct port_grant *g,
                     enum err code, int64_t now_ms)
{
    char most[16];
    if (ceiling_leave(&m->ceiling, g->cuts, code)) {
        (void)snprintf(most, sizeof most, "%d", m->ceiling.most);
        log_event(LOG_INFO, "llm.ceiling", "endpoint", m->endpoint->config->name,
                  "model", m->name, "code", err_code(code), "calls", most, NULL);
    }
    if (m->awaited)
        wake_at(t, now_ms, now_ms);
    m->awaited = false;
}

void targets_forgo(struct targets *t, const struct port_grant *g)
{
    struct model *m = model_of(t, g);
    admission_forgo(t->options.admission, g);
    if (!m)
        return;
    end_call(t, m, g, ERR_CANCELLED, clock_mono_ms());
    breaker_forgo(&m->breaker, leave_of(g));
    retry_budget_forgo(&m->retries, g->is_retry);
}

static void tell(const struct model *m, int64_t now_ms)
{
    char ms[24];
    bool open = m->breaker.state == BREAKER_OPEN;
    (void)snprintf(ms, sizeof ms, "%" PRId64, open ? m->breaker.until_ms - now_ms : 0);
    log_event(open ? LOG_WARN : LOG_INFO, "llm.breaker", "endpoint",
              m->endpoint->config->name, "model", m->name, "state",
              open ? "open" : "closed", "code", err_code(m->breaker.cause), "ms", ms,
              NULL);
}

void targets_settle(struct targets *t, const struct port_grant *g, enum err code,
                    int64_t hint_ms)
{
    struct model *m = model_of(t, g);
    int64_t now = clock_mono_ms();
    if (!m)
        return;
    end_call(t, m, g, code, now);
    if (breaker_settle(&m->breaker, leave_of(g), code, hint_ms, now, &t->dice))
        tell(m, now);
}

void targets_print(const struct targets *t, char *out, size_t size)
{
    size_t len = 0;
    *out = '\0';
    for (size_t i = 0; i < MODELS_MAX && len < size; i++) {
        const struct model *m = &t->models[i];
        if (m->id && m->breaker.state != BREAKER_CLOSED && m->breaker.cause)
            len += (size_t)snprintf(out + len, size - len, "%s%s/%s %s",
                                    len ? ", " : "", m->endpoint->config->name, m->name,
                                    err_code(m->breaker.cause));
    }
}
