/* otlp.c: see otlp.h. The first spans of the queue are the batch under way; they leave
 * it when the collector has answered, or has been given up. */
#include "workers/telemetry/otlp.h"
#include "core/base/backoff.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "core/base/log.h"
#include "workers/llm/provider.h"
#include "workers/telemetry/otlp_queue.h"
#include "workers/telemetry/otlp_target.h"
#include "workers/telemetry/semconv.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define SPAN_MAX_BYTES ((size_t)16 * 1024)
#define BATCH_SPANS 512
#define BATCH_BYTES ((size_t)1024 * 1024)
#define BATCH_WAIT_MS 5000
#define TRIES_MAX 12 /* of one batch: some three minutes */
#define RETRY_BASE_MS 500
#define RETRY_CAP_MS 30000
#define RETRY_HINT_MAX_MS 300000
#define REPLY_MAX_BYTES ((size_t)64 * 1024)
#define TELL_EVERY_MS 60000

struct otlp {
    struct loop *loop;
    struct http *http; /* **owns** */
    struct otlp_target target;
    struct otlp_queue queue;
    struct loop_timer *timer; /* the next batch, or the next try */
    struct loop_timer *end;   /* of draining */
    struct buf body, span, head;
    struct rng rng;
    struct backoff backoff;
    struct otlp_counts counts;
    uint64_t http_id;
    int batch; /* spans under way; 0: no request is */
    int tries;
    bool retrying; /* the timer runs for the next try */
    bool draining, closing;
    loop_fn on_drained;
    void *drained_arg;
    int64_t untold, told_ms; /* drops; when the log heard of them last */
};

static void send_batch(struct otlp *o);

/* Of the collector's words nothing is told: it may quote the headers. */
static void tell(struct otlp *o, const char *why, int status, bool now)
{
    int64_t at = clock_mono_ms();
    if (!now && o->told_ms && at - o->told_ms < TELL_EVERY_MS)
        return;
    char code[16], dropped[24], total[24];
    (void)snprintf(code, sizeof code, "%d", status);
    (void)snprintf(dropped, sizeof dropped, "%" PRId64, o->untold);
    (void)snprintf(total, sizeof total, "%" PRId64, o->counts.dropped);
    log_event(LOG_WARN, "otlp.failed", "reason", why, "status", code, "spans_dropped",
              dropped, "dropped_total", total, NULL);
    o->told_ms = at;
    o->untold = 0;
}

static void lose(struct otlp *o, int64_t spans, const char *why, int status)
{
    o->counts.dropped += spans;
    o->untold += spans;
    tell(o, why, status, false);
}

/* What every body begins with: who sends. */
static enum err write_head(struct buf *out, const char *instance)
{
    const char *const pairs[][2] = {{SEMCONV_SERVICE_NAME, "barker"},
                                    {SEMCONV_SERVICE_VERSION, BARKER_VERSION},
                                    {SEMCONV_SERVICE_INSTANCE, instance}};
    struct json_out w;
    buf_append_str(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":");
    json_out_init(&w, out);
    json_out_open(&w, '[');
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        json_out_open(&w, '{');
        json_out_kstr(&w, "key", pairs[i][0]);
        json_out_key(&w, "value");
        json_out_open(&w, '{');
        json_out_kstr(&w, "stringValue", pairs[i][1]);
        json_out_close(&w, '}');
        json_out_close(&w, '}');
    }
    json_out_close(&w, ']');
    buf_append_str(out, "},\"scopeSpans\":[{\"scope\":{\"name\":\"barker\",\"version\":"
                        "\"" BARKER_VERSION "\"},\"spans\":[");
    return buf_status(out);
}

static void drop_all(struct otlp *o, const char *why, int status)
{
    o->counts.dropped += o->queue.count;
    o->untold += o->queue.count;
    otlp_queue_drop(&o->queue, o->queue.count);
    if (o->untold)
        tell(o, why, status, true); /* there is no later */
}

