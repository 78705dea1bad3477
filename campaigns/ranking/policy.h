/* policy.h: traffic shares from posteriors. A policy is one file in policies/ and one
 * line in campaigns/policies.def. Pure and deterministic. */
#ifndef BARKER_CAMPAIGNS_RANKING_POLICY_H
#define BARKER_CAMPAIGNS_RANKING_POLICY_H

#include "campaigns/ranking/posterior.h"

struct policy_input {
    const struct posterior_arm *arms; /* borrows; live arms only */
    int count;
    int64_t used;    /* traffic so far, in trials of the placement */
    int64_t horizon; /* planned traffic; 0 = unknown */
};

struct policy {
    const char *name, *meaning;
    /* shares: count values, each >= floor, summing to 1 within 1e-9. */
    void (*shares)(const struct policy_input *in, double *shares);
};

const struct policy *policy_find(const char *name); /* NULL if unknown */
const struct policy *policy_at(size_t i);           /* NULL past the end */
extern const double policy_floor; /* 0.01: least share of a live arm */
/* Lifts every share to the floor and scales the others to a sum of 1, their proportions
 * kept; used by policies. No positive share, or no room for the floor (100 arms and
 * more): equal shares. */
void policy_apply_floor(double *shares, int count);

#endif
