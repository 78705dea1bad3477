/* provider.h: one LLM dialect: how a request is written and a reply is read. A dialect
 * is one file in providers/ and one line in workers/providers.def. Pure: bytes in,
 * bytes out; no network, no retry, no clock. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_H
#define BARKER_WORKERS_LLM_PROVIDER_H

#include "core/base/buf.h"
#include "core/base/config.h"
#include "core/io/http.h"
#include "workers/run/ports.h"

#define PROVIDER_HEADERS_MAX 12
#define PROVIDER_REFUSED_MAX_BYTES                                                     \
    8192 /* of a refused text, told again in a re-ask                                  \
          */

/* Parameters that some models refuse. Which ones is learnt from their answer, so that
 * no model name stands in the code. */
enum provider_param {
    PROVIDER_TEMPERATURE = 1,
    PROVIDER_MAX_TOKENS = 2, /* refused: max_completion_tokens is sent in its place */
    PROVIDER_SEED = 4,
    PROVIDER_SCHEMA = 8,        /* refused: the schema stands in the prompt */
    PROVIDER_STREAM_USAGE = 16, /* refused: a stream may then come without usage */
    PROVIDER_STREAM = 32,       /* refused: replies come whole */
};

/* A request ready for http_send(); **owns** its buffers. Never logged: it may hold the
 * key. */
struct provider_request {
    unsigned without; /* set by the caller: enum provider_param that are left out */
    bool stream;      /* set by the caller, if the dialect has stream() */
    struct buf url, body, auth;
    char call_id[160]; /* campaign/stage/iteration/index/attempt */
    struct http_header headers[PROVIDER_HEADERS_MAX];
    size_t header_count;
};
void provider_request_init(struct provider_request *q);
void provider_request_fini(struct provider_request *q); /* wipes the key */
/* As new, but its memory is kept; the key stays in it. */
void provider_request_reset(struct provider_request *q);
/* name and value are **borrowed** until the request is sent. */
void provider_header(struct provider_request *q, const char *name, const char *value);
/* Content-Type, Accept, X-Client-Request-Id. */
void provider_json_headers(struct provider_request *q, const struct port_call *call);
/* `name: <scheme><key>`; nothing without a key. Once per request. */
void provider_key(struct provider_request *q, const char *name, const char *scheme,
                  const char *key);
void provider_bearer(struct provider_request *q, const char *key);

/* What a reply means. Strings live in `text` and `message`; **owns** them. */
struct provider_reply {
    enum err code; /* ERR_OK or the error class */
    bool retryable;
    int64_t retry_after_ms; /* -1 = no hint */
    struct buf text;        /* content; kept also when truncated or refused */
    char finish[32], model[128], message[256];
    char request_id[96]; /* of the HTTP exchange, else reply_id */
    char reply_id[96];   /* that the body names */
    /* Read from, and written into, the provider's cache: parts of tokens_in. */
    int64_t tokens_cached, tokens_written;
    int64_t tokens_in, tokens_out;
    bool has_usage;
    unsigned refused; /* enum provider_param that the server does not take */
};
void provider_reply_init(struct provider_reply *r);
void provider_reply_fini(struct provider_reply *r);
void provider_reply_reset(struct provider_reply *r); /* as new, its memory is kept */
/* Fills code, retryable and message; returns nothing to check. */
void provider_fail(struct provider_reply *r, enum err code, bool retryable,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);
/* s[0, n) as bounded UTF-8 on one line: what is not, is replaced; cut at a character.
 */
void provider_copy_text(char *out, size_t size, const char *s, size_t n);

/* Stars in place of the key: a server may quote it, and no log or audit row shall. key
 * may be NULL. */
void provider_hide_key(char *text, const char *key);

struct batch_dialect;
struct rates_dialect;
struct json_span;
struct provider_stream;
struct provider {
    const char *name, *meaning;
    const char *base_url; /* an example, for messages */
    enum ask_type serves; /* the asks that it takes; if it does not say: ASK_CHAT */
    bool free; /* without a known price its calls cost nothing and count no tokens */
    /* Headers that a key needs; also of a probe. Nothing without a key. */
    void (*authorize)(struct provider_request *q, const char *key);
    /* key: the secret, or NULL. model: never empty. */
    enum err (*build)(const struct config_endpoint *e, const char *key,
                      const char *model, const struct port_call *call,
                      struct provider_request *out);
    /* A complete HTTP reply of any status. now_ms (Unix) for dates in headers. */
    void (*read)(const struct http_reply *http, int64_t now_ms,
                 struct provider_reply *out);
    /* One event of a streamed reply, a JSON value that is no error; see
     * provider_stream.h. NULL: the dialect is not streamed. */
    void (*stream)(struct provider_stream *s, const char *type,
                   const struct json_span *data);
    bool stream_has_end; /* by an event; else the end of the transfer may be it */
    /* How its headers tell what is left of its limits, see rates.h. NULL: they do not.
     */
    const struct rates_dialect *rates;
    const struct batch_dialect *batch; /* NULL: it has no batches; see batch.h */
};
const struct provider *provider_find(const char *name); /* NULL if unknown */
const struct provider *provider_at(size_t i);           /* NULL past the end */

/* Server hint: retry-after-ms, retry-after (seconds or HTTP date); -1 = none or
 * nonsense. Never more than 24 h (LLM_WIRE §0). */
int64_t provider_retry_after_ms(const struct http_reply *http, int64_t now_ms);
/* "37s", "1.5s": seconds with their unit; -1 = nonsense. */
int64_t provider_duration_ms(const char *text);
/* What a reply says that has an error status, or an error inside a 200: by its code
 * first, its type second, the status last. Reads the error bodies of OpenAI and those
 * that speak its dialect. x-should-retry wins over all but money. */
void provider_read_error(const struct http_reply *http, int64_t now_ms,
                         struct provider_reply *out);
/* What a transport failure means (http->err != ERR_OK). */
void provider_read_failure(const struct http_reply *http, struct provider_reply *out);

#endif
