/* reply_cache.h: replies of language models, kept for a while under the hash of what
 * was asked. A key of its own for each, per tenant, with an expiry: a lost or damaged
 * one costs a call, nothing else. The values are workers/llm's business. */
#ifndef BARKER_QUEUES_REPLY_CACHE_H
#define BARKER_QUEUES_REPLY_CACHE_H

#include "queues/queue.h"

#define REPLY_CACHE_MAX_BYTES ((size_t)64 * 1024) /* of one value */

/* Reply: the value, or nil. Gives up early (ERR_DEADLINE): a call does not wait for it.
 */
enum err reply_cache_get(struct queue *q, const char *tenant, const char *hash,
                         queue_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* Nobody is told how it went. ERR_LIMIT: the value is too large. */
enum err reply_cache_put(struct queue *q, const char *tenant, const char *hash,
                         const char *value, size_t n, int64_t ttl_s) MUST_USE;

#endif
