/* sim_batch.h: one batch of either dialect on its way through its states. No clock, no
 * network: the time is passed in, what is done goes into the ledger.
 *
 * A batch takes `ms`: its lines are done bit by bit in an order of their own, which is
 * that of the results. Each line is a request of the server's count, its custom_id is
 * the id in the ledger. Drawn from the seed: lines of which nothing is ever heard (they
 * are not in the ledger either), lines that fail, batches that fail validation. With
 * `expire` below 1 the batch expires when that share of its lines is done. Of a
 * cancelled OpenAI batch the lines that were not done are left out of the results;
 * expired ones are told, and Anthropic tells both. */
#ifndef BARKER_TESTS_LLMSIM_SIM_BATCH_H
#define BARKER_TESTS_LLMSIM_SIM_BATCH_H

#include "core/base/list.h"
#include "tests/llmsim/sim_faults.h"
#include "tests/llmsim/sim_ledger.h"
#include <stdint.h>

#define SIM_BATCH_LINES_MAX 50000
#define SIM_BATCH_RESULT_MAX_BYTES (16u << 20) /* more is never heard of */

enum sim_batch_state {
    SIM_BATCH_VALIDATING,
    SIM_BATCH_IN_PROGRESS,
    SIM_BATCH_FINALIZING,
    SIM_BATCH_COMPLETED,
    SIM_BATCH_FAILED,
    SIM_BATCH_EXPIRED,
    SIM_BATCH_CANCELLING,
    SIM_BATCH_CANCELLED,
    SIM_BATCH_STATES,
};

struct sim_batch_options {
    int64_t ms;
    double missing, errors, invalid; /* probabilities */
    double expire;
    int64_t pad;       /* bytes that each line of results is longer */
    int64_t untold_ms; /* of files: the output is told so long after the end */
};
/* **borrows** all. */
struct sim_batch_world {
    const struct sim_batch_options *options;
    const struct sim_faults *faults; /* of content; the others are of live requests */
    struct sim_ledger *ledger;
    uint64_t *requests;
};

/* **owns** its buffers. */
struct sim_batch {
    struct list node;
    int64_t pad; /* as in the options */
    uint64_t number;
    bool is_messages; /* Anthropic's */
    char id[40], input_id[40], output_id[40], errors_id[40];
    enum sim_batch_state state;
    int64_t at_ms[SIM_BATCH_STATES]; /* when it came into each; 0 = never */
    struct buf input, output, errors;
    struct buf problems, metadata; /* JSON texts; "" = none */
    uint32_t *starts, *order;   /* of the lines in input; the order they are done in */
    uint32_t lines, done, stop; /* stop: it expires here */
    int64_t succeeded, failed, expired, cancelled;
};

/* input: JSON lines, **taken**. now_ms: Unix time. NULL: no memory. */
struct sim_batch *sim_batch_new(uint64_t number, bool is_messages, struct buf *input,
                                int64_t now_ms) MUST_USE;
void sim_batch_free(struct sim_batch *b);
bool sim_batch_ended(const struct sim_batch *b);
/* Finds the lines and checks them; what is wrong goes into problems. ERR_BAD_REQUEST
 * when something is. d tells the first of it. */
enum err sim_batch_validate(struct sim_batch *b, struct err_detail *d) MUST_USE;
void sim_batch_cancel(struct sim_batch *b, int64_t now_ms);
/* As far as it is by now, but at most a few hundred lines at a time. */
void sim_batch_step(struct sim_batch *b, const struct sim_batch_world *w,
                    int64_t now_ms);

/* sim_batch_line.c: one line done: the result goes to b->output or b->errors. */
void sim_batch_do_line(struct sim_batch *b, const struct sim_batch_world *w,
                       uint32_t line);
/* A line that was never done. why: "batch_expired"; or for messages "expired" or
 * "canceled". */
void sim_batch_skip_line(struct sim_batch *b, uint32_t line, const char *why);
/* The bytes of a line. */
const char *sim_batch_line(const struct sim_batch *b, uint32_t line, size_t *n);
/* The request of a line: its custom_id and whether it is one at all. url: what it must
 * ask for. */
enum err sim_batch_check_line(const struct sim_batch *b, uint32_t line,
                              uint64_t *id_hash, struct err_detail *d) MUST_USE;

#endif
