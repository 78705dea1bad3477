/* gate.h: this worker's share of the limits of one endpoint, or of one tenant: the
 * lease at hand, and the exchange with Redis for the next one. A refusal makes the gate
 * ask for a lease at the end of the loop turn; what it gets is taken in the next turn
 * of the runner, what is left goes back. Internal to admission.c, gate.c. */
#ifndef BARKER_WORKERS_LLM_GATE_H
#define BARKER_WORKERS_LLM_GATE_H

#include "queues/limits.h"
#include "workers/llm/admission.h"

struct gate_share { /* of one kind of limit */
    int64_t most;
    int64_t lease, usual;         /* of the lease; thousandths of it are used */
    int64_t wanted, first;        /* by the last turn of the runner */
    int64_t held, left;           /* by calls under way; by the last answer */
    int64_t pace_back, usual_now; /* see struct limits_share */
    int64_t told, told_until_ms;  /* the same */
};
struct gate {
    struct admission *owner;
    const char *name;   /* borrows */
    char id[LIMITS_ID]; /* of an endpoint */
    bool is_tenant;     /* and so without an id */
    bool is_limited;
    int64_t max_in_flight;  /* 0 = no limit */
    bool asking, gathering; /* a lease is on its way; will be asked for in this turn */
    bool in_line;           /* refused: whoever asks again in time keeps the place */
    bool refused;   /* somebody since this lease came: nobody else is served of it */
    bool dirty;     /* flush is set */
    bool told;      /* that there is no lease */
    bool unsent;    /* the last ask could not even be sent */
    int failures;   /* asks in a row, up to a few: the next one waits longer */
    bool told_less; /* than what is left here, so the lease at hand is too much */
    struct gate *awaited; /* of a tenant: until its answer so much is kept for a call */
    int64_t kept[LIMITS_KINDS];
    int64_t number, slot, until_ms; /* the lease, */
    int64_t asked_ms; /* for it; both on the clock that counts suspensions */
    struct gate_share of[LIMITS_KINDS];
    int64_t told_slot; /* of the latest call with which the server told something */
    int64_t ask_at_ms, closed_until_ms, sent_ms;
    int64_t told_until_ms; /* as closed_until_ms, of others: not told again */
    struct limits_back back[LIMITS_BACK_MAX];
    int back_count;
    struct loop_timer *wake, *flush;
};
struct admission {
    struct admission_options options;
    char worker[17];
    struct gate *gates; /* one per endpoint, then one per tenant with limits, by name */
    size_t count, tenants; /* of all gates; of those of tenants */
    bool left;
    int holds; /* the owner, leases on their way, deferred calls: the last one frees */
};

enum err gate_open(struct gate *g, struct admission *a,
                   const struct endpoint *e) MUST_USE;
enum err gate_open_tenant(struct gate *g, struct admission *a,
                          const struct config_tenant *t) MUST_USE;
/* Is an answer on its way that may well bring a lease? */
bool gate_is_hopeful(const struct gate *g);
/* One call is refused; all of one turn of the runner are asked for together. */
void gate_want(struct gate *g, const int64_t takes[LIMITS_KINDS], int waiting);
void gate_add_back(struct gate *g, int64_t slot, enum limits_kind kind, int64_t n);
/* Left there by the server's word with a call of that slot. */
void gate_hear(struct gate *g, int64_t slot, enum limits_kind kind, int64_t left,
               int64_t until_ms);
void gate_forget_wishes(struct gate *g); /* nobody waits */
void gate_flush_soon(struct gate *g);
/* Sends what is wanted and what is given back, once: if it is lost, it counts as spent.
 */
void gate_ask(struct gate *g);
void gate_release(struct admission *a); /* one hold less */

#endif
