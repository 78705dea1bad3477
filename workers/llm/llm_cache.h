/* llm_cache.h: the exact cache of replies: which calls are the same, what of a reply is
 * kept, and what of that is believed. Internal to workers/llm.
 *
 * Two calls are the same if all that decides the reply is: tenant, dialect, address,
 * model, the request's body, the seed, and the place of the ask: stage, iteration and
 * index. By the place no campaign is ever given the same reply twice: the next index
 * wants another text, and what is asked again in a later iteration was not good enough
 * the first time. */
#ifndef BARKER_WORKERS_LLM_LLM_CACHE_H
#define BARKER_WORKERS_LLM_LLM_CACHE_H

#include "core/base/hash.h"
#include "queues/reply_cache.h"
#include "workers/llm/endpoints.h"

struct llm_cache {
    struct queue *queue; /* borrows; NULL: there is no cache */
    int64_t ttl_s;
};
/* Of one call. */
struct llm_cache_key {
    char tenant[65], hash[HASH_SHA256_HEX]; /* hash "": the call is not cached */
};

/* Names a call whose request is built. */
void llm_cache_name(struct llm_cache_key *out, const struct config_endpoint *e,
                    const char *model, const struct provider_request *q,
                    const struct port_call *call);
enum err llm_cache_find(const struct llm_cache *c, const struct llm_cache_key *key,
                        queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* Fills text, finish and model; false: nothing there, or nothing to be relied on. */
bool llm_cache_read(const struct reply *r, struct provider_reply *out) MUST_USE;
/* Keeps a reply that is whole: no error, and the model came to its end. */
void llm_cache_keep(const struct llm_cache *c, const struct llm_cache_key *key,
                    const struct provider_reply *r);

#endif
