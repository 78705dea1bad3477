/* otlp_span.h: one LLM call as a span in OTLP's JSON. Pure. What stands in it names the
 * call and counts it; no prompt, no reply, no key, no words of a server. */
#ifndef BARKER_WORKERS_TELEMETRY_OTLP_SPAN_H
#define BARKER_WORKERS_TELEMETRY_OTLP_SPAN_H

#include "core/base/buf.h"
#include <stdint.h>

#define OTLP_TRACE_ID 33 /* 16 bytes in hex, and NUL */
#define OTLP_SPAN_ID 17

/* One attempt, begun and ended. All strings **borrowed**, none NULL. */
struct otlp_call {
    const char *campaign, *stage;
    int iteration, index, attempt;
    int64_t created_ms;       /* of the campaign */
    int64_t start_ns, end_ns; /* Unix time */
    const char *dialect, *endpoint, *base_url, *request_model, *output_type;
    bool stream, has_temperature;
    double temperature;
    int max_tokens; /* 0: none was asked for */
    enum err code;
    bool sent, hedged;
    int status; /* of HTTP; 0: none came */
    const char *reply_id, *request_id, *model, *finish;
    const char *usage; /* "provider", "estimated", or "" with no tokens to count */
    int64_t tokens_in, tokens_out, tokens_cached, usd_nano;
    int64_t first_token_us; /* of a streamed reply; 0: none came */
};

/* The same on every worker, whoever comes first: a trace is a campaign, a stage of one
 * iteration is the parent of its calls. */
void otlp_trace_id(const char *campaign, int64_t created_ms, char out[OTLP_TRACE_ID]);
void otlp_stage_id(const char *campaign, int64_t created_ms, const char *stage,
                   int iteration, char out[OTLP_SPAN_ID]);
/* Appends one JSON object; id: the span's own, not 0. The error is out's. */
enum err otlp_span_write(const struct otlp_call *c, uint64_t id,
                         struct buf *out) MUST_USE;
/* Host and port of an http(s) address, without user or brackets; false if it has none.
 */
bool otlp_split_url(const char *url, char *host, size_t size, int *port) MUST_USE;

#endif
