/* ports.h: everything the runner needs from the world, as one table. The worker fills
 * it with Redis and HTTP (workers/live/ports_live.c), the simulator with a virtual
 * clock, a store in memory and crashes (tests/sim). Every call settles exactly once,
 * later, never inside the call itself; unless it returns an error: then it does not
 * settle at all. */
#ifndef BARKER_WORKERS_RUN_PORTS_H
#define BARKER_WORKERS_RUN_PORTS_H

#include "campaigns/kind.h"
#include <stdbool.h>
#include <stdint.h>

/* A field of a Redis hash, borrowed. */
struct port_field {
    const char *name, *value;
};
struct port_record { /* one attempt of the journal */
    int index, attempt;
    const char *text; /* JSON, see queues/journal.h */
    size_t len;
};
struct port_variant {
    const char *id;
    const struct port_field *fields;
    int field_count;
};
struct port_placement {
    const char *name;
    int64_t epoch;
    const struct port_field *fields;
    int field_count;
};
/* A job as loaded. **Borrowed**: lives until the callback returns. */
struct port_image {
    int64_t now_ms;
    const char *spec, *checkpoint;
    size_t spec_len, checkpoint_len;
    const char *id;                  /* of the campaign */
    int64_t progress;                /* number of the next commit */
    const struct port_field *fields; /* public hash of the campaign; may be NULL */
    int field_count;
    const struct port_variant *variants;
    int variant_count;
    const struct port_placement *placements;
    int placement_count;
    const char *const *mail; /* JSON texts */
    int mail_count;
    bool timed_out; /* replay: this run ended by options.stage_ms */
    bool more_mail; /* letters that came before this load, for the next one */
    const struct port_record *journal;
    int journal_count;
    const struct campaign_child *children;
    int child_count;
};

#define PORT_LIMITS 4
/* What the store takes of tokens and nano-dollars of one call at most. */
#define PORT_AMOUNT_MAX (INT64_C(1) << 46)
enum port_verdict { PORT_GRANTED, PORT_OVER_BUDGET, PORT_EXISTS };

/* What a call has of the limits of its endpoint, or of its tenant. */
struct port_leave {
    int gate;               /* 0: there are none, nothing to give back */
    int64_t slot, until_ms; /* by clock_boot_ms() */
    int64_t taken[PORT_LIMITS], usual[PORT_LIMITS]; /* by kind, see queues/limits.h */
};
/* Leave for one call, from ports.admit(): it goes on with the call, or back by forgo().
 */
struct port_grant {
    struct port_leave there, own; /* of its endpoint, of its tenant */
    int purse;                    /* 0: of a tenant without limit, nothing is held */
    int64_t purse_lease, held_nano;
    enum err refused; /* no leave: why it will not be given; ERR_OK = it may be */
    int target; /* place of the endpoint it is for, from 1; 0: what the call says */
    uint64_t model_id; /* and what is known of its model, see workers/llm/targets.h */
    uint64_t turn, cuts;
    bool is_probe, is_retry;
    bool single; /* to be asked once: there is no money for two requests */
    /* What it costs there at most, if its money is bounded; no leave: what it would
     * cost, and there is not so much now. */
    int64_t most_nano;
    bool has_cheaper; /* another target costs less, even if it cannot be used now */
};

/* One LLM call: of an ask that is one, see ask_is_call(). Strings are borrowed until
 * ports.call() returns. */
