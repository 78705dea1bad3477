/* batch_openai.c: files and batches as OpenAI has them (LLM_WIRE §1.5), for its chat,
 * responses and legacy completions. */
#include "workers/llm/batch.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include <string.h>

/* No line of a shard has a CR, so none can hold a boundary. */
#define BOUNDARY "barker-batch-lines"
#define LIST_LIMIT "100"

static void put_head(const struct batch_dialect *d, struct buf *shard, bool first,
                     const char *id)
{
    (void)first;
    buf_printf(shard,
               "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"%s\",\"body\":", id,
               d->path);
}

static void put_tail(struct buf *shard)
{
    buf_append_str(shard, "}\n");
}

static void build_upload(const struct batch_order *order, struct batch_request *out)
{
    struct buf *body = &out->http.body;
    const struct buf *lines = &order->shard->body;
    provider_header(&out->http, "Content-Type",
                    "multipart/form-data; boundary=" BOUNDARY);
    buf_append_str(body, "--" BOUNDARY "\r\n"
                         "Content-Disposition: form-data; name=\"purpose\"\r\n\r\n"
                         "batch\r\n--" BOUNDARY "\r\n"
                         "Content-Disposition: form-data; name=\"file\"; ");
    buf_printf(body, "filename=\"%s.jsonl\"\r\n", order->mark);
    buf_append_str(body, "Content-Type: application/jsonl\r\n\r\n");
    buf_append(body, lines->data, lines->len);
    buf_append_str(body, "\r\n--" BOUNDARY "--\r\n");
}

static void build_create(const struct batch_dialect *d, const struct batch_order *order,
                         struct batch_request *out)
{
    struct json_out w;
    provider_header(&out->http, "Content-Type", "application/json");
    json_out_init(&w, &out->http.body);
    json_out_open(&w, '{');
    json_out_kstr(&w, "input_file_id", order->name);
    json_out_kstr(&w, "endpoint", d->path);
    json_out_kstr(&w, "completion_window", "24h");
    json_out_key(&w, "metadata");
    json_out_open(&w, '{');
    json_out_kstr(&w, "barker", order->mark);
    json_out_close(&w, '}');
    json_out_close(&w, '}');
}

static enum err build(const struct batch_dialect *d, const struct config_endpoint *e,
                      const struct batch_order *order, struct batch_request *out)
{
    struct buf *url = &out->http.url;
    bool files = order->step == BATCH_UPLOAD || order->step == BATCH_RESULTS ||
                 order->step == BATCH_DROP;
    provider_url(&out->http, e, files ? "/files" : "/batches");
    switch (order->step) {
    case BATCH_UPLOAD:
        out->method = "POST";
        build_upload(order, out);
        break;
    case BATCH_CREATE:
        out->method = "POST";
        build_create(d, order, out);
        break;
    case BATCH_POLL:
        buf_printf(url, "/%s", order->name);
        break;
    case BATCH_RESULTS:
        buf_printf(url, "/%s/content", order->name);
        break;
    case BATCH_CANCEL:
        out->method = "POST";
        buf_printf(url, "/%s/cancel", order->name);
        break;
    case BATCH_FIND:
        buf_append_str(url, "?limit=" LIST_LIMIT);
        if (*order->name)
            buf_printf(url, "&after=%s", order->name);
        break;
    case BATCH_DROP:
        out->method = "DELETE";
        buf_printf(url, "/%s", order->name);
        break;
    }
    return ERR_OK;
}

/* A word we do not know is of a batch that goes on; the caller's patience ends it. */
static enum batch_state read_state(const struct json_span *object)
{
    static const struct {
        const char *word;
        enum batch_state state;
    } words[] = {
        {"completed", BATCH_ENDED},
        {"expired", BATCH_ENDED},
        {"cancelled", BATCH_ENDED},
        {"failed", BATCH_REFUSED},
    };
    char word[32];
    provider_scan_word(object, "status", word, sizeof word);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].state;
    return BATCH_WORKING;
}

static void read_object(const struct json_span *object, struct batch_status *out)
{
    char code[64];
    batch_scan_name(object, "id", out->name);
    batch_scan_name(object, "output_file_id", out->output);
    batch_scan_name(object, "error_file_id", out->failures);
    provider_scan_word(object, "metadata.barker", out->mark, sizeof out->mark);
    out->total = provider_scan_count(object, "request_counts.total");
    out->completed = provider_scan_count(object, "request_counts.completed");
    out->failed = provider_scan_count(object, "request_counts.failed");
    out->state = read_state(object);
    if (out->state != BATCH_REFUSED)
        return;
    provider_scan_word(object, "errors.data.0.code", code, sizeof code);
    provider_scan_word(object, "errors.data.0.message", out->message,
                       sizeof out->message);
    /* too many tokens wait in other batches: later there may be room */
    out->retryable = strcmp(code, "token_limit_exceeded") == 0;
}

static enum batch_fate read_fate(const struct json_span *error)
{
    char code[64];
    provider_scan_word(error, "code", code, sizeof code);
    if (strcmp(code, "batch_expired") == 0)
        return BATCH_EXPIRED;
    return strcmp(code, "batch_cancelled") == 0 ? BATCH_CANCELLED : BATCH_FAILED;
}

/* {"custom_id", "response": {"status_code", "body"} or null, "error": null or {…}} */
static enum err read_line(const struct json_span *line, struct batch_line *out)
{
    struct json_member m[] = {
        {.name = "custom_id"}, {.name = "response"}, {.name = "error"}};
    struct json_member of_response[] = {{.name = "status_code"}, {.name = "body"}};
    int64_t status = 0;
    enum err e = json_scan_members(line, m, 3);
    if (e || !m[0].value.at)
        return ERR_BAD_JSON;
    provider_scan_word(&m[0].value, "", out->id, sizeof out->id);
    const struct json_span *response = &m[1].value, *error = &m[2].value;
    if (response->at && !json_scan_members(response, of_response, 2) &&
        of_response[0].value.at && of_response[1].value.at &&
        !json_scan_int(&of_response[0].value, &status) && status >= 100 &&
        status < 600) {
        out->fate = BATCH_ANSWERED;
        out->status = (int)status;
        out->body = of_response[1].value;
        return ERR_OK;
    }
    if (!error->at || *error->at != '{')
        return ERR_BAD_JSON;
    out->fate = read_fate(error);
    out->status = 500; /* theirs, unless its code says otherwise */
    out->body = *error;
    return ERR_OK;
}

#define DIALECT(suffix, url)                                                           \
    const struct batch_dialect batch_openai_##suffix = {                               \
        .name = "openai_" #suffix,                                                     \
        .lines_max = 50000,                                                            \
        .bytes_max = (size_t)200 * 1000 * 1000,                                        \
        .has_files = true,                                                             \
        .has_marks = true,                                                             \
        .path = (url),                                                                 \
        .put_head = put_head,                                                          \
        .put_tail = put_tail,                                                          \
        .build = build,                                                                \
        .read = read_object,                                                           \
        .read_line = read_line,                                                        \
    }
DIALECT(chat, "/v1/chat/completions");
DIALECT(responses, "/v1/responses");
DIALECT(completions, "/v1/completions");
