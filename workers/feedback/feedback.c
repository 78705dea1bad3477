/* feedback.c: read → refuse what is bad → apply the rest, and again.
 *
 * Refusals are answered before the batch is applied, since applying trims the entries:
 * what is refused is never lost, and at worst a bad event of an array stands twice in
 * `rejected`. Nothing is retried here: after any failure the next kick reads again
 * from the cursor, and what was applied lies before it. */
#include "workers/feedback/feedback.h"
#include "core/base/clock.h"
#include "core/base/hash.h"
#include "core/base/log.h"
#include "queues/inbox.h"
#include "workers/feedback/feedback_entry.h"
#include "workers/feedback/feedback_orphans.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_ID_MAX 48
#define ARENA_BYTES ((size_t)16 << 20) /* a read is 4 MiB, kept twice at most */

#define READ_COUNT 100 /* entries at once: keeps one apply at about 1 ms of Redis */

struct feedback {
    struct queue *queue; /* borrows */
    char worker[64];
    int window_h;
    bool busy;
    /* the batch */
    struct arena arena;
    struct events_item items[EVENTS_BATCH_MAX];
    int count;
    char cursor[ENTRY_ID_MAX], last[ENTRY_ID_MAX]; /* last "" = empty batch */
    int refusals_open, refusals;
    enum err failed; /* a refusal was not answered: the batch must not be applied */
    struct feedback_entry entry;
    struct feedback_orphans orphans;
};

static void read_batch(struct feedback *f);

enum err feedback_new(struct queue *q, struct loop *l, const struct config *c,
                      const char *worker, struct feedback **out)
{
    (void)l; /* its callbacks come through the queue */
    struct feedback *f = calloc(1, sizeof *f);
    if (!f)
        return ERR_NOMEM;
    f->queue = q;
    f->window_h = (int)config_int(c, "events", "window_h");
    snprintf(f->worker, sizeof f->worker, "%s", worker);
    arena_init(&f->arena, ARENA_BYTES);
    *out = f;
    return ERR_OK;
}

void feedback_free(struct feedback *f)
{
    if (!f)
        return;
    arena_fini(&f->arena);
    free(f);
}

bool feedback_is_busy(const struct feedback *f)
{
    return f->busy;
}

/* Ends this turn; what is left is found by the next kick. */
static void stop(struct feedback *f, enum err e, const char *where)
{
    if (e && e != ERR_CANCELLED)
        log_event(LOG_WARN, "events.failed", "at", where, "error", err_code(e), NULL);
    arena_fini(&f->arena);
    f->busy = false;
}

/* What was not counted and is nobody's to see otherwise. */
static void tell_losses(struct feedback *f, const struct reply *r)
{
    const char *damage = reply_str(reply_at(r, 7), NULL);
    feedback_orphans_add(&f->orphans, reply_int(reply_at(r, 4)),
                         reply_str(reply_at(r, 5), NULL),
                         reply_str(reply_at(r, 6), NULL));
    (void)feedback_orphans_tell(&f->orphans, clock_mono_ms());
    if (damage[0])
        log_event(LOG_ERROR, "events.damaged", "campaign", damage, NULL);
}

static void on_applied(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    if (e) {
        stop(f, e, "apply");
        return;
    }
    char counted[24];
    snprintf(counted, sizeof counted, "%lld", (long long)reply_int(reply_at(r, 1)));
    log_event(LOG_DEBUG, "events.applied", "outcome", reply_str(reply_at(r, 0), NULL),
              "counted", counted, NULL);
    tell_losses(f, r);
    read_batch(f); /* also if another applier was faster ("stale") */
}

static void apply(struct feedback *f)
{
    enum err e = events_apply(f->queue, f->cursor, f->last, f->items, f->count,
                              f->window_h, on_applied, f, 0);
    if (e)
        stop(f, e, "apply");
}

static void on_refused(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    (void)r;
    f->refusals_open--;
    f->failed = e ? e : f->failed;
    if (f->refusals_open)
        return;
    if (f->failed)
        stop(f, f->failed, "refuse");
    else
        apply(f);
}

