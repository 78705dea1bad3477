/* llm_limits.h: the settings [llm] …_ms as limits of one call. Internal to workers/llm.
 */
#ifndef BARKER_WORKERS_LLM_LLM_LIMITS_H
#define BARKER_WORKERS_LLM_LLM_LIMITS_H

#include "core/base/config.h"
#include "core/io/http.h"

/* Of a streamed call. */
void llm_limits_read(struct http_limits *out, const struct config *c);
/* Those that hold for this one. */
struct http_limits llm_limits_of(const struct http_limits *all, bool streamed);

#endif
