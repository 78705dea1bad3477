/* llm_limits.c: see llm_limits.h. */
#include "workers/llm/llm_limits.h"

void llm_limits_read(struct http_limits *out, const struct config *c)
{
    *out = (struct http_limits){
        .tls_ms = config_int(c, "llm", "tls_ms"),
        .send_ms = config_int(c, "llm", "send_ms"),
        .first_byte_ms = config_int(c, "llm", "first_byte_ms"),
        .first_token_ms = config_int(c, "llm", "first_token_ms"),
        .idle_ms = config_int(c, "llm", "idle_ms"),
    };
}

/* What is not streamed begins when it is complete. */
struct http_limits llm_limits_of(const struct http_limits *all, bool streamed)
{
    struct http_limits limits = *all;
    if (!streamed)
        limits.first_byte_ms = limits.first_token_ms = 0;
    return limits;
}
