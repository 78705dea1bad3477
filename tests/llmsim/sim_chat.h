/* sim_chat.h: POST /v1/chat/completions as text in, text out. Pure: no I/O, no clock.
 *
 * The answer depends on the seed, the prompt and the sampling index only (how many
 * requests with the identical prompt came before). A stream has the same content, in
 * events of a few characters. Not simulated, refused with 400: n above 1, tools.
 *
 * usage is an estimate: one token per CJK character, one per four other bytes, rounded
 * up; each message costs four more. max_tokens cuts by the same estimate. */
#ifndef BARKER_TESTS_LLMSIM_SIM_CHAT_H
#define BARKER_TESTS_LLMSIM_SIM_CHAT_H

#include "core/base/arena.h"
#include "core/base/buf.h"
#include "core/base/json.h"
#include "tests/llmsim/sim_faults.h"
#include "tests/llmsim/sim_ledger.h"

struct sim_chat {
    struct json *root;          /* owns */
    const char *model, *prompt; /* prompt: texts of all messages, "\n" after each */
    char prompt_sha256[HASH_SHA256_HEX];
    const struct json *schema; /* or NULL */
    bool json;                 /* response_format json_object */
    bool stream, stream_usage; /* usage is asked for in it */
    bool is_messages;          /* of the other dialect, see sim_messages.h */
    int64_t max_tokens;        /* 0 = no bound */
    int64_t messages;
};
struct sim_sample {
    uint64_t seed, index, request;
    enum sim_fault fault; /* MALFORMED and SCHEMA change the content */
    int64_t created_s;
};

int64_t sim_chat_tokens(const char *text, size_t n);
/* d: path is the JSON pointer into the request. */
enum err sim_chat_parse(struct arena *a, const char *body, size_t n,
                        struct sim_chat *out, struct err_detail *d) MUST_USE;
void sim_chat_fini(struct sim_chat *c);
/* Parts of it, of c->root, that both dialects have: `messages` after the text or blocks
 * of `system` (or NULL); `model`. */
enum err sim_chat_read_messages(struct arena *a, struct sim_chat *c,
                                const struct json *system,
                                struct err_detail *d) MUST_USE;
enum err sim_chat_read_model(struct sim_chat *c, struct err_detail *d) MUST_USE;
/* Appends the whole response body, of a stream all its events. A schema that cannot be
 * obeyed is an error. */
enum err sim_chat_answer(const struct sim_chat *c, struct arena *a,
                         const struct sim_sample *s, struct buf *out,
                         struct sim_usage *usage, struct err_detail *d) MUST_USE;
/* Appends an error body in OpenAI's shape; failures stay in out. code and param may be
 * NULL. */
void sim_chat_error(struct buf *out, const char *type, const char *code,
                    const char *param, const char *message);

#endif
