/* llm_cache.c: see llm_cache.h. A value is 16 hex digits of a hash over the rest, a
 * blank, and {"text","finish","model"}. */
#include "workers/llm/llm_cache.h"
#include "core/base/json_out.h"
#include "core/io/reply.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define KEY_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define HEAD_BYTES 17
#define FORM "1" /* of the key; another one finds nothing of this one */

/* With its length in front, so that no two lists of parts read the same. */
static void add(struct buf *b, const char *part, size_t n)
{
    buf_printf(b, "%zu:", n);
    buf_append(b, part, n);
}

static void add_text(struct buf *b, const char *part)
{
    add(b, part, strlen(part));
}

void llm_cache_name(struct llm_cache_key *out, const struct config_endpoint *e,
                    const char *model, const struct provider_request *q,
                    const struct port_call *call)
{
    struct buf b;
    *out = (struct llm_cache_key){.tenant = ""};
    if (!call->tenant || !*call->tenant || strlen(call->tenant) >= sizeof out->tenant)
        return;
    buf_init(&b, KEY_MAX_BYTES);
    add_text(&b, FORM);
    add_text(&b, call->tenant);
    add_text(&b, e->dialect);
    add_text(&b, e->base_url);
    add_text(&b, model);
    add(&b, buf_str(&q->body), q->body.len);
    buf_printf(&b, "%" PRIu64 "/%d/%d", call->ask->seed, call->iteration, call->index);
    add_text(&b, call->stage);
    if (buf_status(&b) == ERR_OK) {
        memcpy(out->tenant, call->tenant, strlen(call->tenant) + 1);
        hash_sha256_hex(buf_str(&b), b.len, out->hash);
    }
    buf_fini(&b);
}

enum err llm_cache_find(const struct llm_cache *c, const struct llm_cache_key *key,
                        queue_fn fn, void *arg, uint64_t ticket)
{
    if (!c->queue || !*key->hash)
        return ERR_NOT_FOUND;
    return reply_cache_get(c->queue, key->tenant, key->hash, fn, arg, ticket);
}

static void put_sum(char out[HEAD_BYTES + 1], const char *json, size_t n)
{
    (void)snprintf(out, HEAD_BYTES + 1, "%016" PRIx64 " ", hash_fast(json, n, 0));
}

static bool read_json(const char *json, size_t n, struct provider_reply *out)
{
    struct json *j = NULL;
    struct err_detail d;
    if (json_parse(json, n, &json_limits_reply, &j, &d))
        return false;
    const char *text = json_str(json_get(j, "text"), "");
    buf_clear(&out->text);
    bool ok = *text && buf_append_str(&out->text, text) == ERR_OK;
    (void)snprintf(out->finish, sizeof out->finish, "%s",
                   json_str(json_get(j, "finish"), ""));
    (void)snprintf(out->model, sizeof out->model, "%s",
                   json_str(json_get(j, "model"), ""));
    json_free(j);
    return ok && *out->finish;
}

bool llm_cache_read(const struct reply *r, struct provider_reply *out)
{
    size_t n = 0;
    char head[HEAD_BYTES + 1];
    const char *value = reply_type(r) == REPLY_STR ? reply_str(r, &n) : "";
    if (n <= HEAD_BYTES)
        return false;
    put_sum(head, value + HEAD_BYTES, n - HEAD_BYTES);
    return memcmp(head, value, HEAD_BYTES) == 0 &&
           read_json(value + HEAD_BYTES, n - HEAD_BYTES, out);
}

static bool is_whole(const struct provider_reply *r)
{
    return !r->code && r->text.len > 0 &&
           (strcmp(r->finish, "stop") == 0 || strcmp(r->finish, "tool_calls") == 0);
}

void llm_cache_keep(const struct llm_cache *c, const struct llm_cache_key *key,
                    const struct provider_reply *r)
{
    struct buf value;
    struct json_out w;
    char head[HEAD_BYTES + 1];
    if (!c->queue || !*key->hash || !is_whole(r))
        return;
    buf_init(&value, REPLY_CACHE_MAX_BYTES);
    memset(head, ' ', HEAD_BYTES);
    buf_append(&value, head, HEAD_BYTES);
    json_out_init(&w, &value);
    json_out_open(&w, '{');
    json_out_key(&w, "text");
    json_out_strn(&w, buf_str(&r->text), r->text.len);
    json_out_kstr(&w, "finish", r->finish);
    json_out_kstr(&w, "model", r->model);
    json_out_close(&w, '}');
    enum err e = buf_status(&value); /* ERR_LIMIT: too large to be kept */
    if (!e) {
        put_sum(head, value.data + HEAD_BYTES, value.len - HEAD_BYTES);
        memcpy(value.data, head, HEAD_BYTES);
        e = reply_cache_put(c->queue, key->tenant, key->hash, value.data, value.len,
                            c->ttl_s);
    }
    (void)e; /* it is not kept, and asked for again */
    buf_fini(&value);
}
