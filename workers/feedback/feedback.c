/* feedback.c: read → refuse what is bad → apply the rest → fold, and again.
 *
 * While Redis applies a batch the next one is read and parsed. Nothing is retried here:
 * after any failure the next kick reads again from the cursor, and what was applied
 * lies before it. */
#include "workers/feedback/feedback.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/feedback/feedback_batch.h"
#include "workers/feedback/feedback_orphans.h"
#include <stdio.h>
#include <stdlib.h>

#define SMALL_MAX 400     /* entries that an apply measures */
#define READ_COUNT 100    /* entries at once: bounds how long one apply holds Redis */
#define FOLD_AGE_MS 500   /* of counts, while there are more to come */
#define FOLD_MORE_MS 2000 /* while another worker applies them */
#define FOLD_SOME 16      /* campaigns, after every fourth batch */
#define FOLD_EVERY 4
#define FOLD_REST 8 /* at once, when the stream is empty */

struct feedback {
    struct queue *queue; /* borrows */
    char worker[64];
    int window_h;
    bool busy, stopping;
    int open; /* commands under way */
    unsigned batch_number;
    struct feedback_batch batches[2];
    struct feedback_batch *applying, *next; /* NULL = none */
    bool next_ready;                        /* read, and its refusals are answered */
    int64_t small; /* entries behind the last one applied that are known to be small */
    struct feedback_orphans orphans;
};

static void go_on(struct feedback *f);

static void on_settled(void *arg, struct feedback_batch *b)
{
    struct feedback *f = arg;
    (void)b;
    f->next_ready = true;
    go_on(f);
}

enum err feedback_new(struct queue *q, struct loop *l, const struct config *c,
                      const char *worker, struct feedback **out)
{
    (void)l; /* its callbacks come through the queue */
    const char *secret = config_str(c, "global", "user_secret");
    if (!*secret)
        return ERR_CONFIG; /* users would be kept under names that all can make */
    struct feedback *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    f->queue = q;
    f->window_h = (int)config_int(c, "events", "window_h");
    snprintf(f->worker, sizeof f->worker, "%s", worker);
    for (int i = 0; i < 2; i++)
        feedback_batch_init(&f->batches[i], q, secret, f->window_h, on_settled, f);
    *out = f;
    return ERR_OK;
}

void feedback_free(struct feedback *f)
{
    if (!f)
        return;
    for (int i = 0; i < 2; i++)
        feedback_batch_fini(&f->batches[i]);
    free(f);
}

bool feedback_is_busy(const struct feedback *f)
{
    return f->busy;
}

/* Ends this turn, once what is under way has come back; what is left is found by the
 * next kick. */
static void stop(struct feedback *f, enum err e, const char *where)
{
    if (e && e != ERR_CANCELLED)
        log_event(LOG_WARN, "events.failed", "at", where, "error", err_code(e), NULL);
    f->stopping = true;
}

static void end_turn(struct feedback *f)
{
    for (int i = 0; i < 2; i++)
        feedback_batch_clear(&f->batches[i], "");
    f->applying = f->next = NULL;
    f->busy = f->stopping = false;
}

/* --- folding ---------------------------------------------------------------------- */

static void tell_damage(const char *damage)
{
    if (damage[0])
        log_event(LOG_ERROR, "events.damaged", "campaign", damage, NULL);
}

static void fold(struct feedback *f, int most, int64_t age_ms, bool until_none);

/* ticket: 1 = until none is left. */
static void on_folded(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    f->open--;
    if (e) {
        stop(f, e, "fold");
    } else {
        tell_damage(reply_str(reply_at(r, 2), NULL));
        bool more = reply_int(reply_at(r, 0)) > 0 && reply_int(reply_at(r, 1)) > 0;
        if (ticket && more && !f->stopping)
            fold(f, FOLD_REST, 0, true);
        else if (ticket)
            f->stopping = true;
    }
    go_on(f);
}

static void fold(struct feedback *f, int most, int64_t age_ms, bool until_none)
{
    enum err e =
        events_fold(f->queue, most, age_ms, f->window_h, on_folded, f, until_none);
    if (e)
        stop(f, e, "fold");
    else
        f->open++;
}

/* --- applying --------------------------------------------------------------------- */

/* What was not counted and is nobody's to see otherwise. */
static void tell_losses(struct feedback *f, const struct reply *r)
{
    feedback_orphans_add(&f->orphans, reply_int(reply_at(r, 4)),
                         reply_str(reply_at(r, 5), NULL),
                         reply_str(reply_at(r, 6), NULL));
    (void)feedback_orphans_tell(&f->orphans, clock_mono_ms());
    tell_damage(reply_str(reply_at(r, 7), NULL));
}

