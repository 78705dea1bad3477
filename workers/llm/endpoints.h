/* endpoints.h: the endpoints of the configuration, ready to be called: dialect found,
 * key read, prices at hand, and what was learnt of their models. Internal to
 * workers/llm. */
#ifndef BARKER_WORKERS_LLM_ENDPOINTS_H
#define BARKER_WORKERS_LLM_ENDPOINTS_H

#include "workers/llm/price.h"
#include "workers/llm/provider.h"

#define ENDPOINT_MODEL_MAX_BYTES 128
#define ENDPOINT_LEARNT_MAX 16

/* Parameters that a model refuses; the oldest entry makes room. */
struct endpoint_learnt {
    char model[ENDPOINT_MODEL_MAX_BYTES];
    unsigned without; /* enum provider_param */
};
struct endpoint {
    const struct config_endpoint *config; /* borrows */
    const struct provider *provider;
    char *key; /* **owns**, or NULL. Never logged */
    struct endpoint_learnt learnt[ENDPOINT_LEARNT_MAX];
    size_t learnt_count;
    enum err told; /* the last class of failure that was logged */
};
struct endpoints { /* **owns** */
    struct endpoint *items;
    size_t count;
    struct price_table *prices;
};

enum err endpoints_init(struct endpoints *list, const struct config *c,
                        struct err_detail *d) MUST_USE;
void endpoints_fini(struct endpoints *list); /* wipes the keys */
/* "" or NULL: the first one that chats. NULL if there is none of that name. */
struct endpoint *endpoints_find(const struct endpoints *list, const char *name);
/* A call's own endpoint: the one it names, if that serves its ask; else, but for chat,
 * the first one that does. NULL if there is none. */
struct endpoint *endpoints_for(const struct endpoints *list,
                               const struct port_call *call);
/* The model of a call: its own or the endpoint's; "" if neither names one. */
const char *endpoint_model(const struct endpoint *e, const char *model);
/* The same of a call; the model it names is one that chats. */
const char *endpoint_model_for(const struct endpoint *e, const struct port_call *call);
/* Where a call goes by its leave, and the model there: that of the call belongs to the
 * call's own endpoint, another has its own. NULL if there is none. */
struct endpoint *endpoints_target(const struct endpoints *list,
                                  const struct port_call *call, const char **model);
bool endpoint_price(const struct endpoints *list, const struct endpoint *e,
                    const char *model, struct price *out);
/* Tokens of the prompt, at most; 0 where they are neither priced nor told. e: or NULL.
 */
int64_t endpoint_prompt_tokens(const struct endpoints *list, const struct endpoint *e,
                               const struct port_call *call);
/* What so many tokens cost at most, in nano-dollars; -1: the price is not known. */
int64_t endpoint_cost_nano(const struct endpoints *list, const struct endpoint *e,
                           const char *model, int64_t tokens_in, int64_t tokens_out);
/* The most that a call can cost at its target, see endpoints_target(). */
struct port_estimate endpoints_estimate(const struct endpoints *list,
                                        const struct port_call *call);
unsigned endpoint_without(const struct endpoint *e, const char *model);
void endpoint_learn(struct endpoint *e, const char *model, unsigned refused);

#endif
