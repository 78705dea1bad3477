/* variant.h: one candidate text, an arm of its placement. */
#ifndef BARKER_CAMPAIGNS_VARIANT_H
#define BARKER_CAMPAIGNS_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

#define VARIANT_ID_MAX 15

enum variant_state {
    VARIANT_PENDING,
    VARIANT_LIVE,
    VARIANT_CONTROL,
    VARIANT_RETIRED,
    VARIANT_REJECTED,
};
const char *variant_state_name(enum variant_state s);
bool variant_state_from(const char *name, enum variant_state *out);

/* Strings live in the campaign's arena. */
struct variant {
    char id[VARIANT_ID_MAX + 1]; /* "v1", "v2", … in order of creation */
    int placement;               /* index into the campaign's placements */
    enum variant_state state;
    const char *text, *angle, *parent, *reason, *reviewer;
    int round;
    int losing_batches;
    double prior_mean, prior_weight; /* 0 = the placement's level */
    /* ranking as last published */
    double weight, p_best, expected_loss, rate, rate_lo, rate_hi;
    /* counters as loaded; the applier alone writes them */
    int64_t impressions, delivered, clicks, conversions;
    int64_t complaints, unsubscribes, bounces, refunds;
    int64_t first_impressions; /* of users, where the shares in force are known */
    double first_expected;     /* of them by these shares */
    int64_t usd_nano;
    bool is_new, changed; /* to be written by the next commit */
};
bool variant_serves(const struct variant *v); /* live or control */

#endif
