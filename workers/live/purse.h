/* purse.h: the money of tenants with a daily limit (usd_per_day), which all workers
 * share (queues/funds.h). A call takes the most it can cost, before anything else is
 * done for it, out of a block that this worker holds; when it ends, its cost is spent
 * and the rest is free again. Who is refused waits in the line of the runner and holds
 * nothing. Internal to ports_live. One thread. See docs/decisions/0012. */
#ifndef BARKER_WORKERS_LIVE_PURSE_H
#define BARKER_WORKERS_LIVE_PURSE_H

#include "core/base/config.h"
#include "core/io/loop.h"
#include "workers/run/ports.h"

struct purses;
struct queue;

struct purses_options {
    struct loop *loop;
    struct queue *queue;         /* borrows */
    const struct config *config; /* borrows; NULL: no tenant is limited */
    loop_fn on_room;             /* it may be worth asking again; may be NULL */
    void *room_arg;
};
enum err purses_new(const struct purses_options *o, struct purses **out) MUST_USE;
/* Only after Redis has settled everything. NULL is fine. */
void purses_free(struct purses *all);

/* Does a limit hold for this tenant? */
bool purses_limit(const struct purses *all, const char *tenant);
/* What a call may cost at most today, whatever comes back, and what is at hand now. */
int64_t purses_room(struct purses *all, const char *tenant);
int64_t purses_at_hand(struct purses *all, const char *tenant);
/* May a call that costs at most so much go? ERR_OK; ERR_BUSY: not now, on_room() is
 * called when that may have changed; ERR_OVER_BUDGET: not today, whatever comes back;
 * ERR_PRICE_UNKNOWN (usd_nano < 0). `waiting`: calls like it, this one too. */
enum err purses_check(struct purses *all, const char *tenant, int64_t usd_nano,
                      int waiting) MUST_USE;
/* What has just been checked is held by this call. */
void purses_take(struct purses *all, const char *tenant, int64_t usd_nano,
                 struct port_grant *out);
/* The call was not begun. A grant of no purse is none. */
void purses_forgo(struct purses *all, const struct port_grant *g);
/* The call is over and has cost so much. */
void purses_settle(struct purses *all, const struct port_grant *g, int64_t usd_nano);
/* The worker ends: tells what was spent and gives back the rest. */
void purses_leave(struct purses *all);

#endif
