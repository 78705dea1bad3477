/* batch.h: requests that may wait for hours go through a provider's batches, for less
 * money. Pure: bytes in, bytes out; no network, no clock.
 *
 * A shard is what goes into one batch: lines, each with the body that a live call would
 * have, under an id of ours by which its result is found again, in any order, and
 * settled once. A dialect of batches is one file, batch_<name>.c; a provider that can
 * batch names it in its struct provider. */
#ifndef BARKER_WORKERS_LLM_BATCH_H
#define BARKER_WORKERS_LLM_BATCH_H

#include "core/base/json_scan.h"
#include "workers/llm/provider.h"

/* Providers take 64 characters of [A-Za-z0-9_-]. */
#define BATCH_ID_SIZE 65
#define BATCH_NAME_SIZE 129 /* of a batch or file, as the provider names it */
/* Our own bound: so much of a campaign is in memory for its batch, and once more while
 * it is sent. */
#define BATCH_SHARD_MAX_BYTES ((size_t)4 << 20)

/* What a line is of; the campaign and the stage are in the id as a hash. */
struct batch_place {
    int iteration, index, attempt;
};
/* The id of a call: <24 hex digits>-<iteration>-<index>-<attempt>. */
void batch_id_write(char out[BATCH_ID_SIZE], const char *campaign, const char *stage,
                    const struct batch_place *at);
/* False: not one of this campaign and stage. */
bool batch_id_read(const char *id, const char *campaign, const char *stage,
                   struct batch_place *out);

struct batch_dialect;
/* **owns** its body. */
struct batch_shard {
    const struct batch_dialect *dialect;
    size_t max_bytes;
    struct buf body;
    int lines;
    char mark[BATCH_ID_SIZE]; /* the id of its first line stands for all of it */
};
/* max_bytes: at most BATCH_SHARD_MAX_BYTES. */
void batch_shard_init(struct batch_shard *s, const struct batch_dialect *d,
                      size_t max_bytes);
void batch_shard_fini(struct batch_shard *s);
/* Appends a built request, which must not stream. ERR_BUSY: full, the next shard takes
 * it. ERR_LIMIT: larger than a shard may be, so it goes live. Others: no memory, or a
 * bug in the caller (ERR_BAD_VALUE). On any error the shard is as before. */
enum err batch_shard_add(struct batch_shard *s, const char *id,
                         const struct provider_request *q) MUST_USE;

/* What is asked of the provider, in this order. `name`: of what; then DROP each file.
 */
enum batch_step {
    BATCH_UPLOAD,  /* the shard becomes a file; left out without `has_files` */
    BATCH_CREATE,  /* name: of the uploaded file, or "" */
    BATCH_POLL,    /* name: of the batch, as in CANCEL */
    BATCH_RESULTS, /* name: of the output, then of the failures, if there are any */
    BATCH_CANCEL,
    BATCH_FIND, /* a page of all batches, newest first, after the one of this name;
                 * without `has_marks` it finds nothing */
    BATCH_DROP, /* name: of a file */
};
struct batch_order {
    enum batch_step step;
    const char *name;
    const struct batch_shard *shard; /* UPLOAD, CREATE */
    const char *mark;                /* of all: X-Client-Request-Id */
};
/* **owns** http. */
struct batch_request {
    const char *method;
    struct provider_request http;
};
void batch_request_init(struct batch_request *q);
void batch_request_fini(struct batch_request *q);
/* ERR_NOT_SUPPORTED: the dialect has no such step. ERR_BAD_VALUE: no such name can be.
 * order->mark is **borrowed** until it was sent. */
enum err batch_build(const struct provider *p, const struct config_endpoint *e,
                     const char *key, const struct batch_order *order,
                     struct batch_request *out) MUST_USE;

enum batch_state {
    BATCH_WORKING, /* ask again later; of UPLOAD and DROP: done */
    BATCH_ENDED,   /* completed, expired or cancelled: results of some or all lines */
    BATCH_REFUSED, /* its input failed validation: none of its lines was done */
};
/* Plain memory. What the provider names is checked: it goes into paths. */
struct batch_status {
    enum err code; /* of the exchange: ERR_OK, or as of a live call */
    bool retryable;
    int64_t retry_after_ms;
    char message[256]; /* of an error, or why it was refused */
    enum batch_state state;
    char name[BATCH_NAME_SIZE];
    char output[BATCH_NAME_SIZE], failures[BATCH_NAME_SIZE]; /* "" = none */
    char mark[BATCH_ID_SIZE];                                /* "" = not told */
    int64_t total, completed, failed;                        /* -1 = not told */
};
/* The reply to any step but RESULTS, which are read by batch_reader.h. FIND: `order`
 * tells the mark; the batch of that mark, or ERR_NOT_FOUND, with name that of the last
 * one told if there are more of them. key: hidden in messages; or NULL. */
void batch_read(const struct provider *p, const char *key,
                const struct batch_order *order, const struct http_reply *http,
                int64_t now_ms, struct batch_status *out);

/* One line of results. Spans borrow it. */
enum batch_fate {
    BATCH_ANSWERED,  /* status and body, as of a live call */
    BATCH_FAILED,    /* body is an error object, and there was no answer */
    BATCH_EXPIRED,   /* was not begun in time; not billed */
    BATCH_CANCELLED, /* the same */
};
struct batch_line {
    char id[BATCH_ID_SIZE]; /* "" = longer than any of ours */
    enum batch_fate fate;
    int status;
    struct json_span body;
};

struct batch_dialect {
    const char *name;
    int lines_max; /* of one batch, by the provider */
    size_t bytes_max;
    bool has_files; /* the shard is uploaded first, and results are files */
    bool has_marks; /* a batch tells our mark again, so BATCH_FIND can find it */
    /* What a line asks for, "/v1/…"; "" = it is not told. */
    const char *path;
    /* What stands before and after the body of a request in the shard. */
    void (*put_head)(const struct batch_dialect *d, struct buf *shard, bool first,
                     const char *id);
    void (*put_tail)(struct buf *shard);
    /* name was checked. */
    enum err (*build)(const struct batch_dialect *d, const struct config_endpoint *e,
                      const struct batch_order *order, struct batch_request *out);
    /* A batch or a file, as an object. */
    void (*read)(const struct json_span *object, struct batch_status *out);
    /* ERR_BAD_JSON: not a line of results. */
    enum err (*read_line)(const struct json_span *line, struct batch_line *out);
};
extern const struct batch_dialect batch_openai_chat, batch_openai_responses,
    batch_openai_completions, batch_anthropic;

/* For dialects: a name at the path, checked; "" when there is none. */
void batch_scan_name(const struct json_span *in, const char *path,
                     char out[BATCH_NAME_SIZE]);
bool batch_is_name(const char *name);

#endif
