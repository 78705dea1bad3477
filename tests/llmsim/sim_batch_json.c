/* sim_batch_json.c: files and batches as the routes of both dialects tell them. */
#include "core/base/json_out.h"
#include "tests/llmsim/sim_batch_store.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

#define WINDOW_MS INT64_C(86400000)

void sim_batch_put_file(const struct sim_file *f, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", f->id);
    json_out_kstr(&w, "object", "file");
    json_out_kint(&w, "bytes", (int64_t)f->data.len);
    json_out_kint(&w, "created_at", f->created_ms / 1000);
    json_out_kstr(&w, "filename", f->name);
    json_out_kstr(&w, "purpose", f->purpose);
    json_out_kstr(&w, "status", "processed");
    json_out_close(&w, '}');
}

static void put_or_null(struct json_out *w, const char *key, const char *text)
{
    json_out_key(w, key);
    *text ? json_out_str(w, text) : json_out_null(w);
}

static void put_at(struct json_out *w, const struct sim_batch *b,
                   enum sim_batch_state state, const char *key)
{
    json_out_key(w, key);
    int64_t ms = b->at_ms[state];
    ms ? json_out_int(w, ms / 1000) : json_out_null(w);
}

static void put_problems(struct json_out *w, const struct sim_batch *b)
{
    json_out_key(w, "errors");
    if (b->state != SIM_BATCH_FAILED) {
        json_out_null(w);
        return;
    }
    json_out_open(w, '{');
    json_out_kstr(w, "object", "list");
    json_out_key(w, "data");
    json_out_open(w, '[');
    json_out_raw(w, buf_str(&b->problems), b->problems.len);
    json_out_close(w, ']');
    json_out_close(w, '}');
}

static void put_counts(struct json_out *w, const struct sim_batch *b)
{
    json_out_key(w, "request_counts");
    json_out_open(w, '{');
    bool counted = b->state != SIM_BATCH_VALIDATING && b->state != SIM_BATCH_FAILED;
    json_out_kint(w, "total", counted ? (int64_t)b->lines : 0);
    json_out_kint(w, "completed", b->succeeded);
    json_out_kint(w, "failed", b->failed + b->expired);
    json_out_close(w, '}');
}

static void put_openai(struct json_out *w, const struct sim_batch *b)
{
    static const char *const states[SIM_BATCH_STATES] = {
        "validating", "in_progress", "finalizing", "completed",
        "failed",     "expired",     "cancelling", "cancelled",
    };
    json_out_open(w, '{');
    json_out_kstr(w, "id", b->id);
    json_out_kstr(w, "object", "batch");
    json_out_kstr(w, "endpoint", "/v1/chat/completions");
    put_problems(w, b);
    json_out_kstr(w, "input_file_id", b->input_id);
    json_out_kstr(w, "completion_window", "24h");
    json_out_kstr(w, "status", states[b->state]);
    put_or_null(w, "output_file_id", b->output_id);
    put_or_null(w, "error_file_id", b->errors_id);
    put_at(w, b, SIM_BATCH_VALIDATING, "created_at");
    put_at(w, b, SIM_BATCH_IN_PROGRESS, "in_progress_at");
    json_out_kint(w, "expires_at", (b->at_ms[SIM_BATCH_VALIDATING] + WINDOW_MS) / 1000);
    put_at(w, b, SIM_BATCH_FINALIZING, "finalizing_at");
    put_at(w, b, SIM_BATCH_COMPLETED, "completed_at");
    put_at(w, b, SIM_BATCH_FAILED, "failed_at");
    put_at(w, b, SIM_BATCH_EXPIRED, "expired_at");
    put_at(w, b, SIM_BATCH_CANCELLING, "cancelling_at");
    put_at(w, b, SIM_BATCH_CANCELLED, "cancelled_at");
    put_counts(w, b);
    json_out_key(w, "metadata");
    b->metadata.len ? json_out_raw(w, buf_str(&b->metadata), b->metadata.len)
                    : json_out_null(w);
    json_out_close(w, '}');
}

/* RFC 3339. */
static void put_date(struct json_out *w, const char *key, int64_t ms)
{
    char text[40];
    struct tm tm;
    time_t s = (time_t)(ms / 1000);
    json_out_key(w, key);
    if (ms == 0 || !gmtime_r(&s, &tm) ||
        !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm)) {
        json_out_null(w);
    } else {
        json_out_str(w, text);
    }
}

static void put_messages(struct json_out *w, const struct sim_batch *b,
                         const char *host)
{
    char url[512] = "";
    bool ended = sim_batch_ended(b);
    int64_t created = b->at_ms[SIM_BATCH_VALIDATING];
    int64_t told = b->succeeded + b->failed + b->expired + b->cancelled;
    if (ended) {
        snprintf(url, sizeof(url), "http://%s/v1/messages/batches/%s/results", host,
                 b->id);
    }
    json_out_open(w, '{');
    json_out_kstr(w, "id", b->id);
    json_out_kstr(w, "type", "message_batch");
    json_out_kstr(w, "processing_status",
                  ended                              ? "ended"
                  : b->state == SIM_BATCH_CANCELLING ? "canceling"
                                                     : "in_progress");
    json_out_key(w, "request_counts");
    json_out_open(w, '{');
    json_out_kint(w, "processing", ended ? 0 : (int64_t)b->lines - told);
    json_out_kint(w, "succeeded", ended ? b->succeeded : 0);
    json_out_kint(w, "errored", ended ? b->failed : 0);
    json_out_kint(w, "canceled", ended ? b->cancelled : 0);
    json_out_kint(w, "expired", ended ? b->expired : 0);
    json_out_close(w, '}');
    put_date(w, "created_at", created);
    put_date(w, "expires_at", created + WINDOW_MS);
    put_date(w, "ended_at", ended ? b->at_ms[b->state] : 0);
    put_date(w, "cancel_initiated_at", b->at_ms[SIM_BATCH_CANCELLING]);
    put_date(w, "archived_at", 0);
    put_or_null(w, "results_url", url);
    json_out_close(w, '}');
}

static void put_one(struct json_out *w, const struct sim_batch *b, const char *host)
{
    b->is_messages ? put_messages(w, b, host) : put_openai(w, b);
}

void sim_batch_put(const struct sim_batch *b, const char *host, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    put_one(&w, b, host);
}

void sim_batch_put_list(const struct sim_store *s, bool is_messages, const char *after,
                        int64_t limit, const char *host, struct buf *out)
{
    const char *first = "", *last = "";
    bool begun = !after || !*after, more = false;
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "object", "list");
    json_out_key(&w, "data");
    json_out_open(&w, '[');
    for (struct list *node = s->batches.prev; node != &s->batches; node = node->prev) {
        const struct sim_batch *b = list_item(node, struct sim_batch, node);
        if (b->is_messages != is_messages) {
            continue;
        }
        more = begun && limit == 0;
        if (more) {
            break;
        }
        if (begun) {
            put_one(&w, b, host);
            first = *first ? first : b->id;
            last = b->id;
            limit--;
        }
        begun = begun || strcmp(b->id, after) == 0;
    }
    json_out_close(&w, ']');
    put_or_null(&w, "first_id", first);
    put_or_null(&w, "last_id", last);
    json_out_kbool(&w, "has_more", more);
    json_out_close(&w, '}');
}
