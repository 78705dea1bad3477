/* batch.c: ids, shards, and what the steps of all dialects have in common. */
#include "workers/llm/batch.h"
#include "core/base/hash.h"
#include "workers/llm/provider_prompt.h"
#include "workers/llm/provider_scan.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_DIGITS 24
#define HEAD_MAX_BYTES 512 /* of what stands around the body of a line */

/* 96 bits: ids meet only those of their own batch. */
static void write_hash(char *out, const char *campaign, const char *stage)
{
    char text[256], hex[HASH_SHA256_HEX];
    int n = snprintf(text, sizeof text, "%s/%s", campaign, stage);
    check(n > 0 && (size_t)n < sizeof text);
    hash_sha256_hex(text, (size_t)n, hex);
    memcpy(out, hex, HASH_DIGITS);
    out[HASH_DIGITS] = '\0';
}

void batch_id_write(char out[BATCH_ID_SIZE], const char *campaign, const char *stage,
                    const struct batch_place *at)
{
    char hash[HASH_DIGITS + 1];
    write_hash(hash, campaign, stage);
    (void)snprintf(out, BATCH_ID_SIZE, "%s-%d-%d-%d", hash, at->iteration, at->index,
                   at->attempt);
}

/* "-<number>" at *text, which moves on; what is no number is 0. */
static int read_part(const char **text)
{
    char *end = NULL;
    long n = **text == '-' ? strtol(*text + 1, &end, 10) : 0;
    *text = end ? end : *text;
    return n >= 0 && n <= INT_MAX ? (int)n : 0;
}

/* Read, then written again: what is not the same is none of ours. */
bool batch_id_read(const char *id, const char *campaign, const char *stage,
                   struct batch_place *out)
{
    char again[BATCH_ID_SIZE];
    if (strlen(id) <= HASH_DIGITS)
        return false;
    const char *rest = id + HASH_DIGITS;
    out->iteration = read_part(&rest);
    out->index = read_part(&rest);
    out->attempt = read_part(&rest);
    batch_id_write(again, campaign, stage, out);
    return strcmp(id, again) == 0;
}

void batch_shard_init(struct batch_shard *s, const struct batch_dialect *d,
                      size_t max_bytes)
{
    check(max_bytes <= BATCH_SHARD_MAX_BYTES);
    *s = (struct batch_shard){.dialect = d, .max_bytes = max_bytes};
    if (s->max_bytes > d->bytes_max)
        s->max_bytes = d->bytes_max;
    buf_init(&s->body, s->max_bytes);
}

void batch_shard_fini(struct batch_shard *s)
{
    buf_fini(&s->body);
}

/* A raw line break stands between tokens only, in a schema of several lines for one; a
 * line of a shard has none, which also keeps multipart boundaries apart. */
static void join_lines(char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (text[i] == '\n' || text[i] == '\r')
            text[i] = ' ';
}

static bool is_id(const char *id)
{
    static const char set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(id);
    return n > 0 && n < BATCH_ID_SIZE && strspn(id, set) == n;
}

enum err batch_shard_add(struct batch_shard *s, const char *id,
                         const struct provider_request *q)
{
    if (q->stream || !is_id(id) || q->body.len == 0)
        return ERR_BAD_VALUE;
    size_t more = q->body.len + HEAD_MAX_BYTES;
    if (more > s->max_bytes)
        return ERR_LIMIT;
    if (s->lines == s->dialect->lines_max || s->body.len + more > s->max_bytes)
        return ERR_BUSY;
    size_t before = s->body.len;
    s->dialect->put_head(s->dialect, &s->body, s->lines == 0, id);
    size_t at = s->body.len;
    buf_append(&s->body, q->body.data, q->body.len);
    s->dialect->put_tail(&s->body);
    enum err e = buf_status(&s->body);
    if (e) { /* no memory: what was there is whole */
        s->body.failed = ERR_OK;
        s->body.len = before;
        return e;
    }
    join_lines(s->body.data + at, q->body.len);
    if (s->lines++ == 0)
        memcpy(s->mark, id, strlen(id) + 1);
    return ERR_OK;
}

void batch_request_init(struct batch_request *q)
{
    q->method = "GET";
    provider_request_init(&q->http);
}

void batch_request_fini(struct batch_request *q)
{
    provider_request_fini(&q->http);
}