/* entry "" = one event of an entry that stays. */
static void refuse(struct feedback *f, const char *entry, int64_t size,
                   const struct feedback_refusal *why)
{
    char sha256[HASH_SHA256_HEX];
    hash_sha256_hex(why->raw, why->raw_len, sha256);
    struct inbox_refusal refusal = {.stream = "events",
                                    .entry = entry,
                                    .code = err_code(why->why.code),
                                    .pointer = why->why.path,
                                    .message = why->why.message,
                                    .raw = why->raw,
                                    .raw_len = why->raw_len,
                                    .size_bytes = size,
                                    .sha256 = sha256};
    f->refusals++;
    enum err e = inbox_refuse(f->queue, &refusal, on_refused, f, 0);
    if (e)
        f->failed = e;
    else
        f->refusals_open++;
}

static enum err read_entry(struct feedback *f, const struct reply *fields, int64_t size)
{
    struct redis_arg words[FEEDBACK_WORDS_MAX + 2];
    size_t count = reply_count(fields);
    if (reply_type(fields) != REPLY_ARRAY) {
        f->entry.count = 0;
        f->entry.refused_count = 1;
        f->entry.whole = true;
        f->entry.refused[0] = (struct feedback_refusal){.raw = ""};
        err_set(&f->entry.refused[0].why, ERR_LIMIT, "",
                "the entry has %lld bytes, at most %d are read", (long long)size,
                EVENTS_ENTRY_MAX);
        return ERR_OK;
    }
    if (count > sizeof words / sizeof *words)
        count = sizeof words / sizeof *words;
    for (size_t i = 0; i < count; i++)
        words[i].at = reply_str(reply_at(fields, i), &words[i].len);
    return feedback_entry_read(words, count, &f->arena, &f->entry);
}

/* Moves the entry that was read into the batch; false when it does not fit any more. */
static bool take_entry(struct feedback *f, const char *id, int64_t size)
{
    const struct feedback_entry *entry = &f->entry;
    if (f->count + entry->count > EVENTS_BATCH_MAX || f->refusals >= EVENTS_BATCH_MAX)
        return false;
    for (int i = 0; i < entry->count; i++)
        f->items[f->count++] = entry->items[i];
    for (int i = 0; i < entry->refused_count; i++) {
        const struct feedback_refusal *refusal = &entry->refused[i];
        refuse(f, entry->whole ? id : "",
               entry->whole ? size : (int64_t)refusal->raw_len, refusal);
    }
    snprintf(f->last, sizeof f->last, "%s", id);
    return true;
}

static enum err fill_batch(struct feedback *f, const struct reply *entries)
{
    for (size_t i = 0; i < reply_count(entries); i++) {
        const struct reply *row = reply_at(entries, i);
        const char *id = reply_str(reply_at(row, 0), NULL);
        int64_t size = reply_int(reply_at(row, 1));
        enum err e = read_entry(f, reply_at(row, 2), size);
        if (e)
            return f->last[0] ? ERR_OK
                              : e; /* the rest of it comes with the next read */
        if (!take_entry(f, id, size))
            return ERR_OK;
    }
    return ERR_OK;
}

static void on_read(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct feedback *f = arg;
    (void)ticket;
    if (!e) {
        snprintf(f->cursor, sizeof f->cursor, "%s", reply_str(reply_at(r, 0), NULL));
        e = fill_batch(f, reply_at(r, 1));
    }
    /* refusals under way come back by themselves, and then apply or stop */
    f->failed = e ? e : f->failed;
    if (f->refusals_open)
        return;
    if (f->failed || !f->last[0])
        stop(f, f->failed, "read");
    else
        apply(f);
}

static void read_batch(struct feedback *f)
{
    arena_fini(&f->arena);
    f->count = f->refusals = f->refusals_open = 0;
    f->failed = ERR_OK;
    f->last[0] = '\0';
    enum err e = events_read(f->queue, f->worker, READ_COUNT, false, on_read, f, 0);
    if (e)
        stop(f, e, "read");
}

void feedback_kick(struct feedback *f)
{
    if (f->busy)
        return;
    f->busy = true;
    read_batch(f);
}