static void on_drain_over(void *arg)
{
    struct otlp *o = arg;
    loop_fn fn = o->on_drained;
    loop_timer_stop(o->end);
    loop_timer_stop(o->timer);
    drop_all(o, "drained", 0);
    o->on_drained = NULL;
    o->batch = 0; /* what is under way ends unseen */
    if (fn)
        fn(o->drained_arg);
}

/* What comes after a batch. */
static void go_on(struct otlp *o)
{
    if (o->draining && o->queue.count == 0)
        on_drain_over(o);
    else if (o->queue.count >= BATCH_SPANS || o->draining)
        send_batch(o);
    else if (o->queue.count > 0)
        loop_timer_start(o->timer, BATCH_WAIT_MS, 0);
}

static void end_batch(struct otlp *o)
{
    otlp_queue_drop(&o->queue, o->batch);
    o->batch = o->tries = 0;
    backoff_reset(&o->backoff);
    buf_clear(&o->body);
    go_on(o);
}

/* partialSuccess.rejectedSpans: a number, or text as 64-bit numbers are. */
static int64_t count_rejected(const struct http_reply *r)
{
    struct json *j = NULL;
    struct err_detail d;
    if (json_parse(r->body, r->body_len, &json_limits_reply, &j, &d))
        return 0; /* taken, whatever it says */
    const struct json *n = json_get(json_get(j, "partialSuccess"), "rejectedSpans");
    int64_t count = strtoll(json_str(n, "0"), NULL, 10);
    if (count == 0)
        count = json_int(n, 0);
    json_free(j);
    return count;
}

static void take_success(struct otlp *o, const struct http_reply *r)
{
    int64_t rejected = count_rejected(r);
    rejected = rejected < 0 ? 0 : rejected > o->batch ? o->batch : rejected;
    o->counts.exported += o->batch - rejected;
    if (rejected)
        lose(o, rejected, "rejected", r->status);
    end_batch(o);
}

/* As OTLP has it; a connection that fails is worth a retry, too. */
static bool is_transient(const struct http_reply *r)
{
    if (r->err)
        return r->err != ERR_CANCELLED;
    return r->status == 429 || r->status == 502 || r->status == 503 || r->status == 504;
}

static void retry_later(struct otlp *o, const struct http_reply *r)
{
    int64_t hint_ms = r->err ? -1 : provider_retry_after_ms(r, clock_wall_ms());
    if (hint_ms > RETRY_HINT_MAX_MS)
        hint_ms = RETRY_HINT_MAX_MS;
    tell(o, r->err ? err_code(r->err) : "busy", r->status, false);
    o->batch = 0; /* they stay first in the queue */
    o->retrying = true;
    loop_timer_start(o->timer, backoff_next_ms(&o->backoff, &o->rng, hint_ms), 0);
}

static void on_reply(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct otlp *o = arg;
    (void)ticket;
    if (o->closing || o->batch == 0)
        return;
    if (!r->err && r->status >= 200 && r->status < 300) {
        take_success(o, r);
        return;
    }
    if (is_transient(r) && ++o->tries < TRIES_MAX && !o->draining) {
        retry_later(o, r);
        return;
    }
    const char *why = r->err ? err_code(r->err) : "refused";
    if (o->draining && is_transient(r)) {
        drop_all(o, why, r->status); /* the next one would fare no better */
        on_drain_over(o);
    } else {
        lose(o, o->batch, why, r->status);
        end_batch(o);
    }
}

static enum err write_body(struct otlp *o)
{
    buf_clear(&o->body);
    buf_append(&o->body, o->head.data, o->head.len);
    o->batch = otlp_queue_peek(&o->queue, BATCH_SPANS, BATCH_BYTES, &o->body);
    buf_append_str(&o->body, "]}]}]}");
    return buf_status(&o->body);
}

