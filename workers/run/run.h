/* run.h: one claimed job inside the runner. Internal to runner.c and run_*.c.
 *
 * A run goes LOADING → WORKING → COMMITTING and, if the next stage follows at once,
 * LOADING again under the same claim; else it is freed. It is found by its ticket only;
 * operations under way are `struct run_op`s, found by theirs; one that was begun before
 * the last load finds nobody. A commit is sent only when no call is under way. */
#ifndef BARKER_WORKERS_RUN_RUN_H
#define BARKER_WORKERS_RUN_RUN_H

#include "campaigns/engine.h"
#include "core/base/idmap.h"
#include "core/base/list.h"
#include "core/base/rng.h"
#include "workers/run/fair.h"
#include "workers/run/runner.h"

#define RUN_BATCH_MAX 64 /* calls in one reservation */

enum run_phase {
    RUN_LOADING,
    RUN_WORKING,
    RUN_COMMITTING,
    RUN_PARKED, /* cannot go on now: given back after a while */
    RUN_LEAVING,
};

enum run_ask_state {
    RUN_ASK_IDLE,      /* wants a call */
    RUN_ASK_RESERVING, /* holds a slot from here … */
    RUN_ASK_CALLING,   /* … to here */
    RUN_ASK_SETTLING,
    RUN_ASK_BACKOFF,
    RUN_ASK_SHORT, /* over budget, while other calls still hold what they may not need
                    */
    RUN_ASK_SETTLED,
    RUN_ASK_BATCHING, /* being reserved for a batch, or handed in */
    RUN_ASK_BATCHED,  /* in a batch: see run_batch.c */
};
/* A batch that some asks of this load are in. */
struct run_shard {
    char mark[32], name[160]; /* name "" = not known */
    char endpoint[64];        /* where it is; "" = not known */
    int64_t since_ms;         /* Redis time: handed in, or named */
};
struct run_ask {
    enum run_ask_state state;
    int shard;      /* BATCHED: of run.shards */
    bool goes_live; /* no batch takes it any more, in this load */
    int attempt;    /* number of the next or current attempt */
    int failures;
    int probes;           /* of them, those that are forgiven */
    int64_t until_ms;     /* BACKOFF: by ports.now_ms() */
    bool for_two, single; /* reserved for two requests; no budget for two */
    int64_t below_nano;   /* so much was over budget, and there is a cheaper target */
    int target;           /* of the last attempt, see port_grant */
    uint64_t call_id;
    struct port_grant grant;        /* from its slot to its call */
    struct port_call_result result; /* of the call being settled; text in the arena */
};

struct run {
    struct list link;      /* in runner.runs */
    struct fair_flow flow; /* in runner.fair while it has idle asks */
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
    struct run_shard *shards; /* at most two for each ask */
    int shard_count;
    int busy; /* asks that are RESERVING, CALLING, SETTLING or BATCHING, and polls */
    unsigned loads;
    bool cancel, pause; /* orders seen meanwhile */
    int64_t since_ms;   /* WORKING: by ports.now_ms() */
    bool timed_out;     /* this stage has been in hand for too long */
    int64_t aside_ms;   /* of one that cannot be read: for so long */
    enum err failing;   /* ends with this error once no call is under way */
    bool stranded;      /* parked without a timer, see runner_nudge() */
    bool refused;       /* some asks, in this turn: see run_refuse() */
    int batch[RUN_BATCH_MAX];
    int batch_count;
};

struct run_op {       /* one operation under way */
    struct list link; /* in runner.open_ops */
    uint64_t run;
    unsigned load; /* of the run; loads since then make it stale */
    int index, attempt;
    int batch[RUN_BATCH_MAX]; /* of a reservation, of a batch */
    int batch_count;
    int shard;        /* of a poll */
    int64_t since_ms; /* of a reservation for a batch: when it was begun */
};

struct runner {
    struct ports ports;
    struct runner_options options;
    struct idmap runs_by_ticket, ops;
    struct list runs, open_ops;
    struct fair fair;
    bool draining, drain_now, scheduled;
    bool owed; /* a turn that could not be scheduled, see runner_nudge() */
    struct rng rng;
    struct runner_counts counts;
};

