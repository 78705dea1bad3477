/* hedger.h: a call whose first token is late is asked a second time, and the answer
 * that begins first is taken (LLM.md §5, rule 16). Only where the endpoint has `hedge`,
 * the call was reserved for two, and no token came in the time in which 95 of 100
 * came; at most 2 of 100 requests, once per call, with leave of its own from its
 * target: limits, ceiling, and a breaker that is closed. The other one is closed in the
 * turn in which it lost. Two requests are two `struct llm_call`s that know each other;
 * they end as one, with the cost of both. Internal to workers/llm. */
#ifndef BARKER_WORKERS_LLM_HEDGER_H
#define BARKER_WORKERS_LLM_HEDGER_H

#include "core/io/loop.h"
#include "workers/llm/llm_call.h"

struct hedger;

struct hedger_options {
    struct loop *loop;
    enum err (*send)(void *arg, struct llm_call *c); /* gives it its ids */
    void (*cancel)(void *arg, struct llm_call *c);   /* its transfer; it still ends */
    void *arg;
};

enum err hedger_new(const struct hedger_options *o, struct hedger **out) MUST_USE;
void hedger_free(struct hedger *h); /* NULL is fine; no call is left */
/* c was sent just now. */
void hedger_watch(struct hedger *h, struct llm_call *c);
/* c is about to be cancelled: nothing more is sent for it. */
void hedger_forget(struct hedger *h, struct llm_call *c);
/* The limits of an endpoint may have room: who was refused asks again. */
void hedger_room(struct hedger *h);
/* The first token of c has come. May be called while bytes are read. */
void hedger_began(struct hedger *h, struct llm_call *c);
/* The transfer of c is over. The call that is to be settled, whose result is that of
 * both; NULL: the other one is still to end. */
struct llm_call *hedger_end(struct hedger *h, struct llm_call *c) MUST_USE;

#endif
