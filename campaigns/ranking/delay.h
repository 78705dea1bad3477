/* delay.h: conversions that are still to come.
 *
 * An exposure of age t has shown only a part F(t) of the conversions it will bring
 * within the attribution window W. With delays that are exponential and cut at W
 *   F(t) = (1 - exp(-r min(t, W))) / (1 - exp(-r W)),      W = 0: 1 - exp(-r t)
 * so exposures count as n_eff = sum F(age), and the posterior is Beta(a + c, b + n_eff
 * - c) (Chapelle 2014; guides RANKING §5.11, there with W = 0). p is then the rate of
 * conversions within W, which is what is counted in the end.
 *
 * One r for all arms, each with a rate of its own that is profiled out. Conversions are
 * taken as Poisson, which is unbiased for any p. r is the maximum of one of two
 * likelihoods, by a grid over log r and golden section:
 *   delays  of conversions that name their exposure: their number and their sum are
 *           enough. r is known also while exposures are steady.
 *   curves  without that: conversions per minute are the exposures per minute, folded
 *           with the delay. That is known only from changes of the exposures (the start
 *           of a campaign, a burst of mail), not from steady traffic; and a rate that
 *           moves by the hour is taken for delay. So delays win where both are known.
 * A fit is used with 20 conversions and if n_eff of all arms together is known to a
 * factor of 1.5: between the ends of the 95 % interval of r, by the likelihood ratio.
 * So it is not asked for r where r does not matter. Else nothing is corrected: n_eff =
 * n. Delays that are no exponential leave an error (docs/RANKING.md has figures).
 *
 * Pure, no allocation. Cost: about 150 walks over the buckets of all arms; the caller
 * chooses buckets of W / 100 or so, merged from the minutes that are counted. */
#ifndef BARKER_CAMPAIGNS_RANKING_DELAY_H
#define BARKER_CAMPAIGNS_RANKING_DELAY_H

#include "core/base/err.h"
#include <stdint.h>

#define DELAY_BUCKETS_MAX 20000
#define DELAY_ARMS_MAX 64

/* Buckets of equal length, oldest first; the last one ends now. All counts >= 0. */
struct delay_arm {
    const int64_t *exposures;   /* borrows; by time of the exposure */
    const int64_t *conversions; /* borrows; by time of the conversion */
    /* before the first bucket. With old exposures the buckets must span W at least;
     * the curves use only those that lie W behind the first */
    int64_t old_exposures, old_conversions;
    int64_t delays;     /* conversions, of any age, whose delay is known */
    double delay_sum_s; /* of those; each delay in [0, W] */
    double n_eff;       /* out: conversions <= n_eff <= exposures, or = if fewer */
    int64_t trials;     /* out: n_eff as a whole number */
};

struct delay_input {
    struct delay_arm *arms; /* borrows */
    int arm_count, buckets;
    double bucket_s, window_s; /* > 0; window 0 = none */
};

enum delay_source { DELAY_UNKNOWN, DELAY_DELAYS, DELAY_CURVES };
struct delay_fit {
    enum delay_source source;
    double rate_per_s; /* r; 1 / r is the mean delay if W is long; 0 = unknown */
    /* n_eff as a part of all exposures, and its 95 % interval; 1 = unknown */
    double ripe, ripe_lo, ripe_hi;
};

/* Fills the fit, and n_eff and trials of each arm. ERR_OUT_OF_RANGE: a count, size or
 * sum outside its range. */
enum err delay_correct(const struct delay_input *in, struct delay_fit *out) MUST_USE;
const char *delay_source_name(enum delay_source s); /* "unknown", "delays", "curves" */

#endif
