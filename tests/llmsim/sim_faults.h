/* sim_faults.h: which request fails how, and how long it takes. Drawn from (seed,
 * number of the request) alone: the same run fails the same way. Pure. */
#ifndef BARKER_TESTS_LLMSIM_SIM_FAULTS_H
#define BARKER_TESTS_LLMSIM_SIM_FAULTS_H

#include "core/base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum sim_fault {
    SIM_FAULT_RATE_LIMIT, /* 429 with Retry-After, at once */
    SIM_FAULT_500,
    SIM_FAULT_MALFORMED, /* content is broken JSON */
    SIM_FAULT_SCHEMA,    /* content is JSON of another schema */
    SIM_FAULT_DROP,      /* the connection is closed without an answer */
    SIM_FAULT_MONEY,     /* 429 with insufficient_quota, at once */
    SIM_FAULT_OVERLOAD,  /* 200, but the body, or the first event, is an error */
    SIM_FAULT_STALL,     /* 200, and nothing more; of a stream, half of it comes */
    SIM_FAULT_CUT,       /* half of the body, then the connection is closed */
    SIM_FAULT_NONE,
};

struct sim_faults {
    uint64_t seed;
    double share[SIM_FAULT_NONE]; /* probabilities; their sum is at most 1 */
    bool lognormal;
    double latency_a, latency_b; /* min and max in ms, or median in ms and sigma */
};

struct sim_draw {
    enum sim_fault fault;
    int64_t latency_ms; /* at most 600000 */
};

/* "20:80" or "lognormal:500:0.5". */
enum err sim_faults_latency(struct sim_faults *f, const char *text) MUST_USE;
enum err sim_faults_share(struct sim_faults *f, enum sim_fault which,
                          const char *text) MUST_USE;
/* request counts from 1. */
struct sim_draw sim_faults_draw(const struct sim_faults *f, uint64_t request);

#endif
