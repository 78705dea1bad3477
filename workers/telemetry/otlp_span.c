/* otlp_span.c: see otlp_span.h. 64-bit numbers are text in protobuf's JSON; ids are
 * hex, enums numbers by OTLP's own rules. */
#include "workers/telemetry/otlp_span.h"
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "workers/telemetry/semconv.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define KIND_CLIENT 3
#define STATUS_ERROR 2
#define HOST_MAX 256

/* The first digits of a hash of what is to have an id. */
static void derive(const struct buf *of, size_t size, char *out)
{
    char hex[HASH_SHA256_HEX];
    hash_sha256_hex(buf_str(of), of->len, hex);
    memcpy(out, hex, size - 1);
    out[size - 1] = '\0';
}

void otlp_trace_id(const char *campaign, int64_t created_ms, char out[OTLP_TRACE_ID])
{
    struct buf b;
    buf_init(&b, 4096);
    buf_printf(&b, "trace/%s/%" PRId64, campaign, created_ms);
    derive(&b, OTLP_TRACE_ID, out);
    buf_fini(&b);
}

void otlp_stage_id(const char *campaign, int64_t created_ms, const char *stage,
                   int iteration, char out[OTLP_SPAN_ID])
{
    struct buf b;
    buf_init(&b, 4096);
    buf_printf(&b, "stage/%s/%" PRId64 "/%s/%d", campaign, created_ms, stage,
               iteration);
    derive(&b, OTLP_SPAN_ID, out);
    buf_fini(&b);
}

static const char *skip_scheme(const char *url, int *port)
{
    if (strncasecmp(url, "http://", 7) == 0) {
        *port = 80;
        return url + 7;
    }
    *port = 443;
    return strncasecmp(url, "https://", 8) == 0 ? url + 8 : NULL;
}

bool otlp_split_url(const char *url, char *host, size_t size, int *port)
{
    const char *at = skip_scheme(url, port);
    if (!at)
        return false;
    const char *end = at + strcspn(at, "/?#");
    for (const char *p = at; p < end; p++) /* a user and password end at the last @ */
        if (*p == '@')
            at = p + 1;
    bool bracket = *at == '[';
    const char *stop = at + strcspn(at, bracket ? "]/?#" : ":/?#");
    at += bracket;
    size_t len = stop < at ? 0 : (size_t)(stop - at);
    if (len == 0 || len >= size || (bracket && *stop != ']'))
        return false;
    memcpy(host, at, len);
    host[len] = '\0';
    stop += bracket;
    if (*stop == ':' && stop + 1 < end)
        *port = (int)strtol(stop + 1, NULL, 10);
    return *port > 0 && *port <= 65535;
}

static void put_time(struct json_out *w, const char *key, int64_t ns)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRId64, ns);
    json_out_kstr(w, key, text);
}

static void open_value(struct json_out *w, const char *key)
{
    json_out_open(w, '{');
    json_out_kstr(w, "key", key);
    json_out_key(w, "value");
    json_out_open(w, '{');
}

static void close_value(struct json_out *w)
{
    json_out_close(w, '}');
    json_out_close(w, '}');
}

/* What is not known is left out. */
static void put_text(struct json_out *w, const char *key, const char *value)
{
    if (!*value)
        return;
    open_value(w, key);
    json_out_kstr(w, "stringValue", value);
    close_value(w);
}

static void put_int(struct json_out *w, const char *key, int64_t value)
{
    open_value(w, key);
    put_time(w, "intValue", value);
    close_value(w);
}

static void put_number(struct json_out *w, const char *key, double value)
{
    open_value(w, key);
    json_out_knum(w, "doubleValue", value);
    close_value(w);
}

static void put_bool(struct json_out *w, const char *key, bool value)
{
    open_value(w, key);
    json_out_kbool(w, "boolValue", value);
    close_value(w);
}

static void put_list_of_one(struct json_out *w, const char *key, const char *value)
{
    if (!*value)
        return;
    open_value(w, key);
    json_out_key(w, "arrayValue");
    json_out_open(w, '{');
    json_out_key(w, "values");
    json_out_open(w, '[');
    json_out_open(w, '{');
    json_out_kstr(w, "stringValue", value);
    json_out_close(w, '}');
    json_out_close(w, ']');
    json_out_close(w, '}');
    close_value(w);
}

static void put_server(struct json_out *w, const char *base_url)
{
    char host[HOST_MAX];
    int port;
    if (!otlp_split_url(base_url, host, sizeof host, &port))
        return;
    put_text(w, SEMCONV_SERVER_ADDRESS, host);
    put_int(w, SEMCONV_SERVER_PORT, port);
}

