/* batch_anthropic.c: message batches (LLM_WIRE §2). They tell nothing of ours again but
 * the ids of the lines, in the results: a batch whose creation was not answered cannot
 * be found, and is billed. results_url is not followed: the key goes to base_url only.
 */
#include "workers/llm/batch.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include <string.h>

static void put_head(const struct batch_dialect *d, struct buf *shard, bool first,
                     const char *id)
{
    (void)d;
    buf_printf(shard,
               "%s{\"custom_id\":\"%s\",\"params\":", first ? "{\"requests\":[" : ",",
               id);
}

static void put_tail(struct buf *shard)
{
    buf_append_char(shard, '}');
}

static void build_create(const struct batch_order *order, struct batch_request *out)
{
    const struct buf *lines = &order->shard->body;
    out->method = "POST";
    provider_header(&out->http, "Content-Type", "application/json");
    buf_append(&out->http.body, lines->data, lines->len);
    buf_append_str(&out->http.body, "]}");
}

static enum err build(const struct batch_dialect *d, const struct config_endpoint *e,
                      const struct batch_order *order, struct batch_request *out)
{
    struct buf *url = &out->http.url;
    (void)d;
    provider_url(&out->http, e, "/messages/batches");
    switch (order->step) {
    case BATCH_CREATE:
        build_create(order, out);
        return ERR_OK;
    case BATCH_POLL:
        buf_printf(url, "/%s", order->name);
        return ERR_OK;
    case BATCH_RESULTS:
        buf_printf(url, "/%s/results", order->name);
        return ERR_OK;
    case BATCH_CANCEL:
        out->method = "POST";
        buf_printf(url, "/%s/cancel", order->name);
        return ERR_OK;
    case BATCH_FIND: /* tells no mark: whether the server is there */
        buf_append_str(url, "?limit=1");
        return ERR_OK;
    default:
        return ERR_NOT_SUPPORTED;
    }
}

static void read_object(const struct json_span *object, struct batch_status *out)
{
    char word[32];
    struct json_span counts;
    batch_scan_name(object, "id", out->name);
    provider_scan_word(object, "processing_status", word, sizeof word);
    if (strcmp(word, "ended") == 0) {
        out->state = BATCH_ENDED;
        memcpy(out->output, out->name, sizeof out->output); /* under the same name */
    }
    if (json_scan_path(object->at, object->len, "request_counts", &counts))
        return;
    int64_t part[] = {provider_scan_count(&counts, "succeeded"),
                      provider_scan_count(&counts, "errored"),
                      provider_scan_count(&counts, "canceled"),
                      provider_scan_count(&counts, "expired"),
                      provider_scan_count(&counts, "processing")};
    out->completed = part[0];
    out->failed = out->total = 0;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        int64_t n = part[i] > 0 ? part[i] : 0;
        out->total += n;
        out->failed += i > 0 && i < 4 ? n : 0;
    }
}

/* An error comes without a status; its type tells, as inside a 200. */
static enum err read_result(const struct json_span *result, struct batch_line *out)
{
    struct json_member m[] = {{.name = "type"}, {.name = "message"}, {.name = "error"}};
    char type[32];
    if (json_scan_members(result, m, 3))
        return ERR_BAD_JSON;
    provider_scan_word(&m[0].value, "", type, sizeof type);
    out->status = 200;
    if (strcmp(type, "succeeded") == 0 && m[1].value.at) {
        out->fate = BATCH_ANSWERED;
        out->body = m[1].value;
    } else if (strcmp(type, "errored") == 0 && m[2].value.at) {
        out->fate = BATCH_FAILED;
        out->body = m[2].value;
    } else if (strcmp(type, "expired") == 0) {
        out->fate = BATCH_EXPIRED;
    } else if (strcmp(type, "canceled") == 0) {
        out->fate = BATCH_CANCELLED;
    } else {
        return ERR_BAD_JSON;
    }
    return ERR_OK;
}

/* {"custom_id", "result": {"type", "message" or "error"}} */
static enum err read_line(const struct json_span *line, struct batch_line *out)
{
    struct json_member m[] = {{.name = "custom_id"}, {.name = "result"}};
    if (json_scan_members(line, m, 2) || !m[0].value.at || !m[1].value.at)
        return ERR_BAD_JSON;
    provider_scan_word(&m[0].value, "", out->id, sizeof out->id);
    return read_result(&m[1].value, out);
}

const struct batch_dialect batch_anthropic = {
    .name = "anthropic",
    .lines_max = 100000,
    .bytes_max = (size_t)256 * 1000 * 1000,
    .path = "",
    .put_head = put_head,
    .put_tail = put_tail,
    .build = build,
    .read = read_object,
    .read_line = read_line,
};
