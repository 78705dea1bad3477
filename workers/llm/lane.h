/* lane.h: one submit or poll of llm_batch.h under way. Internal to lane_*.c and
 * llm_batch.c. */
#ifndef BARKER_WORKERS_LLM_LANE_H
#define BARKER_WORKERS_LLM_LANE_H

#include "workers/llm/batch_wire.h"
#include "workers/llm/endpoints.h"
#include "workers/llm/llm.h"

#define LANE_CALLS_MAX 64

struct lane_use { /* what a call may use, and what is wanted of it */
    int64_t prompt_tokens, reply_tokens;
    bool has_schema;
};
/* **owns** shard and reader; freed when it has settled. */
struct lane {
    struct endpoint *endpoint; /* borrows */
    struct batch_target target;
    struct price price;
    bool has_price, cancel;
    char campaign[128], stage[64], model[ENDPOINT_MODEL_MAX_BYTES];
    char mark[BATCH_ID_SIZE], name[BATCH_NAME_SIZE];
    struct batch_status found; /* the batch, as last told */
    struct batch_shard shard;
    struct batch_slot slots[LANE_CALLS_MAX];
    struct lane_use uses[LANE_CALLS_MAX];
    int count, pages;
    struct batch_reader reader;
    int64_t since_ms; /* monotonic: its calls were reserved */
    port_batch_fn fn;
    port_batch_result_fn each;
    void *arg;
    uint64_t ticket;
};

/* lane.c. ERR_BAD_VALUE: no such endpoint, or one without batches. */
enum err lane_new(struct llm *l, const struct port_batch *b, port_batch_fn fn,
                  void *arg, uint64_t ticket, struct lane **out) MUST_USE;
void lane_free(struct lane *n);
/* Tells the end, and frees. */
void lane_end(struct lane *n, enum port_batch_state state);
/* The next exchange. On an error nothing was sent. */
enum err lane_send(struct lane *n, enum batch_step step, const char *name,
                   batch_wire_fn fn) MUST_USE;

/* lane_poll.c */
enum err lane_look(struct lane *n) MUST_USE;
/* lane_submit.c. As many calls as fit. */
enum err lane_fill(struct lane *n, const struct port_batch *b) MUST_USE;
enum err lane_submit(struct lane *n) MUST_USE;

#endif
