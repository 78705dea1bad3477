/* reach.h: what each arm may still turn out to be ahead by, with the traffic to come.
 *
 * After x more trials of its own the mean of an arm with posterior Beta(a, b), n = a +
 * b, is spread as its rate is, with x / (x + n) of the variance: little traffic left,
 * little left to learn. The gain of arm k is the expectation of what its mean is then
 * ahead of all the others by, E[(mean_k - max over j != k of mean_j)+] (the knowledge
 * gradient's quantity: Frazier, Powell, Dayanik 2008). On the scale of square roots,
 * where rates that are counted have a spread of (1 - rate) / 4n whatever they are
 * (Bartlett 1936), as normals. Exact to 2 % of a deviation. For shares, not to be
 * shown: P(best) comes from quadrature.h. Pure; 10 KiB of stack. */
#ifndef BARKER_CAMPAIGNS_RANKING_REACH_H
#define BARKER_CAMPAIGNS_RANKING_REACH_H

#include "campaigns/ranking/posterior.h"

/* arms: ranked, 1..POSTERIOR_ARMS_MAX. trials > 0. gains: count values, >= 0, in units
 * of the square root of a rate; of one arm alone its own size. */
void reach_gains(const struct posterior_arm *arms, int count, double trials,
                 double *gains);

#endif
