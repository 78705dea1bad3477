/* provider_prompt.h: what all dialects write of an ask: its turns, its schema. Internal
 * to workers/llm/providers. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_PROMPT_H
#define BARKER_WORKERS_LLM_PROVIDER_PROMPT_H

#include "core/base/json_out.h"
#include "workers/llm/provider.h"

/* How the shape of a reply is asked for. */
enum provider_form {
    PROVIDER_FORM_TEXT,   /* plain text */
    PROVIDER_FORM_SCHEMA, /* the endpoint is given the schema */
    PROVIDER_FORM_OBJECT, /* it is told to give JSON; the schema stands in the prompt */
    PROVIDER_FORM_TOOL,   /* a forced call of a tool with the schema as its input */
    PROVIDER_FORM_PROMPT, /* the schema stands in the prompt, nothing else */
};
/* By the ask, the endpoint's `structured`, and what its model refused before. */
enum provider_form provider_form_of(const struct config_endpoint *e,
                                    const struct port_call *call, unsigned without);

struct provider_turn {
    bool is_model; /* else the user's */
    const char *text;
    size_t len;
};
/* User, or user, model, user when a refused reply is told again. **owns** `user`; the
 * texts are borrowed from it and from the call. */
struct provider_turns {
    struct buf user;
    struct provider_turn turn[3];
    int count;
};
/* Roles alternate, which some servers insist on. The schema stands in the first turn if
 * the form wants it there. */
enum err provider_turns_init(struct provider_turns *t, const struct port_call *call,
                             enum provider_form form) MUST_USE;
void provider_turns_fini(struct provider_turns *t);

/* base_url without slashes at its end, then the path. */
void provider_url(struct provider_request *q, const struct config_endpoint *e,
                  const char *path);
/* The same, but bytes that no path segment may have are percent-encoded. */
void provider_url_segment(struct provider_request *q, const char *segment);
const char *provider_schema_name(const struct ask *ask);
/* ERR_OK if url, body and auth all fit. */
enum err provider_request_status(const struct provider_request *q) MUST_USE;

#endif