bool batch_is_name(const char *name)
{
    static const char set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(name);
    return n > 0 && n < BATCH_NAME_SIZE && strspn(name, set) == n;
}

void batch_scan_name(const struct json_span *in, const char *path,
                     char out[BATCH_NAME_SIZE])
{
    provider_scan_word(in, path, out, BATCH_NAME_SIZE);
    if (!batch_is_name(out))
        out[0] = '\0';
}

enum err batch_build(const struct provider *p, const struct config_endpoint *e,
                     const char *key, const struct batch_order *order,
                     struct batch_request *out)
{
    const struct batch_dialect *d = p->batch;
    bool may_lack = order->step == BATCH_UPLOAD || order->step == BATCH_FIND ||
                    (order->step == BATCH_CREATE && !d->has_files);
    if ((*order->name || !may_lack) && !batch_is_name(order->name))
        return ERR_BAD_VALUE;
    if (p->authorize)
        p->authorize(&out->http, key);
    provider_header(&out->http, "Accept", "application/json");
    provider_header(&out->http, "X-Client-Request-Id", order->mark);
    enum err failed = d->build(d, e, order, out);
    return failed ? failed : provider_request_status(&out->http);
}

static void fail(struct batch_status *out, const struct provider_reply *r)
{
    out->code = r->code;
    out->retryable = r->retryable;
    out->retry_after_ms = r->retry_after_ms;
    memcpy(out->message, r->message, sizeof out->message);
}

/* Only what is whole is believed: of half a reply it would look as if there were no
 * results, or no such batch, and all would be paid for again. */
static void judge(const struct http_reply *http, int64_t now_ms,
                  struct provider_reply *out)
{
    struct json_span body = {http->body, http->body_len};
    struct json_member m[] = {{.name = "id"}, {.name = "data"}};
    if (http->err) {
        provider_read_failure(http, out);
        return;
    }
    enum err e = json_scan_members(&body, m, 2);
    bool good = http->status >= 200 && http->status < 300;
    if (good && e && (m[0].value.at || m[1].value.at))
        provider_fail_cut(out);
    else if (!good || !(m[0].value.at || m[1].value.at))
        provider_read_error(http, now_ms, out);
}

/* No reply, an error one, or one inside a 200. */
static bool read_failure(const struct http_reply *http, int64_t now_ms,
                         struct batch_status *out)
{
    struct provider_reply r;
    provider_reply_init(&r);
    judge(http, now_ms, &r);
    if (r.code)
        fail(out, &r);
    provider_reply_fini(&r);
    return out->code != ERR_OK;
}

/* On one page. The newest of a mark is the one that counts. */
static void find(const struct batch_dialect *d, const struct json_span *body,
                 const char *mark, struct batch_status *out)
{
    struct json_span item, more;
    char last[BATCH_NAME_SIZE] = "";
    struct batch_status one = *out;
    for (int i = 0; provider_scan_item(body, "data", i, &item); i++) {
        one = *out;
        d->read(&item, &one);
        if (*one.name && *mark && strcmp(one.mark, mark) == 0) {
            *out = one;
            return;
        }
        memcpy(last, one.name, sizeof last);
    }
    bool has_more = !json_scan_path(body->at, body->len, "has_more", &more) &&
                    more.len == 4 && memcmp(more.at, "true", 4) == 0;
    out->code = ERR_NOT_FOUND;
    if (has_more)
        memcpy(out->name, last, sizeof out->name);
}

void batch_read(const struct provider *p, const char *key,
                const struct batch_order *order, const struct http_reply *http,
                int64_t now_ms, struct batch_status *out)
{
    struct json_span body = {http->body, http->body_len};
    *out = (struct batch_status){
        .retry_after_ms = -1, .total = -1, .completed = -1, .failed = -1};
    if (read_failure(http, now_ms, out)) {
        provider_hide_key(out->message, key);
        return;
    }
    if (order->step == BATCH_FIND) {
        find(p->batch, &body, order->mark, out);
        return;
    }
    p->batch->read(&body, out);
    provider_hide_key(out->message, key);
    if (!*out->name) {
        out->code = ERR_SERVER;
        out->retryable = true;
        (void)snprintf(out->message, sizeof out->message,
                       "the reply names no batch or file");
    }
}
