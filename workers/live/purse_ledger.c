/* purse_ledger.c: see purse_ledger.h. */
#include "workers/live/purse_ledger.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include <inttypes.h>
#include <stdio.h>

#define LEASE_MS 10000 /* a worker silent for so long is not waited for */
#define RENEW_MS 3000
#define FLUSH_MS 100
#define IDLE_MS 30000  /* Redis keeps what a lease said until it is told of the next */
#define POLL_MIN_MS 50 /* for what others may give back */
#define POLL_MAX_MS 500
#define QUIET_MS 5000 /* of who waits for money asks come far more often */
#define WANTED_MAX (INT64_C(1) << 51)

static void new_lease(struct purse *p, int64_t day)
{
    p->today = (struct purse_day){.lease = ++p->leases, .day = day};
    p->gone_spent = 0;
}

static void on_wake(void *arg);
static void on_flush(void *arg);

enum err purse_open(struct purse *p, struct purses *owner,
                    const struct config_tenant *limits)
{
    *p = (struct purse){.owner = owner, .limits = limits};
    new_lease(p, 0);
    enum err e = loop_timer_new(owner->options.loop, on_wake, p, &p->wake);
    return e ? e : loop_timer_new(owner->options.loop, on_flush, p, &p->flush);
}

void purse_close(struct purse *p)
{
    if (p->wake)
        loop_timer_free(p->wake);
    if (p->flush)
        loop_timer_free(p->flush);
}

static void tell_room(const struct purse *p)
{
    const struct purses_options *o = &p->owner->options;
    if (o->on_room && !p->owner->left)
        o->on_room(o->room_arg);
}

static void wake_at(struct purse *p, int64_t at_ms)
{
    int64_t now = clock_mono_ms();
    loop_timer_start(p->wake, at_ms > now ? at_ms - now : 0, 0);
}

void purse_flush_soon(struct purse *p)
{
    if (!p->dirty)
        loop_timer_start(p->flush, FLUSH_MS, 0);
    p->dirty = true;
}

/* What the day before yesterday still held is lost with its lease. */
static void turn(struct purse *p)
{
    p->before = p->today;
    p->before.at_hand = 0;
    new_lease(p, 0);
    p->over = 0; /* yesterday's book is not looked at again */
    p->gone = p->all_spent = p->over_since_ms = 0;
    p->told_over = false;
    purse_flush_soon(p);
}

void purse_turn_day(struct purse *p)
{
    if (p->today.day && clock_boot_ms() >= p->until_ms)
        turn(p);
}

static bool is_open(const struct purse_day *d)
{
    return d->under_way > 0 || d->at_hand > 0 || d->spent != d->told;
}

/* Is it the turn of yesterday's calls to be told of? */
static bool is_untold(const struct purse *p)
{
    return is_open(&p->before) && p->sent.lease != p->before.lease;
}

struct purse_day *purse_day_of(struct purse *p, int64_t lease)
{
    return lease == p->today.lease    ? &p->today
           : lease == p->before.lease ? &p->before
                                      : NULL;
}

static void take_reply(struct purse *p, const struct funds_reply *r)
{
    struct purse_day *d = purse_day_of(p, p->sent.lease);
    if (d)
        d->told = p->sent.spent;
    if (d != &p->today)
        return;
    if (p->sent.over == p->over)
        p->over = 0;
    d->day = r->day;
    d->at_hand += r->granted;
    p->until_ms = p->sent.boot_ms + r->lasts_ms;
    bool is_new = r->gone - r->spent > p->gone - p->all_spent;
    if (is_new || p->sent.at_ms - p->heard_ms > QUIET_MS)
        p->over_since_ms = 0; /* another silence, or one that nobody watched */
    p->gone = r->gone;
    p->all_spent = r->spent;
    p->heard_ms = p->sent.at_ms;
    if (r->gone == r->spent)
        p->over_since_ms = 0; /* nobody is silent */
    p->gone_spent = p->sent.spent;
}

static void reckon_next_ask(struct purse *p, bool served)
{
    int64_t wait = POLL_MIN_MS;
    p->refusals = served ? 0 : p->refusals + 1;
    for (int i = 1; i < p->refusals && wait < POLL_MAX_MS; i++)
        wait *= 2;
    p->ask_at_ms = served ? 0 : clock_mono_ms() + wait;
}