struct port_call {
    const char *campaign, *tenant, *stage;
    int64_t created_ms; /* of the campaign; 0: not known */
    int iteration, index, attempt;
    const struct ask *ask;
    const char *endpoint, *model; /* "" = default */
    int failures;                 /* of this ask so far */
    int failed_at;                /* grant.target of its last attempt; 0 = none known */
    bool needs_price;             /* nothing but its money bounds it */
    bool has_budget; /* in money: goes nowhere without a price, if it has one itself */
    int64_t below_nano; /* > 0: goes only where it costs less than that at most */
    bool has_purse;     /* it waits where it costs more than at_hand_nano at most */
    int64_t at_hand_nano;
    const char *refused_text, *objection; /* re-ask; "" = none */
    struct port_grant grant;              /* ends with the call */
    bool may_hedge; /* it may be asked twice, if its estimate was for two */
};
/* What a call may cost at most, for the reservation; usd_nano -1: price unknown. */
struct port_estimate {
    int64_t tokens, usd_nano;
    bool for_two; /* requests, as it may be asked twice */
};
struct port_call_result {
    enum err code; /* ERR_OK, or the error class */
    bool retryable, sent, possibly_billed;
    bool probe;             /* it was to find out whether its endpoint is back */
    bool cached;            /* an earlier reply to the same request: nothing was sent */
    int64_t retry_after_ms; /* server hint, -1 = none */
    const char *text;       /* content, borrowed */
    size_t len;
    const char *finish, *model, *request_id, *message;
    const char *endpoint; /* its name; NULL or "": it came to none */
    int status;
    int64_t tokens_in, tokens_out, tokens_cached, usd_nano;
    bool usage_estimated;
    bool hedged; /* two requests were sent; tokens and money are those of both */
    int64_t total_us, first_byte_us, first_token_us; /* 0 = it did not come to that */
};

struct port_place {
    const char *campaign;
    int64_t fence;
    const char *stage;
    int iteration;
    const char *batch;    /* reserve, hold: mark of a batch; NULL = none */
    const char *endpoint; /* of that batch; NULL = not known */
};
struct port_hold {
    const char *name; /* of the batch; "" = none */
    int64_t delay_ms; /* the job is given up for so long; -1: it is not */
    const char *why;  /* it is given up: one word for people */
};
struct port_settlement {
    int index, attempt;
    bool is_call;
    const struct ask *ask;
    const struct port_call_result *result; /* borrowed until the call returns */
};
struct port_commit {
    const struct campaign *campaign; /* NULL: it cannot be read, and fails */
    const struct next *next;
    int64_t fence, progress;
    bool direct; /* pause or cancel: no stage finished */
};

/* Calls in a batch of their provider. All is **borrowed** until the port returns. */
struct port_batch {
    const struct port_call *calls; /* of one stage, endpoint and model; 1 to 64 */
    int count;
    const char *mark; /* "<index>/<attempt>" of the first call it was made for */
    const char *name; /* by the provider; "" = not known */
    bool cancel;      /* poll: it has taken too long */
    /* submit: when its calls were reserved, by now_ms(): none is made much later, since
     * by then somebody may have looked for it in vain. */
    int64_t since_ms;
};
enum port_batch_state {
    PORT_BATCH_WORKING,     /* it is there; its name is told */
    PORT_BATCH_ENDED,       /* all its results were given out */
    PORT_BATCH_UNTOLD,      /* it has ended; of what it did nothing can be read yet */
    PORT_BATCH_REFUSED,     /* it was not taken, or none of it was done */
    PORT_BATCH_ABSENT,      /* there is none of this mark */
    PORT_BATCH_LOST,        /* it was there, or may have been; nothing more is heard */
    PORT_BATCH_UNREACHABLE, /* nothing is known now: ask again later */
};
struct port_batch_status {
    enum port_batch_state state;
    const char *name; /* borrowed until the callback returns */
    int taken;        /* submit: so many calls, from the first on, are in it */
};

typedef void (*port_load_fn)(void *arg, uint64_t ticket, enum err e,
                             const struct port_image *image);
typedef void (*port_reserve_fn)(void *arg, uint64_t ticket, enum err e,
                                const enum port_verdict *verdicts, int count);
typedef void (*port_call_fn)(void *arg, uint64_t ticket,
                             const struct port_call_result *result);
typedef void (*port_read_fn)(void *arg, uint64_t ticket, enum err e, const char *text,
                             size_t n);
/* end: with what it is told to end, ERR_CANCELLED or ERR_DEADLINE; ERR_OK: it is not.
 */
typedef void (*port_mail_fn)(void *arg, uint64_t ticket, enum err e, enum err end,
                             bool pause);
typedef void (*port_done_fn)(void *arg, uint64_t ticket, enum err e);
typedef void (*port_batch_fn)(void *arg, uint64_t ticket,
                              const struct port_batch_status *status);
/* slot: of port_batch.calls. Each at most once in a poll. */
typedef void (*port_batch_result_fn)(void *arg, uint64_t ticket, int slot,
                                     const struct port_call_result *result);

