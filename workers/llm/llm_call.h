/* llm_call.h: one LLM call between its start and its one settlement. Internal to
 * workers/llm. */
#ifndef BARKER_WORKERS_LLM_LLM_CALL_H
#define BARKER_WORKERS_LLM_LLM_CALL_H

#include "core/base/list.h"
#include "core/base/wheel.h"
#include "workers/llm/llm_cache.h"
#include "workers/llm/provider_stream.h"
#include "workers/llm/stop_rules.h"
#include "workers/llm/targets.h"

struct llm_span;
struct llm_call {
    /* while it is looked up, or waits to settle unsent, or to be closed as a loser */
    struct list node;
    uint64_t id, http_id, ticket;
    port_call_fn fn;
    void *arg;
    struct admission *admission; /* borrows; of a call that was begun */
    struct targets *targets;     /* the same */
    bool has_fallback;           /* it may be tried elsewhere */
    struct port_grant grant;
    struct endpoint *endpoint; /* borrows; NULL: it could not be sent */
    char model[ENDPOINT_MODEL_MAX_BYTES];
    bool has_price, has_schema;
    bool is_first; /* no attempt of its ask has failed before */
    bool looking;  /* in the cache; not sent yet */
    bool cached;   /* its reply is an earlier one */
    bool aborted;  /* a stop rule was broken */
    bool may_hedge;
    bool is_hedge;  /* the second request of its twin; its URL and body are there */
    bool won, over; /* against its twin; the transfer is over */
    struct llm_call *twin; /* **owned** by the first one; NULL = none */
    struct wheel_item hedge_due;
    int64_t sent_us;
    struct port_call_result result; /* once it is over; its texts are those below */
    struct price price;
    int64_t prompt_tokens, reply_tokens; /* the most it can take */
    struct provider_request request;
    struct provider_reply reply;
    struct provider_stream stream; /* if request.stream */
    struct stop_rules stop;
    struct llm_cache_key cache_key;
    struct llm_span *span; /* **owns**; NULL: nobody wants one */
};

struct llm_call *llm_call_new(void); /* NULL: out of memory */
void llm_call_free(struct llm_call *c);
/* As new, but its memory is kept for the next call; false: that would be too much. */
bool llm_call_reset(struct llm_call *c) MUST_USE;
/* Endpoint, model, price, estimate and request. What the configuration lacks becomes
 * the reply (ERR_OK is returned, reply.code tells); else only ERR_NOMEM, ERR_LIMIT. */
enum err llm_call_prepare(struct llm_call *c, const struct endpoints *list,
                          const struct port_call *call) MUST_USE;
/* As on_body of an http_request, of a call whose request.stream is set. */
enum http_take llm_call_feed(struct llm_call *c, const struct http_reply *so_far,
                             const char *bytes, size_t n) MUST_USE;
/* The same call once more, of a call that was sent: what it needs of the ask is copied,
 * but for its stop rules. Unsent, without a grant. NULL: out of memory. */
struct llm_call *llm_call_twin(struct llm_call *c);
/* Itself or its twin: whose reply the result of both is. */
const struct llm_call *llm_call_winner(const struct llm_call *c);
/* Reads what came back into c->result; http NULL: it was never sent. */
void llm_call_end(struct llm_call *c, const struct http_reply *http);

#endif
