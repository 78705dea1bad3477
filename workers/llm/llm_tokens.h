/* llm_tokens.h: upper estimates of the tokens of a call. Internal to workers/llm. */
#ifndef BARKER_WORKERS_LLM_LLM_TOKENS_H
#define BARKER_WORKERS_LLM_LLM_TOKENS_H

#include "workers/run/ports.h"

#define LLM_REPLY_TOKENS_DEFAULT 4096 /* of an ask without max_tokens */

int64_t llm_prompt_tokens(const struct port_call *call);
int64_t llm_reply_tokens(const struct ask *ask); /* the most a reply can have */

#endif