static void send_batch(struct otlp *o)
{
    if (o->batch || o->closing || o->queue.count == 0)
        return;
    loop_timer_stop(o->timer);
    o->retrying = false;
    enum err e = write_body(o);
    struct http_request q = {.method = "POST",
                             .url = o->target.url,
                             .headers = o->target.headers,
                             .header_count = o->target.header_count,
                             .body = buf_str(&o->body),
                             .body_len = o->body.len,
                             .deadline_ms = o->target.timeout_ms,
                             .max_reply_bytes = REPLY_MAX_BYTES};
    if (!e)
        e = http_send(o->http, &q, on_reply, o, 0, &o->http_id);
    if (!e)
        return;
    o->batch = 0; /* no memory just now */
    o->retrying = true;
    loop_timer_start(o->timer, BATCH_WAIT_MS, 0);
}

static void on_timer(void *arg)
{
    send_batch(arg);
}

void otlp_add(struct otlp *o, const struct otlp_call *c)
{
    uint64_t id = rng_next(&o->rng);
    buf_clear(&o->span);
    enum err e =
        o->draining ? ERR_CANCELLED : otlp_span_write(c, id ? id : 1, &o->span);
    if (e || !otlp_queue_push(&o->queue, buf_str(&o->span), o->span.len)) {
        lose(o, 1, e ? err_code(e) : "full", 0);
        return;
    }
    if (o->batch || o->retrying)
        return;
    if (o->queue.count == BATCH_SPANS)
        loop_timer_start(o->timer, 0, 0);
    else if (o->queue.count == 1)
        loop_timer_start(o->timer, BATCH_WAIT_MS, 0);
}

void otlp_drain(struct otlp *o, int64_t timeout_ms, loop_fn fn, void *arg)
{
    if (o->draining)
        return;
    o->draining = true;
    o->on_drained = fn;
    o->drained_arg = arg;
    loop_timer_start(o->end, o->queue.count ? timeout_ms : 0, 0);
    send_batch(o);
}

struct otlp_counts otlp_count(const struct otlp *o)
{
    struct otlp_counts counts = o->counts;
    counts.waiting = o->queue.count;
    return counts;
}

static enum err make_parts(struct otlp *o, const struct config *c, const char *instance)
{
    struct http_options http = {
        .multis = 1, .max_connections = 1, .ca_file = config_str(c, "otlp", "ca_file")};
    enum err e = write_head(&o->head, instance);
    if (!e)
        e = http_new(o->loop, &http, &o->http);
    if (!e)
        e = loop_timer_new(o->loop, on_timer, o, &o->timer);
    return e ? e : loop_timer_new(o->loop, on_drain_over, o, &o->end);
}

enum err otlp_new(struct loop *l, const struct config *c, const char *instance,
                  struct otlp **out, struct err_detail *d)
{
    *out = NULL;
    struct otlp *o = calloc(1, sizeof *o);
    if (!o)
        return ERR_NOMEM;
    enum err e = otlp_target_init(&o->target, c, d);
    if (e || !*o->target.url) {
        free(o);
        return e;
    }
    o->loop = l;
    otlp_queue_init(&o->queue, QUEUE_MAX_BYTES);
    buf_init(&o->body, BATCH_BYTES + 2 * SPAN_MAX_BYTES);
    buf_init(&o->span, SPAN_MAX_BYTES);
    buf_init(&o->head, SPAN_MAX_BYTES);
    rng_seed(&o->rng, rng_entropy());
    backoff_init(&o->backoff, RETRY_BASE_MS, RETRY_CAP_MS);
    e = make_parts(o, c, instance);
    if (e)
        otlp_free(o);
    else
        *out = o;
    return e;
}

void otlp_free(struct otlp *o)
{
    if (!o)
        return;
    o->closing = true;
    if (o->http)
        http_free(o->http);
    drop_all(o, "closed", 0);
    if (o->timer)
        loop_timer_free(o->timer);
    if (o->end)
        loop_timer_free(o->end);
    otlp_queue_fini(&o->queue);
    otlp_target_fini(&o->target);
    buf_fini(&o->body);
    buf_fini(&o->span);
    buf_fini(&o->head);
    free(o);
}