struct ports {
    void *self;
    enum err (*load)(void *self, const char *id, int64_t fence, port_load_fn fn,
                     void *arg, uint64_t ticket);
    /* May this call go to its endpoint now, by the limits there and its tenant's? If
     * not, nothing is under way; runner_wake() is called when it may be worth asking
     * again, unless out->refused says that it never will be. `waiting`: calls of this
     * run that wait for their turn, this one too. */
    bool (*admit)(void *self, const struct port_call *call, int waiting,
                  struct port_grant *out);
    void (*forgo)(void *self, const struct port_grant *grant); /* no call was begun */
    /* For how long no endpoint will take this call: 0 = one may now; INT64_MAX: until a
     * call of another run has ended. */
    int64_t (*closed_ms)(void *self, const struct port_call *call);
    /* at most 64 calls at once; retried inside until it is known or fenced */
    enum err (*reserve)(void *self, const struct port_place *at, const int *index,
                        const int *attempt, const struct port_estimate *most, int count,
                        port_reserve_fn fn, void *arg, uint64_t ticket);
    struct port_estimate (*estimate)(void *self, const struct port_call *call);
    /* ERR_CANCELLED: not sent, as its leave has run out; asked again without harm */
    enum err (*call)(void *self, const struct port_call *call, port_call_fn fn,
                     void *arg, uint64_t ticket, uint64_t *call_id);
    void (*cancel)(void *self, uint64_t call_id); /* it still settles */
    /* WINDOW, RESULT, CACHE_*, SPAWN; ERR_FENCED to fn: what is written is written by
     * the holder of this claim alone */
    enum err (*read)(void *self, const char *campaign, int64_t fence,
                     const struct ask *ask, port_read_fn fn, void *arg,
                     uint64_t ticket);
    /* ERR_LIMIT, ERR_OUT_OF_RANGE: the store never takes this result, a text too long
     * or an amount over PORT_AMOUNT_MAX: a smaller one is to be told. */
    enum err (*settle)(void *self, const struct port_place *at,
                       const struct port_settlement *s, port_done_fn fn, void *arg,
                       uint64_t ticket);
    enum err (*commit)(void *self, const char *id, const struct port_commit *commit,
                       port_done_fn fn, void *arg, uint64_t ticket);
    enum err (*release)(void *self, const char *id, int64_t fence, port_done_fn fn,
                        void *arg, uint64_t ticket);
    /* Is there an order waiting in the mailbox, behind the first `from` letters? */
    enum err (*mail)(void *self, const char *id, int64_t fence, int from,
                     port_mail_fn fn, void *arg, uint64_t ticket);
    enum err (*timer)(void *self, int64_t delay_ms, port_done_fn fn, void *arg,
                      uint64_t ticket);
    /* runs fn soon, from the loop, never inside this call */
    enum err (*defer)(void *self, port_done_fn fn, void *arg, uint64_t ticket);
    uint64_t (*random)(void *self); /* for jitter only */
    /* The time zone of this name, if this machine has it, else NULL; lives as long as
     * the ports. */
    const struct zone *(*zone)(void *self, const char *name);

    int64_t (*now_ms)(void *self); /* monotonic */

    /* The batch lane; batches NULL: there is none. May calls of this tenant go through
     * batches of this endpoint ("" = the first)? Its name if so, else NULL. */
    const char *(*batches)(void *self, const char *tenant, const char *endpoint);
    /* UNREACHABLE: whether there is one now is not known. */
    enum err (*submit)(void *self, const struct port_batch *b, port_batch_fn fn,
                       void *arg, uint64_t ticket);
    /* One look; results, if there are any, come before fn. ERR_BAD_VALUE: its endpoint
     * is gone from the configuration, or takes no batches any more. */
    enum err (*poll)(void *self, const struct port_batch *b, port_batch_result_fn each,
                     port_batch_fn fn, void *arg, uint64_t ticket);
    /* The calls (index, attempt) are told the name of at->batch; or the job is given up
     * and comes again after delay_ms, or when there is mail. */
    enum err (*hold)(void *self, const struct port_place *at,
                     const struct port_hold *hold, const int *index, const int *attempt,
                     int count, port_done_fn fn, void *arg, uint64_t ticket);
};

#endif
