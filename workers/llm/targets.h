/* targets.h: where a call goes: to its own endpoint, or, while that cannot be used, to
 * the first of its fallbacks that can. Kept per model behind a key and address: breaker
 * (breaker.h), retry budget (retry_budget.h), ceiling for calls at once (ceiling.h).
 * Then admission (admission.h) has its say.
 *
 *   breaker open, or closed by a hint for long    the next one
 *   no room for it just now (rpm, tpm, ceilings)  waits there, does not spill over
 *   it costs more than there is money for         never; refused if all of them do
 *   its money is not at hand just now             waits; out->most_nano says for what
 *   two failures of one ask                       begins with the next one
 *   an embedding, and it has another model        never
 *   all of them cool down                         waits; on_room() comes in time
 *
 * Internal to workers/llm. One thread. */
#ifndef BARKER_WORKERS_LLM_TARGETS_H
#define BARKER_WORKERS_LLM_TARGETS_H

#include "workers/llm/admission.h"

struct targets;

struct targets_options {
    struct loop *loop;
    const struct endpoints *endpoints;
    struct admission *admission; /* borrows */
    loop_fn on_room;             /* it may be worth asking again; may be NULL */
    void *room_arg;
};
enum err targets_new(const struct targets_options *o, struct targets **out) MUST_USE;
void targets_free(struct targets *t); /* NULL is fine */

/* How many endpoints the call may use, its own among them, see ways.h; 0: none. */
size_t targets_count(const struct targets *t, const struct port_call *call);
/* As ports.admit: says in `out` where it goes. True for a call without endpoint. */
bool targets_admit(struct targets *t, const struct port_call *call, int waiting,
                   struct port_grant *out);
/* Leave for a second request of a call under way, at the same target `e`: its breaker
 * is closed, and it has room. If not, on_room() is called when that may have changed.
 * It ends by targets_settle(), with ERR_CANCELLED if it was not sent. */
bool targets_admit_again(struct targets *t, const struct port_grant *first,
                         const struct endpoint *e, struct admission_tokens tokens,
                         struct port_grant *out);
/* For how long none of its endpoints will take this call, by their breakers and hints:
 * 0 = one may now; INT64_MAX: until a probe has ended. */
int64_t targets_closed_ms(const struct targets *t, const struct port_call *call);
/* A call that was not begun: nothing of it counts. */
void targets_forgo(struct targets *t, const struct port_grant *g);
/* The call is over; what that says of its target, see breaker_settle(). */
void targets_settle(struct targets *t, const struct port_grant *g, enum err code,
                    int64_t hint_ms);
/* "main/gpt-x no_credit, …": what cools down now; "" if nothing does. */
void targets_print(const struct targets *t, char *out, size_t size);

#endif