static void set_flush(struct purse *p, bool lost)
{
    p->dirty = false;
    p->idle_since_ms = 0;
    if (lost)
        loop_timer_start(p->flush, POLL_MAX_MS, 0);
    else if (p->today.at_hand > 0 || p->today.spent != p->today.told || is_untold(p))
        purse_flush_soon(p);
    else if (is_open(&p->today) || is_open(&p->before))
        loop_timer_start(p->flush, RENEW_MS, 0);
    else
        p->idle_since_ms = clock_mono_ms();
}

static void on_reply(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct purse *p = arg;
    (void)ticket;
    p->asking = false;
    if (p->owner->left)
        return;
    if (e && !p->told_lost && e != ERR_CANCELLED)
        log_event(LOG_WARN, "tenant.no_money", "tenant", p->limits->name, "code",
                  err_code(e), "error", reply_str(r, NULL), NULL);
    p->told_lost = e != ERR_OK;
    if (e) {
        p->ask_at_ms = clock_mono_ms() + POLL_MAX_MS;
    } else {
        struct funds_reply reply = funds_read(r);
        take_reply(p, &reply);
        if (p->sent.first > 0)
            reckon_next_ask(p, reply.granted >= p->sent.first);
    }
    set_flush(p, e != ERR_OK);
    tell_room(p);
}

static void write_name(const struct purse *p, int64_t lease, char out[40])
{
    snprintf(out, 40, "%s-%" PRId64, p->owner->worker, lease);
}

static void ask(struct purse *p, const struct purse_day *about)
{
    bool today = about == &p->today;
    int64_t now = clock_mono_ms();
    char lease[40], over[40] = "";
    if (today && p->idle_since_ms && now - p->idle_since_ms > IDLE_MS) {
        p->over = p->today.lease;
        new_lease(p, p->today.day);
    }
    write_name(p, about->lease, lease);
    p->sent.over = today ? p->over : 0;
    if (p->sent.over)
        write_name(p, p->sent.over, over);
    struct funds_ask what = {.tenant = p->limits->name,
                             .limit = p->limits->usd_per_day_nano,
                             .lease = lease,
                             .number = ++p->number,
                             .lease_ms = LEASE_MS,
                             .day = about->day,
                             .spent = about->spent,
                             .under_way = about->under_way,
                             .wanted = today ? p->wanted : 0,
                             .first = today ? p->first : 0,
                             .ahead = today ? p->taken : 0,
                             .over = over};
    if (what.ahead > WANTED_MAX)
        what.ahead = WANTED_MAX;
    p->wanted = p->first = 0;
    p->sent.lease = about->lease;
    p->sent.spent = what.spent;
    p->sent.first = what.first;
    p->sent.at_ms = now;
    p->sent.boot_ms = clock_boot_ms();
    if (funds_ask(p->owner->options.queue, &what, on_reply, p, 0)) {
        p->ask_at_ms = now + POLL_MAX_MS;
        wake_at(p, p->ask_at_ms);
        p->dirty = false;
        purse_flush_soon(p);
        return;
    }
    p->asking = true;
    if (today)
        p->today.at_hand = p->taken = 0;
}

static void on_wake(void *arg)
{
    struct purse *p = arg;
    bool gathered = p->gathering;
    p->gathering = false;
    if (!gathered)
        tell_room(p);
    else if (!p->asking && !p->owner->left)
        ask(p, &p->today); /* else its answer wakes the runner */
}

static void on_flush(void *arg)
{
    struct purse *p = arg;
    p->dirty = false;
    if (p->owner->left)
        return;
    purse_turn_day(p);
    if (p->asking || p->gathering)
        purse_flush_soon(p);
    else
        ask(p, is_untold(p) ? &p->before : &p->today);
}

void purse_want(struct purse *p, int64_t usd_nano, int waiting)
{
    if (p->asking)
        return; /* its answer wakes the runner */
    if (clock_mono_ms() < p->ask_at_ms) {
        wake_at(p, p->ask_at_ms);
        return;
    }
    if (!p->gathering) {
        p->gathering = true;
        p->wanted = 0;
        p->first = usd_nano;
        wake_at(p, 0);
    }
    for (int i = 0; i < waiting && p->wanted + usd_nano <= WANTED_MAX; i++)
        p->wanted += usd_nano;
}

void purse_leave(struct purse *p)
{
    p->wanted = p->first = p->taken = 0;
    if (is_open(&p->before))
        ask(p, &p->before);
    if (is_open(&p->today) || p->asking)
        ask(p, &p->today);
}
