/* llm_batch.h: the batch lane on the wire, as ports.submit and ports.poll want it. Each
 * settles once, later; with UNREACHABLE when the llm is freed. */
#ifndef BARKER_WORKERS_LLM_LLM_BATCH_H
#define BARKER_WORKERS_LLM_LLM_BATCH_H

#include "workers/llm/llm.h"

/* The name of this endpoint ("" = the first), if it takes batches, by its section and
 * its dialect; else NULL. */
const char *llm_batches(struct llm *l, const char *endpoint);
/* Uploads and creates. ERR_LIMIT: the first call is too large for a batch. A batch is
 * created within seven minutes of b->since_ms (clock_mono_ms()) or not at all, so that
 * who looks for it later knows; ERR_DEADLINE: it is too late now. */
enum err llm_batch_submit(struct llm *l, const struct port_batch *b, port_batch_fn fn,
                          void *arg, uint64_t ticket) MUST_USE;
/* Looks once; without a name it is looked for by its mark first. */
enum err llm_batch_poll(struct llm *l, const struct port_batch *b,
                        port_batch_result_fn each, port_batch_fn fn, void *arg,
                        uint64_t ticket) MUST_USE;

#endif
