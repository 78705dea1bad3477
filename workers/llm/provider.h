/* provider.h: one LLM dialect: how a request is written and a reply is read. A dialect
 * is one file in providers/ and one line in workers/providers.def. Pure: bytes in, bytes
 * out; no network, no retry, no clock. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_H
#define BARKER_WORKERS_LLM_PROVIDER_H

#include "core/base/buf.h"
#include "core/base/config.h"
#include "core/io/http.h"
#include "workers/ports.h"

#define PROVIDER_HEADERS_MAX 12

/* A request ready for http_send(); **owns** its buffers. Never logged: it may hold the
 * key. */
struct provider_request {
    struct buf url, body, auth;
    struct http_header headers[PROVIDER_HEADERS_MAX];
    size_t header_count;
};
void provider_request_init(struct provider_request *q);
void provider_request_fini(struct provider_request *q);
void provider_header(struct provider_request *q, const char *name, const char *value);

/* What a reply means. Strings live in `text` and `message`; **owns** them. */
struct provider_reply {
    enum err code;  /* ERR_OK or the error class */
    bool retryable;
    int64_t retry_after_ms; /* -1 = no hint */
    struct buf text;        /* content; kept also when truncated or refused */
    char finish[32], model[128], request_id[96], message[256];
    int64_t tokens_in, tokens_out, tokens_cached; /* cached are part of tokens_in */
    bool has_usage;
};
void provider_reply_init(struct provider_reply *r);
void provider_reply_fini(struct provider_reply *r);
/* Fills code, retryable and message; returns nothing to check. */
void provider_fail(struct provider_reply *r, enum err code, bool retryable,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);

struct provider {
    const char *name, *meaning;
    /* key: the secret, or NULL. model: never empty. */
    enum err (*build)(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out);
    /* A complete HTTP reply of any status. now_ms (Unix) for dates in headers. */
    void (*read)(const struct http_reply *http, int64_t now_ms,
                 struct provider_reply *out);
};
const struct provider *provider_find(const char *name); /* NULL if unknown */
const struct provider *provider_at(size_t i);           /* NULL past the end */

/* Server hint: retry-after-ms, retry-after (seconds or HTTP date); -1 = none or
 * nonsense. Never more than 24 h (LLM_WIRE §0). */
int64_t provider_retry_after_ms(const struct http_reply *http, int64_t now_ms);
/* What a transport failure means (http->err != ERR_OK). */
void provider_read_failure(const struct http_reply *http, struct provider_reply *out);

#endif