static void on_applied(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    f->open--;
    f->applying = NULL;
    f->small = 0;
    if (e) {
        stop(f, e, "apply");
    } else if (reply_count(r) < 10) { /* stale: another applier was faster */
        stop(f, ERR_OK, "apply");
    } else {
        char counted[24];
        snprintf(counted, sizeof counted, "%lld", (long long)reply_int(reply_at(r, 1)));
        log_event(LOG_DEBUG, "events.applied", "counted", counted, NULL);
        tell_losses(f, r);
        if (reply_int(reply_at(r, 8)) == 1)
            f->small = reply_int(reply_at(r, 9));
        if (f->small > SMALL_MAX)
            f->small = SMALL_MAX;
        if (reply_int(reply_at(r, 9)) > 0 && f->batch_number++ % FOLD_EVERY == 0)
            fold(f, FOLD_SOME, FOLD_AGE_MS, false);
    }
    go_on(f);
}

static void apply(struct feedback *f)
{
    const struct feedback_batch *b = f->applying;
    struct events_batch batch = {.worker = f->worker,
                                 .cursor = b->cursor,
                                 .last = b->last,
                                 .items = b->items,
                                 .count = b->count,
                                 .late = b->late,
                                 .ts_fixed = b->ts_fixed,
                                 .window_h = f->window_h};
    enum err e = events_apply(f->queue, &batch, on_applied, f, 0);
    if (e)
        stop(f, e, "apply");
    else
        f->open++;
}

/* --- reading ---------------------------------------------------------------------- */

static struct feedback_batch *spare(struct feedback *f)
{
    return f->applying == &f->batches[0] ? &f->batches[1] : &f->batches[0];
}

static void take_rows(struct feedback *f, const struct reply *rows, bool plain)
{
    enum err e = feedback_batch_fill(f->next, rows, plain);
    if (e)
        stop(f, e, "read");
    if (!f->next->last[0])
        f->next = NULL; /* there is nothing */
    else
        f->next_ready = !f->next->refusals_open;
}

static void on_read(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    f->open--;
    if (e) {
        f->next = NULL;
        stop(f, e, "read");
    } else {
        feedback_batch_clear(f->next, reply_str(reply_at(r, 0), NULL));
        take_rows(f, reply_at(r, 1), false);
        if (!f->next && !f->stopping)
            fold(f, FOLD_REST, reply_int(reply_at(r, 2)) ? FOLD_MORE_MS : 0, true);
    }
    go_on(f);
}

static void on_read_plain(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    f->open--;
    if (e) {
        f->next = NULL;
        stop(f, e, "read");
    } else {
        take_rows(f, r, true);
    }
    go_on(f);
}

/* Entries behind the batch that is to be applied that may be read as they are: those
 * that came since then were not measured. */
static int plain_count(const struct feedback *f)
{
    int64_t left = f->small - f->applying->entries;
    return (int)(left > READ_COUNT ? READ_COUNT : left);
}

static void read_next(struct feedback *f)
{
    f->next = spare(f);
    f->next_ready = false;
    enum err e;
    if (f->applying) {
        feedback_batch_clear(f->next, f->applying->last);
        e = events_read_plain(f->queue, f->next->cursor, plain_count(f), on_read_plain,
                              f, 0);
    } else {
        feedback_batch_clear(f->next, "");
        e = events_read(f->queue, f->worker, READ_COUNT, false, on_read, f, 0);
    }
    if (e) {
        f->next = NULL;
        stop(f, e, "read");
    } else {
        f->open++;
    }
}

/* What can be done now. The next read goes out before the batch that is to be applied,
 * so that it is parsed meanwhile. */
static void go_on(struct feedback *f)
{
    if (f->next && f->next_ready && f->next->failed && !f->stopping)
        stop(f, f->next->failed, "refuse");
    if (f->stopping) {
        bool refusing = f->next && f->next->refusals_open;
        if (!f->open && !refusing)
            end_turn(f);
        return;
    }
    if (f->applying)
        return;
    if (f->next && f->next_ready) {
        f->applying = f->next;
        f->next = NULL;
        if (plain_count(f) > 0)
            read_next(f);
        if (!f->stopping)
            apply(f);
    } else if (!f->next && !f->open) {
        read_next(f);
    }
    if (f->stopping && !f->open)
        end_turn(f);
}

void feedback_kick(struct feedback *f)
{
    if (f->busy)
        return;
    f->busy = true;
    f->small = 0;
    go_on(f);
}
