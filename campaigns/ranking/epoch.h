/* epoch.h: what was counted of each arm while one vector of shares was in force. */
#ifndef BARKER_CAMPAIGNS_RANKING_EPOCH_H
#define BARKER_CAMPAIGNS_RANKING_EPOCH_H

#include <stdint.h>

/* A success counts in the epoch of its trial. successes > trials is clipped. */
struct epoch_count {
    int64_t trials, successes; /* >= 0 */
};

/* Counts of all arms that the placement ever had, retired ones too, in order of time:
 * counts[epoch * arms + arm]; zeroes where an arm was not there. Borrows. */
struct epoch_table {
    const struct epoch_count *counts;
    int epochs, arms; /* epochs >= 0; arms 1 to POSTERIOR_ARMS_MAX */
};

static inline struct epoch_count epoch_at(const struct epoch_table *t, int epoch,
                                          int arm)
{
    struct epoch_count c = t->counts[(int64_t)epoch * t->arms + arm];
    c.trials = c.trials > 0 ? c.trials : 0;
    c.successes = c.successes > 0 ? c.successes : 0;
    c.successes = c.successes < c.trials ? c.successes : c.trials;
    return c;
}

#endif
