/* llm_state.h: the struct behind llm.h. Internal to llm.c, llm_facts.c. */
#ifndef BARKER_WORKERS_LLM_LLM_STATE_H
#define BARKER_WORKERS_LLM_LLM_STATE_H

#include "core/base/idmap.h"
#include "workers/llm/hedger.h"
#include "workers/llm/llm.h"
#include "workers/llm/targets.h"

struct llm {
    struct loop *loop;
    struct llm_options options;
    struct http_limits limits; /* of a streamed call */
    struct endpoints endpoints;
    struct http *http;           /* **owns** */
    struct admission *admission; /* **owns** */
    struct hedger *hedger;       /* **owns** */
    struct targets *targets;     /* **owns** */
    struct idmap calls;
    struct llm_cache cache;
    struct list unsent, looking; /* struct llm_call.node */
    struct list idle;            /* calls that are over, their memory is used again */
    int idle_count;
    bool deferred, closing;
    int holds; /* the owner, the deferred call, a callback: the last one frees */
};

#endif
