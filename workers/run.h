/* run.h: one claimed job inside the runner. Internal to runner.c and run_*.c.
 *
 * A run goes LOADING → WORKING → COMMITTING and, if the next stage follows at once,
 * LOADING again under the same claim; else it is freed. It is found by its ticket only;
 * operations under way are `struct run_op`s, found by theirs. */
#ifndef BARKER_WORKERS_RUN_H
#define BARKER_WORKERS_RUN_H

#include "campaigns/engine.h"
#include "core/base/idmap.h"
#include "core/base/list.h"
#include "core/base/rng.h"
#include "workers/runner.h"

#define RUN_BATCH_MAX 64 /* calls in one reservation */

enum run_phase { RUN_LOADING, RUN_WORKING, RUN_COMMITTING, RUN_LEAVING };

enum run_ask_state {
    RUN_ASK_IDLE,      /* wants a call */
    RUN_ASK_RESERVING, /* holds a slot from here … */
    RUN_ASK_CALLING,   /* … to here */
    RUN_ASK_SETTLING,
    RUN_ASK_BACKOFF,
    RUN_ASK_SETTLED,
};
struct run_ask {
    enum run_ask_state state;
    int attempt; /* number of the next or current attempt */
    int failures;
    uint64_t call_id;
    struct port_call_result result; /* of the call being settled; text in the arena */
};

struct run {
    struct list link;    /* in runner.runs */
    struct list waiting; /* in runner.waiting while it has idle asks */
    struct runner *runner;
    uint64_t ticket;
    char id[SPEC_ID_MAX + 16];
    int64_t fence, progress;
    enum run_phase phase;
    struct arena arena;
    struct spec spec;
    bool has_spec;
    struct campaign *campaign;
    struct engine *engine;
    struct next next;
    struct run_ask *asks;
    int ask_count;
    int busy;           /* asks between IDLE and SETTLED that are not in BACKOFF */
    bool cancel, pause; /* orders seen meanwhile */
    bool doomed;        /* nothing more can be done for it: freed from the loop */
    int batch[RUN_BATCH_MAX];
    int batch_count;
};

struct run_op {       /* one operation under way */
    struct list link; /* in runner.open_ops */
    uint64_t run;
    int index, attempt;
    int batch[RUN_BATCH_MAX]; /* of a reservation */
    int batch_count;
};

struct runner {
    struct ports ports;
    struct runner_options options;
    struct idmap runs_by_ticket, ops;
    struct list runs, waiting, open_ops;
    bool draining, drain_now, scheduled;
    struct rng rng;
    struct runner_counts counts;
};

/* runner.c */
uint64_t run_op_new(struct run *run, int index); /* 0 = out of memory */
/* Ends the operation; NULL if its run is gone. copy may be NULL. */
struct run *run_op_take(struct runner *r, uint64_t ticket, struct run_op *copy);
void runner_schedule(struct runner *r); /* give slots out, soon */
void run_free(struct run *run);
void run_doom(struct run *run);

/* run.c */
enum err run_load(struct run *run);
void run_advance(struct run *run);             /* call after every change */
void run_fail(struct run *run, enum err code); /* ends the campaign with this error */
void run_leave(struct run *run);               /* gives the job back */

/* run_image.c: the loaded image becomes spec, campaign, variants, mail. */
enum err run_build(struct run *run, const struct port_image *image,
                   struct err_detail *d);

/* run_calls.c */
enum err run_replay(struct run *run, const struct port_image *image);
void run_mark(struct run *run, int index); /* takes a slot for one idle ask */
void run_send_batch(struct run *run);      /* reserves what was marked */
int run_next_idle(const struct run *run);  /* -1 = none */
void run_cancel_calls(struct run *run);

#endif
