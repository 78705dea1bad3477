/* sim_batch_line.c: the lines of a batch: what they ask, what came of it. */
#include "core/base/hash.h"
#include "core/base/json_out.h"
#include "core/base/rng.h"
#include "tests/llmsim/sim_batch.h"
#include "tests/llmsim/sim_chat.h"
#include "tests/llmsim/sim_messages.h"
#include <stdio.h>
#include <string.h>

#define ARENA_MAX_BYTES (16u << 20)
#define ANSWER_MAX_BYTES (8u << 20)
#define ID_MAX_BYTES 64
#define ENDPOINT "/v1/chat/completions"
#define SALT_LINE UINT64_C(0x6c696e65)

static struct json *parse_line(const struct sim_batch *b, uint32_t line)
{
    struct json *root = NULL;
    struct err_detail d = {0};
    size_t n = 0;
    const char *at = sim_batch_line(b, line, &n);
    return json_parse(at, n, &json_limits_reply, &root, &d) == ERR_OK ? root : NULL;
}

/* Anthropic takes [a-zA-Z0-9_-]{1,64} only; so does this for both. */
static bool is_id(const char *id)
{
    static const char set[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t n = strlen(id);
    return n > 0 && n <= ID_MAX_BYTES && strspn(id, set) == n;
}

enum err sim_batch_check_line(const struct sim_batch *b, uint32_t line,
                              uint64_t *id_hash, struct err_detail *d)
{
    struct json *root = parse_line(b, line);
    const char *id = json_str(json_get(root, "custom_id"), "");
    enum err e = ERR_OK;
    *id_hash = hash_fast_str(id, line);
    if (json_type(root) != JSON_OBJECT) {
        e = err_set(d, ERR_BAD_REQUEST, "invalid_json_line", "This line is not JSON.");
    } else if (!is_id(id)) {
        e = err_set(d, ERR_BAD_REQUEST, "missing_required_parameter",
                    "custom_id should match ^[a-zA-Z0-9_-]{1,64}$");
    } else if (json_type(json_get(root, b->is_messages ? "params" : "body")) !=
               JSON_OBJECT) {
        e = err_set(d, ERR_BAD_REQUEST, "missing_required_parameter",
                    "The line has no body or params.");
    } else if (!b->is_messages &&
               strcmp(json_str(json_get(root, "method"), ""), "POST") != 0) {
        e = err_set(d, ERR_BAD_REQUEST, "invalid_method", "Only POST.");
    } else if (!b->is_messages &&
               strcmp(json_str(json_get(root, "url"), ""), ENDPOINT) != 0) {
        e = err_set(d, ERR_BAD_REQUEST, "mismatched_endpoint",
                    "The url is not the endpoint of the batch.");
    } else {
        *id_hash = hash_fast_str(id, 0);
    }
    json_free(root);
    return e;
}

/* A line that did not fit is never heard of. */
static void end_line(const struct sim_batch *b, struct buf *out, size_t before)
{
    for (int64_t i = 0; i < b->pad; i++)
        buf_append_char(out, ' ');
    if (out->failed || buf_append_char(out, '\n') != ERR_OK) {
        out->failed = ERR_OK;
        out->len = before;
    }
}

/* body: of the answer; NULL: there is none, and why is told. */
static void put_file_line(struct sim_batch *b, uint64_t n, const char *id, int status,
                          const struct buf *body, const char *why)
{
    char name[48];
    struct json_out w;
    struct buf *out = status == 200 ? &b->output : &b->errors;
    size_t before = out->len;
    snprintf(name, sizeof(name), "batch_req_sim_%llu", (unsigned long long)n);
    json_out_init(&w, out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "id", name);
    json_out_kstr(&w, "custom_id", id);
    json_out_key(&w, "response");
    if (body) {
        json_out_open(&w, '{');
        json_out_kint(&w, "status_code", status);
        json_out_kstr(&w, "request_id", name);
        json_out_key(&w, "body");
        json_out_raw(&w, buf_str(body), body->len);
        json_out_close(&w, '}');
    } else {
        json_out_null(&w);
    }
    json_out_key(&w, "error");
    if (why) {
        json_out_open(&w, '{');
        json_out_kstr(&w, "code", why);
        json_out_kstr(&w, "message", "This request could not be executed in time.");
        json_out_close(&w, '}');
    } else {
        json_out_null(&w);
    }
    json_out_close(&w, '}');
    end_line(b, out, before);
}

/* type: succeeded, errored, canceled, expired; body: its message or error. */
static void put_result_line(struct sim_batch *b, const char *id, const char *type,
                            const struct buf *body)
{
    struct json_out w;
    size_t before = b->output.len;
    json_out_init(&w, &b->output);
    json_out_open(&w, '{');
    json_out_kstr(&w, "custom_id", id);
    json_out_key(&w, "result");
    json_out_open(&w, '{');
    json_out_kstr(&w, "type", type);
    if (body) {
        json_out_key(&w, strcmp(type, "succeeded") == 0 ? "message" : "error");
        json_out_raw(&w, buf_str(body), body->len);
    }
    json_out_close(&w, '}');
    json_out_close(&w, '}');
    end_line(b, &b->output, before);
}

void sim_batch_skip_line(struct sim_batch *b, uint32_t line, const char *why)
{
    struct json *root = parse_line(b, line);
    const char *id = json_str(json_get(root, "custom_id"), "");
    if (b->is_messages) {
        put_result_line(b, id, why, NULL);
    } else {
        put_file_line(b, line, id, 0, NULL, why);
    }
    json_free(root);
}

static void put_error(const struct sim_batch *b, struct buf *out, int status,
                      const char *message)
{
    buf_clear(out);
    if (b->is_messages) {
        sim_messages_error(out, status == 400 ? "invalid_request_error" : "api_error",
                           message);
    } else {
        sim_chat_error(out, status == 400 ? "invalid_request_error" : "server_error",
                       NULL, NULL, message);
    }
}

static enum err read_request(const struct sim_batch *b, struct arena *a,
                             const struct json *root, struct sim_chat *chat,
                             struct err_detail *d)
{
    if (b->is_messages) {
        return sim_messages_read(a, json_dup(json_get(root, "params")), chat, d);
    }
    struct buf text;
    buf_init(&text, ANSWER_MAX_BYTES);
    enum err e = json_print(json_get(root, "body"), &text);
    *chat = (struct sim_chat){.model = "", .prompt = ""};
    e = e == ERR_OK ? sim_chat_parse(a, buf_str(&text), text.len, chat, d) : e;
    buf_fini(&text);
    if (e == ERR_OK && chat->stream) {
        return err_set(d, ERR_BAD_REQUEST, "stream", "a batch has no streams");
    }
    return e;
}

/* The status, its body in out. */
static int do_request(struct sim_batch *b, const struct sim_batch_world *w, uint64_t n,
                      const struct json *root, bool fails, struct buf *out,
                      struct sim_usage *usage)
{
    struct arena a;
    struct sim_chat chat;
    struct err_detail d = {0};
    struct sim_sample s = {.seed = w->faults->seed,
                           .request = n,
                           .created_s = b->at_ms[SIM_BATCH_IN_PROGRESS] / 1000,
                           .fault = sim_faults_draw(w->faults, n).fault};
    int status = 200;
    arena_init(&a, ARENA_MAX_BYTES);
    enum err e = read_request(b, &a, root, &chat, &d);
    fails = sim_ledger_arrive(w->ledger, n, json_str(json_get(root, "custom_id"), ""),
                              chat.prompt_sha256, chat.model) != ERR_OK ||
            fails;
    if (e == ERR_OK && !fails) {
        s.index = sim_ledger_sample(w->ledger, chat.prompt_sha256);
        e = sim_chat_answer(&chat, &a, &s, out, usage, &d);
    }
    if (e != ERR_OK || fails) {
        *usage = (struct sim_usage){0};
        status = e != ERR_OK ? 400 : 500;
        put_error(b, out, status, e != ERR_OK ? d.message : "Simulated server error.");
    }
    sim_chat_fini(&chat);
    arena_fini(&a);
    return status;
}

void sim_batch_do_line(struct sim_batch *b, const struct sim_batch_world *w,
                       uint32_t line)
{
    b->pad = w->options->pad;
    struct rng r;
    struct buf body;
    struct sim_usage usage = {0};
    struct json *root = parse_line(b, line);
    const char *id = json_str(json_get(root, "custom_id"), "");
    uint64_t n = ++*w->requests;
    rng_seed(&r, w->faults->seed ^ hash_mix(n) ^ SALT_LINE);
    double at = rng_unit(&r);
    if (at < w->options->missing) {
        json_free(root);
        return;
    }
    buf_init(&body, ANSWER_MAX_BYTES);
    bool fails = at < w->options->missing + w->options->errors;
    int status = do_request(b, w, n, root, fails, &body, &usage);
    bool noted = sim_ledger_done(w->ledger, n, id, status, &usage) == ERR_OK;
    status == 200 ? b->succeeded++ : b->failed++;
    if (!noted) {
        fputs("barker-llmsim: the ledger could not be written\n", stderr);
    } else if (b->is_messages) {
        put_result_line(b, id, status == 200 ? "succeeded" : "errored", &body);
    } else {
        put_file_line(b, n, id, status, &body, NULL);
    }
    buf_fini(&body);
    json_free(root);
}
