/* sim_pages.h: what barker-llmsim tells without being asked for a text: the list of
 * models, its health, its ledger. */
#ifndef BARKER_TESTS_LLMSIM_SIM_PAGES_H
#define BARKER_TESTS_LLMSIM_SIM_PAGES_H

#include "tests/llmsim/sim_ledger.h"

#define SIM_PAGE_MAX_BYTES (65u << 20)

struct sim_counts {
    uint64_t requests; /* lines of batches too */
    int64_t in_flight, peak;
};

/* Appends the body, also of 404 and 405; returns the status. */
int sim_pages_put(const char *method, const char *path, const struct sim_counts *counts,
                  const struct sim_ledger *ledger, struct buf *out);

#endif
