/* llm.h: LLM calls of a worker: endpoint choice, price, one attempt on the wire, and
 * what came of it. Retries, budgets and the journal belong to the runner. One thread.
 */
#ifndef BARKER_WORKERS_LLM_LLM_H
#define BARKER_WORKERS_LLM_LLM_H

#include "core/base/config.h"
#include "core/io/http.h"
#include "core/io/loop.h"
#include "workers/run/ports.h"

struct llm;
struct queue;
struct otlp;

struct llm_options {
    const struct config *config; /* borrows */
    int64_t connect_timeout_ms, timeout_ms;
    struct queue *queue; /* borrows; where limits are shared. NULL: no limit holds */
    struct otlp *otlp;   /* borrows; where each call leaves a span. NULL: none does */
    loop_fn on_room;     /* calls may be admitted again; may be NULL */
    void *room_arg;
};

/* Reads endpoints, keys (from the environment, kept only here) and prices. d names what
 * is missing: an unknown dialect, a model that is not given. */
enum err llm_new(struct loop *l, const struct llm_options *o, struct llm **out,
                 struct err_detail *d) MUST_USE;
void llm_free(struct llm *l); /* calls in flight settle with ERR_CANCELLED first */

/* Is there any endpoint that chats? */
bool llm_is_ready(const struct llm *l);
const struct config *llm_config(const struct llm *l);
const char *llm_endpoint_at(const struct llm *l, size_t i); /* its name, or NULL */
bool llm_endpoint_chats(const struct llm *l, size_t i);     /* or does something else */
/* Does the price of this endpoint and model ("" = default) stand in the table? */
bool llm_price_known(const struct llm *l, const char *endpoint, const char *model);
/* What so many tokens cost there at most, in nano-dollars; -1: the price is not known.
 */
int64_t llm_cost_nano(const struct llm *l, const char *endpoint, const char *model,
                      int64_t tokens_in, int64_t tokens_out);
/* The most a call can cost: prompt tokens by a careful estimate + max_tokens. */
struct port_estimate llm_estimate(const struct llm *l, const struct port_call *call);
/* As ports.admit and ports.forgo, see workers/llm/targets.h. Without an endpoint to
 * wait for there is leave. */
bool llm_admit(struct llm *l, const struct port_call *call, int waiting,
               struct port_grant *out);
void llm_forgo(struct llm *l, const struct port_grant *grant);
/* As ports.closed_ms. */
int64_t llm_closed_ms(const struct llm *l, const struct port_call *call);
/* What cools down after failures, for people; "" if nothing does. */
void llm_print_cooling(const struct llm *l, char *out, size_t size);
/* The worker ends: leases go back, nothing more is admitted. */
void llm_leave(struct llm *l);
/* As ports.call. A reply without usage is counted by the estimate of its texts; a call
 * that may have been billed unseen counts as its whole estimate. A parameter that the
 * model refuses is left out from then on, and the call is worth a retry. */
enum err llm_call(struct llm *l, const struct port_call *call, port_call_fn fn,
                  void *arg, uint64_t ticket, uint64_t *call_id) MUST_USE;
/* GET <base_url>/models with the endpoint's key: is it there, does it take the key? No
 * token is spent. Endpoint i as llm_endpoint_at(); fn as of http_send(). */
enum err llm_probe(struct llm *l, size_t i, int64_t deadline_ms, http_fn fn, void *arg,
                   uint64_t ticket) MUST_USE;
bool llm_has_key(const struct llm *l, size_t i);
void llm_cancel(struct llm *l, uint64_t call_id);
/* For llm_batch.h. */
struct endpoints;
struct llm_wire {
    struct http *http;
    struct endpoints *endpoints;
};
struct llm_wire llm_wire(struct llm *l);
/* Tokens of a text, an upper estimate: CJK 1 per character, else bytes / 3. */
int64_t llm_count_tokens(const char *text);

#endif
