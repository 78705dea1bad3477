/* provider_vector.h: embeddings in replies. Internal to workers/llm. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_VECTOR_H
#define BARKER_WORKERS_LLM_PROVIDER_VECTOR_H

#include "core/base/json_scan.h"

/* A string (base64 of float32, least byte first) or an array of numbers, appended to
 * out as campaigns/ask.h has it. ERR_BAD_VALUE: it is neither, or empty, or has a
 * number that is not finite as float32. ERR_LIMIT: over ASK_DIMENSIONS_MAX. */
enum err provider_vector_read(const struct json_span *in, struct buf *out) MUST_USE;

#endif
