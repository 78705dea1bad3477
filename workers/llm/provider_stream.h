/* provider_stream.h: a streamed reply of any dialect, read as its bytes come (LLM_WIRE
 * §0.1). What is whole is decoded only; a stream counts as an answer when its dialect's
 * end was seen. A reply that is no event stream, by its type and its first bytes, as
 * most errors are, is left to the dialect's read(). Internal to workers/llm. Pure, as
 * provider.h. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_STREAM_H
#define BARKER_WORKERS_LLM_PROVIDER_STREAM_H

#include "core/base/json_scan.h"
#include "core/base/sse.h"
#include "workers/llm/provider.h"

struct provider_stream {
    const struct provider *provider; /* borrows */
    struct provider_reply *out;      /* borrows; grows with each event */
    struct sse sse;                  /* **owns** */
    struct buf error;                /* **owns**: the JSON that told of an error */
    char refusal[200];
    bool is_stream,
        is_other; /* by its type, or by its first bytes; else not yet known */
    char head[8]; /* these, while they could be either; blanks left out */
    size_t head_len;
    bool begun; /* what was asked for: text, a thought, a refusal, a reply that is whole
                 */
    bool any, done; /* an event came; the one that ends the stream did */
    enum err text;  /* the first text that could not be read, else ERR_OK */
    enum err limit; /* too much came, or memory is short */
    size_t kept_bytes;
};

void provider_stream_init(struct provider_stream *s, const struct provider *p,
                          struct provider_reply *out);
void provider_stream_fini(struct provider_stream *s);
/* As on_body of an http_request. HTTP_STOP: nothing that follows can matter. */
enum http_take provider_stream_feed(struct provider_stream *s,
                                    const struct http_reply *so_far, const char *bytes,
                                    size_t n) MUST_USE;
/* The transfer ended: the verdict, in `out`. What came stays in out->text. */
void provider_stream_end(struct provider_stream *s, const struct http_reply *http,
                         int64_t now_ms);

/* For the dialects' stream(): */
/* `e` of provider_scan_text(); ERR_NOT_FOUND: this event has no text. */
void provider_stream_text(struct provider_stream *s, enum err e);
void provider_stream_refusal(struct provider_stream *s, const struct json_span *in,
                             const char *path);
/* The model is at work, though there is no text yet: a thought came. */
void provider_stream_thought(struct provider_stream *s);
/* This object holds the error that ended the stream. */
void provider_stream_error(struct provider_stream *s, const struct json_span *object);
/* The model and the id of the reply, from the first event that tells. */
void provider_stream_model(struct provider_stream *s, const struct json_span *in,
                           const char *path);
void provider_stream_id(struct provider_stream *s, const struct json_span *in,
                        const char *path);

#endif
