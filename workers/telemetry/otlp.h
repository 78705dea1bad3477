/* otlp.h: spans of LLM calls to a collector, OTLP over HTTP with JSON. They wait in
 * memory (4 MiB at most), go out by 512 or after 5 s, one request at a time. A
 * collector that is away, slow or full costs spans, never a call: what does not fit is
 * dropped, the newest first, counted, and told once a minute. One thread. */
#ifndef BARKER_WORKERS_TELEMETRY_OTLP_H
#define BARKER_WORKERS_TELEMETRY_OTLP_H

#include "core/base/config.h"
#include "core/io/loop.h"
#include "workers/telemetry/otlp_span.h"

struct otlp;

struct otlp_counts {
    int64_t exported, dropped; /* spans */
    int waiting;
};

/* instance: a name of this process. *out is NULL if no collector is configured: then
 * there is nothing to do and nothing it costs. */
enum err otlp_new(struct loop *l, const struct config *c, const char *instance,
                  struct otlp **out, struct err_detail *d) MUST_USE;
/* Never blocks or fails. */
void otlp_add(struct otlp *o, const struct otlp_call *c);
/* Sends what waits, without retries; fn is called once, later, at the latest after
 * timeout_ms: what is left then is dropped. Nothing is taken afterwards. */
void otlp_drain(struct otlp *o, int64_t timeout_ms, loop_fn fn, void *arg);
struct otlp_counts otlp_count(const struct otlp *o);
void otlp_free(struct otlp *o); /* before loop_free(); may be NULL */

#endif
