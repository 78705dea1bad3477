/* openai_chat.h: the parts of the chat dialect that others speak too. Internal to
 * workers/llm/providers. */
#ifndef BARKER_WORKERS_LLM_PROVIDERS_OPENAI_CHAT_H
#define BARKER_WORKERS_LLM_PROVIDERS_OPENAI_CHAT_H

#include "core/base/json_scan.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_stream.h"

/* Some servers take 32 bits of a seed only. */
#define OPENAI_SEED_MASK UINT64_C(0x7fffffff)

/* The body of POST …/chat/completions. */
enum err openai_chat_write(struct provider_request *q, const struct config_endpoint *e,
                           const char *model, const struct port_call *call) MUST_USE;
void openai_chat_read(const struct http_reply *http, int64_t now_ms,
                      struct provider_reply *out);
/* One event of a stream. */
void openai_chat_stream(struct provider_stream *s, const char *type,
                        const struct json_span *data);
/* Of a reply, or of one event of a stream; at NULL: absent. Spans of what is no object
 * have no parts. */
struct openai_usage {
    struct json_span in, out, cached, hits;
    bool whole; /* it is there, an object, all of it */
};
struct openai_parts {
    struct json_span model, id, finish;
    struct json_span message;                 /* by the name asked for */
    struct json_span content, refusal, tools; /* of it */
    struct openai_usage usage;
    enum err failed;  /* ERR_OK: there is a choice, and it is whole */
    bool whole;       /* all of it */
    bool has_thought; /* by either of two names that servers have for it */
};
/* `message`: of the choice: message, delta in a stream, text in legacy completions. */
void openai_chat_find(const struct json_span *in, const char *message,
                      struct openai_parts *out);
/* A finish_reason, if it is told; the words of compatible servers become ours. */
void openai_chat_read_finish(const struct openai_parts *parts,
                             struct provider_reply *out);
/* `stream` and `stream_options` of chat and legacy completions. */
void openai_chat_put_stream(struct json_out *w, const struct provider_request *q);
/* `usage` of chat and legacy completions; nothing if it is absent. */
void openai_chat_read_usage(const struct openai_usage *usage,
                            struct provider_reply *out);

#endif
