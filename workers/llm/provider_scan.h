/* provider_scan.h: reading the replies of all dialects without building a tree.
 * Internal to workers/llm/providers. */
#ifndef BARKER_WORKERS_LLM_PROVIDER_SCAN_H
#define BARKER_WORKERS_LLM_PROVIDER_SCAN_H

#include "core/base/json_scan.h"
#include "workers/llm/provider.h"

/* `path` may be "": the span itself. A span with at NULL is of what is absent. */

/* A short string at the path, as bounded text on one line; "" when absent or null. */
void provider_scan_word(const struct json_span *in, const char *path, char *out,
                        size_t size);
/* A number of tokens, or -1: absent, or no such number. */
int64_t provider_scan_count(const struct json_span *usage, const char *path);
/* Appends the string at the path to the reply's text. ERR_NOT_FOUND if there is none;
 * ERR_LIMIT, ERR_BAD_JSON as json_scan_string(). */
enum err provider_scan_text(const struct json_span *in, const char *path,
                            struct buf *out) MUST_USE;
/* Item i of the array at the path ("" = the span itself); false past its end. They are
 * walked in their order: *out is item i - 1 before, item i after. */
bool provider_scan_item(const struct json_span *in, const char *path, int i,
                        struct json_span *out);
/* in + out of a reply, cached as part of in; < 0 = not told. */
void provider_set_usage(struct provider_reply *r, int64_t in, int64_t out,
                        int64_t cached);
/* After it: those of `in` that went into the provider's cache; < 0 = not told. */
void provider_set_written(struct provider_reply *r, int64_t written);
/* What a 200 that is no answer means: empty, cut, or an error inside. True if it was
 * one of these, and said so in the reply. `e` is how the search for the answer ended.
 */
bool provider_scan_no_answer(const struct http_reply *http, enum err e, int64_t now_ms,
                             struct provider_reply *out);
/* The verdict on an answer that was found: text damaged or too large, refused by the
 * model, stopped by a filter, cut without any text, empty. finish is the normal word:
 * stop, length, filter, refusal; "" = the reply does not say. */
void provider_judge_text(struct provider_reply *r, enum err text, const char *refusal);
/* An answer whose JSON does not come to its end is none: ERR_TRUNCATED. */
void provider_fail_cut(struct provider_reply *out);
void provider_check_whole(const struct json_span *body, struct provider_reply *out);
/* x-request-id, request-id, apim-request-id; false if there is none. */
bool provider_read_header_id(const struct http_reply *http, struct provider_reply *out);
/* That, or the id in the body. */
void provider_read_request_id(const struct http_reply *http, const char *body_path,
                              struct provider_reply *out);

#endif
