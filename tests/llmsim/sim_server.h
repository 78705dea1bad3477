/* sim_server.h: the HTTP side of barker-llmsim, on one loop.
 *
 * POST /v1/chat/completions, /v1/embeddings, /v1/moderations; GET /v1/models, GET
 * /ledger, GET /health; files and batches, see sim_batches.h. Each of these POSTs has a
 * timer of its own, so nothing queues: 4096 may wait at once. */
#ifndef BARKER_TESTS_LLMSIM_SIM_SERVER_H
#define BARKER_TESTS_LLMSIM_SIM_SERVER_H

#include "core/io/loop.h"
#include "tests/llmsim/sim_batches.h"
#include "tests/llmsim/sim_rates.h"

struct sim_options {
    const char *listen, *ledger; /* ledger may be NULL */
    struct sim_faults faults;    /* its seed is the seed of the texts too */
    struct sim_batch_options batch;
    struct sim_rates_options rates; /* of those POSTs */
    double retry_after_s;
    int64_t piece_bytes;  /* of a body; 0 = whole */
    int64_t max_requests; /* those POSTs; then 503, and the loop stops. 0 = none */
    int64_t exit_after_s; /* 0 = never */
};

/* Fills o. ERR_CONFIG with a message for the user; ERR_CANCELLED: --help was asked. */
enum err sim_options_parse(int argc, char **argv, struct sim_options *o,
                           struct err_detail *d) MUST_USE;
const char *sim_options_usage(void);

struct sim_server;
/* **borrows** the loop, the options and the ledger for its life. */
enum err sim_server_new(struct loop *l, const struct sim_options *o,
                        struct sim_ledger *ledger, struct sim_server **out,
                        struct err_detail *d) MUST_USE;
void sim_server_free(struct sim_server *s);
int sim_server_port(const struct sim_server *s);

#endif
