/* llm_span.h: what the span of a call needs to know and the call itself forgets.
 * Internal to workers/llm. */
#ifndef BARKER_WORKERS_LLM_LLM_SPAN_H
#define BARKER_WORKERS_LLM_LLM_SPAN_H

#include "workers/llm/llm_call.h"
#include "workers/telemetry/otlp.h"

/* The call begins now. NULL: out of memory, then there is no span. */
struct llm_span *llm_span_new(struct otlp *o, const struct port_call *call);
/* The call has ended, and c->result is final; one that had no endpoint was none, and
 * leaves nothing. */
void llm_span_end(const struct llm_span *s, const struct llm_call *c);
void llm_span_free(struct llm_span *s); /* may be NULL */

#endif
