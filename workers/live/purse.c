/* purse.c: who may take how much; see purse_ledger.c for where it comes from. */
#include "workers/live/purse.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/rng.h"
#include "workers/live/purse_ledger.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPEAK_MS                                                                       \
    12000 /* a worker that lives speaks after so long: reconnect, renew                \
           */
#define CALL_MAX_NANO                                                                  \
    (INT64_C(1) << 47) /* as queues/journal.h; no call costs as much */

static struct purse *find(const struct purses *all, const char *tenant)
{
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->items[i].limits->name, tenant) == 0)
            return &all->items[i];
    return NULL;
}

bool purses_limit(const struct purses *all, const char *tenant)
{
    return find(all, tenant) != NULL;
}

/* What is left beside so much that others have, and what we have spent since. */
static int64_t room_beside(const struct purse *p, int64_t others)
{
    int64_t used, limit = p->limits->usd_per_day_nano;
    if (__builtin_add_overflow(others, p->today.spent - p->gone_spent, &used) ||
        used > limit)
        return 0;
    return limit - used < CALL_MAX_NANO ? limit - used : CALL_MAX_NANO - 1;
}

/* What somebody holds who fell silent comes back if that one speaks again, as all do
 * when it was Redis that was away. So it counts as lost only when it was missing in all
 * that was heard for SPEAK_MS after the first call that wanted it. */
static int64_t room_of(const struct purse *p)
{
    bool lost = p->over_since_ms && p->heard_ms - p->over_since_ms >= SPEAK_MS;
    return room_beside(p, lost ? p->gone : p->all_spent);
}

int64_t purses_room(struct purses *all, const char *tenant)
{
    struct purse *p = find(all, tenant);
    if (!p)
        return CALL_MAX_NANO - 1;
    purse_turn_day(p);
    return room_of(p);
}

int64_t purses_at_hand(struct purses *all, const char *tenant)
{
    struct purse *p = find(all, tenant);
    return p && !all->left ? p->today.at_hand : 0;
}

static void tell_over(struct purse *p)
{
    if (!p->told_over)
        log_event(LOG_WARN, "tenant.over_budget", "tenant", p->limits->name, "hint",
                  "usd_per_day is spent, or held by a worker that died", NULL);
    p->told_over = true;
}

enum err purses_check(struct purses *all, const char *tenant, int64_t usd_nano,
                      int waiting)
{
    struct purse *p = find(all, tenant);
    if (!p)
        return ERR_OK;
    if (usd_nano < 0)
        return ERR_PRICE_UNKNOWN;
    if (usd_nano == 0)
        return ERR_OK;
    if (all->left)
        return ERR_BUSY;
    purse_turn_day(p);
    if (usd_nano > room_of(p)) {
        tell_over(p);
        if (usd_nano <= room_beside(p, p->all_spent))
            purse_flush_soon(p); /* for the next one: somebody may have spoken again */
        return ERR_OVER_BUDGET;
    }
    if (!p->over_since_ms && usd_nano > room_beside(p, p->gone))
        p->over_since_ms = clock_mono_ms();
    if (p->today.at_hand >= usd_nano)
        return ERR_OK;
    purse_want(p, usd_nano, waiting);
    return ERR_BUSY;
}

void purses_take(struct purses *all, const char *tenant, int64_t usd_nano,
                 struct port_grant *out)
{
    struct purse *p = find(all, tenant);
    if (!p || usd_nano <= 0)
        return;
    check(p->today.at_hand >= usd_nano);
    p->today.at_hand -= usd_nano;
    p->today.under_way += usd_nano;
    p->taken += usd_nano;
    out->purse = (int)(p - all->items) + 1;
    out->purse_lease = p->today.lease;
    out->held_nano = usd_nano;
}

/* The call no longer holds its money. NULL: it is of a day long over. */
static struct purse *end_hold(struct purses *all, const struct port_grant *g,
                              struct purse_day **day)
{
    if (g->purse <= 0)
        return NULL;
    struct purse *p = &all->items[g->purse - 1];
    *day = purse_day_of(p, g->purse_lease);
    if (!*day)
        return NULL;
    (*day)->under_way -= g->held_nano;
    check((*day)->under_way >= 0);
    purse_flush_soon(p);
    return p;
}

void purses_forgo(struct purses *all, const struct port_grant *g)
{
    struct purse_day *day;
    struct purse *p = end_hold(all, g, &day);
    if (p && day == &p->today)
        day->at_hand += g->held_nano;
}

void purses_settle(struct purses *all, const struct port_grant *g, int64_t usd_nano)
{
    struct purse_day *day;
    struct purse *p = end_hold(all, g, &day);
    if (!p)
        return;
    day->spent += usd_nano;
    if (day != &p->today)
        return;
    day->at_hand += g->held_nano - usd_nano;
    if (day->at_hand < 0)
        day->at_hand = 0; /* it cost more than the most it could */
}

void purses_leave(struct purses *all)
{
    for (size_t i = 0; i < all->count && !all->left; i++)
        purse_leave(&all->items[i]);
    all->left = true;
}

enum err purses_new(const struct purses_options *o, struct purses **out)
{
    struct purses *all = calloc(1, sizeof *all);
    size_t tenants = o->config ? config_tenant_count(o->config) : 0;
    if (!all || !(all->items = calloc(tenants + 1, sizeof *all->items))) {
        free(all);
        return ERR_NOMEM;
    }
    all->options = *o;
    snprintf(all->worker, sizeof all->worker, "%016" PRIx64, rng_entropy());
    enum err e = ERR_OK;
    for (size_t i = 0; i < tenants && !e; i++) {
        const struct config_tenant *t = config_tenant_at(o->config, i);
        if (t->usd_per_day_nano >= 0)
            e = purse_open(&all->items[all->count++], all, t);
    }
    if (e) {
        purses_free(all);
        return e;
    }
    *out = all;
    return ERR_OK;
}

void purses_free(struct purses *all)
{
    if (!all)
        return;
    for (size_t i = 0; i < all->count; i++)
        purse_close(&all->items[i]);
    free(all->items);
    free(all);
}