static void put_request(struct json_out *w, const struct otlp_call *c)
{
    put_text(w, SEMCONV_OPERATION, semconv_operation(c->dialect));
    put_text(w, SEMCONV_PROVIDER, semconv_provider(c->dialect));
    put_text(w, SEMCONV_REQUEST_MODEL, c->request_model);
    put_text(w, SEMCONV_OUTPUT_TYPE, c->output_type);
    if (c->max_tokens > 0)
        put_int(w, SEMCONV_REQUEST_MAX_TOKENS, c->max_tokens);
    if (c->has_temperature)
        put_number(w, SEMCONV_REQUEST_TEMPERATURE, c->temperature);
    if (c->stream)
        put_bool(w, SEMCONV_REQUEST_STREAM, true);
    put_server(w, c->base_url);
}

static void put_response(struct json_out *w, const struct otlp_call *c)
{
    put_text(w, SEMCONV_RESPONSE_ID, c->reply_id);
    put_text(w, SEMCONV_RESPONSE_MODEL, c->model);
    put_list_of_one(w, SEMCONV_FINISH_REASONS, c->finish);
    if (c->first_token_us > 0)
        put_number(w, SEMCONV_FIRST_CHUNK, (double)c->first_token_us / 1e6);
    if (*c->usage) {
        put_int(w, SEMCONV_TOKENS_IN, c->tokens_in);
        put_int(w, SEMCONV_TOKENS_OUT, c->tokens_out);
    }
    if (c->tokens_cached > 0)
        put_int(w, SEMCONV_TOKENS_CACHED, c->tokens_cached);
    if (c->status > 0)
        put_int(w, SEMCONV_HTTP_STATUS, c->status);
    if (c->code)
        put_text(w, SEMCONV_ERROR_TYPE, err_code(c->code));
}

static void put_place(struct json_out *w, const struct otlp_call *c)
{
    put_text(w, SEMCONV_CAMPAIGN, c->campaign);
    put_text(w, SEMCONV_STAGE, c->stage);
    put_int(w, SEMCONV_ITERATION, c->iteration);
    put_int(w, SEMCONV_INDEX, c->index);
    put_int(w, SEMCONV_ATTEMPT, c->attempt);
    put_text(w, SEMCONV_ENDPOINT, c->endpoint);
    put_text(w, SEMCONV_REQUEST_ID, c->request_id);
    put_bool(w, SEMCONV_SENT, c->sent);
    if (c->hedged)
        put_bool(w, SEMCONV_HEDGED, true);
    put_number(w, SEMCONV_COST_USD, (double)c->usd_nano / 1e9);
    put_text(w, SEMCONV_USAGE, c->usage);
}

static void put_ids(struct json_out *w, const struct otlp_call *c, uint64_t id)
{
    char trace[OTLP_TRACE_ID], span[OTLP_SPAN_ID], parent[OTLP_SPAN_ID];
    otlp_trace_id(c->campaign, c->created_ms, trace);
    otlp_stage_id(c->campaign, c->created_ms, c->stage, c->iteration, parent);
    (void)snprintf(span, sizeof span, "%016" PRIx64, id);
    json_out_kstr(w, "traceId", trace);
    json_out_kstr(w, "spanId", span);
    json_out_kstr(w, "parentSpanId", parent);
}

/* A meaning of ours, not the server's message: that may quote the prompt. */
static void put_status(struct json_out *w, enum err code)
{
    if (!code)
        return;
    json_out_key(w, "status");
    json_out_open(w, '{');
    json_out_kint(w, "code", STATUS_ERROR);
    json_out_kstr(w, "message", err_meaning(code));
    json_out_close(w, '}');
}

enum err otlp_span_write(const struct otlp_call *c, uint64_t id, struct buf *out)
{
    struct json_out w;
    char name[256];
    (void)snprintf(name, sizeof name, "%s %s", semconv_operation(c->dialect),
                   c->request_model);
    json_out_init(&w, out);
    json_out_open(&w, '{');
    put_ids(&w, c, id);
    json_out_kstr(&w, "name", name);
    json_out_kint(&w, "kind", KIND_CLIENT);
    put_time(&w, "startTimeUnixNano", c->start_ns);
    put_time(&w, "endTimeUnixNano", c->end_ns);
    json_out_key(&w, "attributes");
    json_out_open(&w, '[');
    put_request(&w, c);
    put_response(&w, c);
    put_place(&w, c);
    json_out_close(&w, ']');
    put_status(&w, c->code);
    json_out_close(&w, '}');
    return buf_status(out);
}
