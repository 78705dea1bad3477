/* sim_stream.c: see sim_stream.h. */
#include "tests/llmsim/sim_stream.h"
#include "core/base/json_out.h"
#include "core/base/utf8.h"
#include <stdio.h>

#define PIECE_CHARACTERS 5

static void open_chunk(struct json_out *w, const struct sim_chat *c,
                       const struct sim_sample *s, struct buf *out)
{
    char id[48];
    snprintf(id, sizeof(id), "chatcmpl-sim-%llu", (unsigned long long)s->request);
    (void)buf_append_str(out, "data: ");
    json_out_init(w, out);
    json_out_open(w, '{');
    json_out_kstr(w, "id", id);
    json_out_kstr(w, "object", "chat.completion.chunk");
    json_out_kint(w, "created", s->created_s);
    json_out_kstr(w, "model", c->model);
    json_out_kstr(w, "system_fingerprint", "barker-llmsim");
    json_out_key(w, "choices");
    json_out_open(w, '[');
}

static void close_chunk(struct json_out *w, struct buf *out)
{
    json_out_close(w, '}');
    (void)buf_append_str(out, "\n\n");
}

/* text NULL: the last word, `finish`. */
static void put_choice(const struct sim_chat *c, const struct sim_sample *s,
                       const char *text, size_t n, const char *finish, struct buf *out)
{
    struct json_out w;
    open_chunk(&w, c, s, out);
    json_out_open(&w, '{');
    json_out_kint(&w, "index", 0);
    json_out_key(&w, "delta");
    json_out_open(&w, '{');
    if (text) {
        json_out_key(&w, "content");
        json_out_strn(&w, text, n);
    }
    json_out_close(&w, '}');
    json_out_key(&w, "finish_reason");
    text ? json_out_null(&w) : json_out_str(&w, finish);
    json_out_close(&w, '}');
    json_out_close(&w, ']');
    close_chunk(&w, out);
}

static void put_usage(const struct sim_chat *c, const struct sim_sample *s,
                      const struct sim_usage *usage, struct buf *out)
{
    struct json_out w;
    open_chunk(&w, c, s, out);
    json_out_close(&w, ']');
    json_out_key(&w, "usage");
    json_out_open(&w, '{');
    json_out_kint(&w, "prompt_tokens", usage->prompt_tokens);
    json_out_kint(&w, "completion_tokens", usage->completion_tokens);
    json_out_kint(&w, "total_tokens", usage->prompt_tokens + usage->completion_tokens);
    json_out_close(&w, '}');
    close_chunk(&w, out);
}

static size_t piece_bytes(const char *text, size_t n)
{
    size_t at = 0;
    for (int i = 0; i < PIECE_CHARACTERS && at < n; i++) {
        uint32_t c;
        size_t len = utf8_decode(text + at, n - at, &c);
        at += len > 0 ? len : 1;
    }
    return at;
}

void sim_stream_write(const struct sim_chat *c, const struct sim_sample *s,
                      const struct buf *content, bool cut,
                      const struct sim_usage *usage, struct buf *out)
{
    const char *text = buf_str(content);
    for (size_t at = 0, n; at < content->len; at += n) {
        n = piece_bytes(text + at, content->len - at);
        put_choice(c, s, text + at, n, NULL, out);
    }
    put_choice(c, s, NULL, 0, cut ? "length" : "stop", out);
    if (c->stream_usage) {
        put_usage(c, s, usage, out);
    }
    (void)buf_append_str(out, "data: [DONE]\n\n");
}
