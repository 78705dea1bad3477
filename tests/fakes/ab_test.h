/* ab_test.h: a simulated test: arms of known rates, looks, and a policy that moves the
 * shares after each look. A look closes the epoch if the shares may move; else the one
 * epoch stays open. */
#ifndef BARKER_TESTS_FAKES_AB_TEST_H
#define BARKER_TESTS_FAKES_AB_TEST_H

#include "campaigns/ranking/epoch.h"
#include "campaigns/ranking/policy.h"
#include "tests/fakes/trials.h"
#include <string.h>

#define AB_ARMS 16
#define AB_LOOKS 200

struct ab_test {
    double rate[AB_ARMS]; /* in */
    int arms;             /* in */
    int64_t horizon;      /* in: trials that the policy knows of */
    const struct policy *policy;
    struct epoch_count counts[AB_LOOKS * AB_ARMS];
    int epochs;
    int64_t used;
    struct posterior_arm posterior[AB_ARMS];
    struct posterior_result ranked;
    double shares[AB_ARMS], shares_of[AB_LOOKS * AB_ARMS]; /* as counts */
};

static inline void ab_equal_shares(const struct policy_input *in, double *shares)
{
    for (int k = 0; k < in->count; k++)
        shares[k] = 1.0 / in->count;
}

/* A plain A/B test. */
static const struct policy ab_equal = {"equal", "equal shares", ab_equal_shares};

static inline void ab_rank(struct ab_test *ab)
{
    check(!posterior_rank(ab->posterior, ab->arms, &posterior_prior_default,
                          &ab->ranked));
    struct policy_input in = {.arms = ab->posterior,
                              .count = ab->arms,
                              .used = ab->used,
                              .horizon = ab->horizon};
    ab->policy->shares(&in, ab->shares);
}

/* Only the rates are kept. */
static inline void ab_begin(struct ab_test *ab, int arms, int64_t horizon,
                            const struct policy *policy)
{
    ab->arms = arms;
    ab->horizon = horizon;
    ab->policy = policy;
    ab->epochs = 0;
    ab->used = 0;
    memset(ab->posterior, 0, sizeof ab->posterior);
    ab_rank(ab);
}

static inline void ab_open(struct ab_test *ab)
{
    size_t arms = (size_t)ab->arms, at = (size_t)ab->epochs * arms;
    check(ab->epochs < AB_LOOKS && ab->arms <= AB_ARMS);
    memcpy(&ab->shares_of[at], ab->shares, sizeof *ab->shares * arms);
    memset(&ab->counts[at], 0, sizeof *ab->counts * arms);
    ab->epochs++;
}

/* n trials at the rates times level, then a look. */
static inline void ab_look(struct ab_test *ab, struct trials *t, int64_t n,
                           double level)
{
    int64_t seen[AB_ARMS] = {0};
    if (ab->policy != &ab_equal || !ab->epochs)
        ab_open(ab);
    struct epoch_count *row = &ab->counts[(ab->epochs - 1) * ab->arms];
    trials_split(t, n, ab->shares, ab->arms, seen);
    for (int k = 0; k < ab->arms; k++) {
        int64_t hits = trials_binomial(t, seen[k], fmin(1, ab->rate[k] * level));
        row[k].trials += seen[k];
        row[k].successes += hits;
        ab->posterior[k].trials += seen[k];
        ab->posterior[k].successes += hits;
    }
    ab->used += n;
    ab_rank(ab);
}

static inline struct epoch_table ab_table(const struct ab_test *ab)
{
    return (struct epoch_table){ab->counts, ab->epochs, ab->arms};
}

#endif
