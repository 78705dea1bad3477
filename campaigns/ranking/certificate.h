/* certificate.h: what may be said aloud about the leader, at any time.
 *
 * The statement is anytime-valid: however often somebody looks, and whatever the shares
 * do, an arm that is no better is called proven in at most 5 % of placements.
 *
 * Construction. In one epoch let arms a and b have n_a and n_b trials, and rates with
 * the ratio r. Each of their successes is a's with probability
 *     p_e(r) = n_a r / (n_a r + n_b)                 (Przyborowski & Wilenski 1940),
 * whatever the level of the rates in this epoch: so neither drift of the level nor
 * changing shares can feign a difference (Simpson). With L(r) = product over epochs of
 * p^c_a (1 - p)^c_b, and ln r ~ N(0, 0.3^2) as the mixture W (RANKING §3: rates in a
 * test vary by 20-25 %), the ratio integral(L dW) / L(r0) is an e-process if r0 is true
 * (Robbins 1970; Howard et al. 2021), so by Ville's inequality it ever exceeds
 * m / 0.05 with a probability of at most 0.05 / m. The r0 where it does not are the
 * interval; it excludes 1 exactly when the ratio at r0 = 1 is above m / 0.05 = proven.
 * m counts the comparisons among which the leader was picked (Bonferroni).
 *
 * Why not inverse propensities with an asymptotic sequence (RANKING §5.7): a leader of
 * 95 % weighs each success of the others by 20 and more, and at a rate of 0.5 % the
 * normal limit is far off. This one needs no limit, has no weights, and takes the
 * trials that really were instead of the shares, so users who return to their arm do no
 * harm. Given the trials, successes of a are hypergeometric at r0 = 1; the ratio is
 * convex in c_a, so its mean under that is at most that under the binomial (Hoeffding
 * 1963, theorem 4): the test is on the safe side. The ends of the interval are exact
 * for small rates. Within an epoch that is still open this holds up to the noise of n_a
 * / n_b; docs/RANKING.md has the measured rates. Not covered: users of whom each brings
 * many trials, since their successes are not independent.
 *
 * Cost: about 1 us an epoch and pair. Pure, no allocation. */
#ifndef BARKER_CAMPAIGNS_RANKING_CERTIFICATE_H
#define BARKER_CAMPAIGNS_RANKING_CERTIFICATE_H

#include "campaigns/ranking/epoch.h"
#include "campaigns/ranking/posterior.h"

enum certificate_word {
    CERTIFICATE_NONE,   /* "no evidence yet" */
    CERTIFICATE_LIKELY, /* "likely better": p_better >= 0.95; a bet, not anytime-valid
                         */
    CERTIFICATE_PROVEN, /* "proven" */
};

struct certificate {
    enum certificate_word word;
    int reference;   /* the arm that the leader is compared with; -1: there is none */
    double lift;     /* theta_leader / theta_reference - 1, shrunk: the mode under W */
    double lo, hi;   /* anytime-valid interval of it, -1 to infinity */
    double p_better; /* posterior probability under W that the ratio is above 1 */
    double evidence; /* ln of the e-value against "no difference" */
};

/* One pair. comparisons: m; at least 1. ERR_OUT_OF_RANGE for an arm that is not in the
 * table, leader = reference, or m < 1. */
enum err certificate_pair(const struct epoch_table *table, int leader, int reference,
                          int comparisons, struct certificate *out) MUST_USE;

/* The winner of a placement: the leader against the control, or where there is none
 * (control -1) or it leads itself, against the others: then out is of the arm that is
 * the least surely beaten, so proven means better than each of them. comparisons: as
 * many challengers as the placement may have in all its rounds, fixed before the start;
 * at least arms - 1 are taken. A proof stays one: callers may keep the word. One arm
 * alone: CERTIFICATE_NONE and reference -1. Errors as above. */
enum err certificate_winner(const struct epoch_table *table, int leader, int control,
                            int comparisons, struct certificate *out) MUST_USE;

/* Serving the leader for good costs less than 0.5 % of its rate, in expectation: a
 * reason to stop that needs no proof. leader as posterior_rank left it. */
bool certificate_good_enough(const struct posterior_arm *leader);

const char *certificate_text(enum certificate_word word); /* static memory */

#endif
