/* batch_wire.h: the steps of a batch on the wire, one exchange each. Nothing is tried
 * again here, and nothing is known here of what came before: the caller keeps the names
 * that it is told. An exchange settles exactly once, later; with ERR_CANCELLED when the
 * http is freed. */
#ifndef BARKER_WORKERS_LLM_BATCH_WIRE_H
#define BARKER_WORKERS_LLM_BATCH_WIRE_H

#include "workers/llm/batch_reader.h"

/* **borrows** all until the exchange has settled. */
struct batch_target {
    struct http *http;
    const struct provider *provider; /* with batches */
    const struct config_endpoint *config;
    const char *key;
    int64_t deadline_ms; /* of one exchange */
};
/* status->code as of batch_read(); of FETCH the error of the reader too. */
typedef void (*batch_wire_fn)(void *arg, uint64_t ticket,
                              const struct batch_status *status);

/* Any step but RESULTS. On a returned error fn is not called. */
enum err batch_wire_send(const struct batch_target *t, const struct batch_order *order,
                         batch_wire_fn fn, void *arg, uint64_t ticket) MUST_USE;
/* BATCH_RESULTS of that name: calls are given out by the reader as they come. The
 * reader is **borrowed** until fn. After ERR_OK the file was read to its end, and what
 * is missing will not come; with lines that are damaged it may be there, and it is
 * ERR_SERVER, retryable. */
enum err batch_wire_fetch(const struct batch_target *t, const char *name,
                          const char *mark, struct batch_reader *reader,
                          batch_wire_fn fn, void *arg, uint64_t ticket) MUST_USE;

#endif