/* runner.c */
uint64_t run_op_new(struct run *run, int index); /* 0 = out of memory */
/* Ends the operation; NULL if its run is gone or was loaded anew. copy may be NULL. */
struct run *run_op_take(struct runner *r, uint64_t ticket, struct run_op *copy);
void runner_schedule(struct runner *r); /* give slots out, soon */
void run_free(struct run *run);
/* Frees what a load made: engine, campaign, spec, memory. The run itself stays. */
void run_unload(struct run *run);

/* run.c */
enum err run_load(struct run *run);
void run_advance(struct run *run); /* call after every change */
void run_look_at_clock(struct run *run, int64_t now_ms);
bool run_is_stopping(const struct run *run);   /* nothing more is sent */
void run_fail(struct run *run, enum err code); /* ends the campaign with this error */
void run_leave(struct run *run);               /* gives the job back */
/* Gives the job up for so long, or until there is mail; the campaign says why. */
void run_rest(struct run *run, int64_t delay_ms, const char *why);
/* Ends a campaign that cannot be read; what is known of it stays as it is. */
void run_end_unread(struct run *run, enum err code);
/* A store operation failed: fenced = the run is freed; else it is parked. */
void run_lost(struct run *run, enum err e);
/* The one that failed least, so that retries hold up nobody and an endpoint that is
 * down does not use up the attempts of one ask; -1 = none. */
int run_next_idle(const struct run *run);
int run_count_idle(const struct run *run); /* at most RUN_BATCH_MAX */

/* run_image.c: the loaded image becomes spec, campaign, variants, mail. */
enum err run_build(struct run *run, const struct port_image *image,
                   struct err_detail *d);

/* run_aside.c: this release cannot read the job. It ends if it was told to; else it is
 * given up for a time that grows, or until there is mail. */
void run_set_aside(struct run *run, const struct port_image *image,
                   const struct err_detail *d);

/* run_replay.c */
enum err run_replay(struct run *run, const struct port_image *image);
/* What one finished attempt does to its ask; the same live and on replay. */
enum err run_take_result(struct run *run, int index,
                         const struct port_call_result *result, bool *retry);

/* run_cool.c: can no ask go on for a while, whoever holds the job, and is no slot free?
 * Then it is given up until the first one may. */
bool run_cool(struct run *run);

/* run_batch.c: the batch lane. */
/* A record of the journal says that this ask is in a batch. */
enum err run_batch_replay(struct run *run, int index, const struct json *record);
/* Has this attempt been given a number, and never went into its batch? That is no
 * failure of the ask. */
bool run_batch_left_out(const struct run *run, int index, enum err code);
/* Does this idle ask wait for the next batch, rather than for a slot? */
bool run_batch_wants(const struct run *run, int index);
bool run_is_quiet(const struct run *run); /* nothing is under way, nor in a batch */
/* After a load: asks for each batch; what has ended is settled. */
void run_batch_begin(struct run *run);
/* Nothing is under way: hands in what waits for a batch, or gives the job up until
 * there may be news of one. False: neither. */
bool run_batch_go_on(struct run *run);

/* run_calls.c */
struct port_call run_call_of(const struct run *run, int index);
struct port_place run_place_of(const struct run *run);
/* A result of our own making: nothing left the machine. */
struct port_call_result run_failure(enum err code);
/* Journal first, then judgement. The ask is busy. */
void run_settle(struct run *run, int index, const struct port_call_result *result);
/* Is there leave for this idle ask? If so, it is kept until the call. */
bool run_admit(struct run *run, int index);
int64_t run_cost_tokens(const struct run *run, int index); /* at most; 0 = no call */
void run_forgo(struct run *run, int index); /* leave that no call has used */
void run_mark(struct run *run, int index);  /* takes a slot for one idle ask */
void run_send_batch(struct run *run);       /* reserves what was marked */
void run_cancel_calls(struct run *run);

/* run_short.c */
/* This ask was over budget. False: there is no cheaper way to ask. */
bool run_ask_for_less(struct run_ask *a, const struct port_grant *g);
void run_wake_short(struct run *run, int most); /* asks that were over budget: again */
void run_more_money(struct run *run);           /* a call has ended: one of them */
/* Those of this reservation that are over budget, with nothing under way. */
void run_give_up_short(struct run *run, const struct run_op *op);
/* No leave for this idle ask. True: and never will be; it is short until
 * run_give_up(). */
bool run_refuse(struct run *run, int index);
void run_give_up(struct run *run); /* asks refused with nothing under way end */

#endif
