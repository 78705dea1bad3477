/* store_op.h: one store operation of the runner, repeated until Redis answers: every
 * script behind it may be sent twice. Internal to ports_live. */
#ifndef BARKER_WORKERS_LIVE_STORE_OP_H
#define BARKER_WORKERS_LIVE_STORE_OP_H

#include "core/base/arena.h"
#include "core/base/list.h"
#include "queues/inbox.h"
#include "queues/journal.h"
#include "queues/results.h"
#include "workers/run/ports.h"

#define STORE_BATCH_MAX JOURNAL_CALLS_MAX
#define STORE_AUDIT_MAX 32

enum store_op_type {
    STORE_LOAD,
    STORE_RESERVE,
    STORE_SETTLE,
    STORE_COMMIT,
    STORE_RELEASE,
    STORE_HOLD,
    STORE_MAIL,
    STORE_SPAWN,
    STORE_TIMER,
};

struct store_op {
    struct list link;
    struct ports_live *owner;
    enum store_op_type type;
    uint64_t id; /* ticket of the operation itself */
    char campaign[KEYS_ID_MAX + 32], stage[64];
    char batch[48], name[160]; /* RESERVE, HOLD: mark; HOLD: name. batch "" = none */
    char endpoint[64];         /* of the batch; "" = not told */
    char why[16];              /* HOLD */
    int64_t fence, progress, delay_ms;
    int iteration, tries, count;
    int64_t sent_ms; /* RESERVE: by clock_mono_ms() */
    bool renewed;    /* RESERVE: asked again, as its reply was old */
    int from;        /* MAIL: number of the next letter */
    enum err told;   /* MAIL: with what the letters so far end it */
    bool pause;      /* MAIL: and whether they pause it */
    union {
        struct journal_call calls[STORE_BATCH_MAX]; /* RESERVE */
        struct store_op *members[STORE_BATCH_MAX];  /* SETTLE, COMMIT: their groups */
    };
    struct journal_result result;
    /* SETTLE, of settle_group: a first one's place in `settling` and those who wait for
     * it; a waiting one's place among these (COMMIT: among those of all jobs). */
    struct list group, waiting, wait;
    const char *audit[STORE_AUDIT_MAX]; /* field, value, …, NULL */
    int audit_count;
    struct inbox_admission admission; /* SPAWN */
    char child[KEYS_ID_MAX + 32];     /* SPAWN: its id */
    struct buf record;                /* SETTLE: journal record; SPAWN: spec; owns */
    struct arena words;     /* SETTLE: audit values; SPAWN: of admission; owns */
    struct results results; /* COMMIT; owns */
    struct loop_timer *timer;
    union {
        port_load_fn load;
        port_reserve_fn reserve;
        port_done_fn done;
        port_mail_fn mail;
        port_read_fn read;
    } fn;
    void *arg;
    uint64_t ticket;
};

/* A new operation, linked to its owner; NULL when out of memory. */
struct store_op *store_op_new(struct ports_live *p, enum store_op_type type,
                              const char *campaign, int64_t fence, void *arg,
                              uint64_t ticket);
void store_op_free(struct store_op *op);
/* Sends what was filled in. A full queue or no memory just now: sent later. On any
 * other error the operation is freed and does not settle. */
enum err store_op_start(struct store_op *op) MUST_USE;
/* Ends a load that was not sent. */
void store_op_end_load(struct store_op *op, const struct port_image *image);
enum err store_op_place(struct store_op *op, const struct port_place *at) MUST_USE;

#endif
