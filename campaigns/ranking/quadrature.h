/* quadrature.h: which of several Beta rates is the highest, by quadrature.
 *
 * P_k = integral of f_k times the product of the other F_j, over one axis cut into
 * panels that follow the knots of every arm (beta.h). Each F_j is the running integral
 * of f_j over the same Gauss-Legendre nodes. The sum of all P is off by less than 1e-6
 * before it is scaled to 1 (2e-3 for 64 arms with a or b under 1e-4). Deterministic,
 * pure, no allocation: about 20 KiB of stack. */
#ifndef BARKER_CAMPAIGNS_RANKING_QUADRATURE_H
#define BARKER_CAMPAIGNS_RANKING_QUADRATURE_H

#include "campaigns/ranking/posterior.h"

struct quadrature_arm {
    double a, b;   /* in: each in [1e-6, 2e9], a + b >= 1 */
    double p_best; /* out: sums to 1 over the arms */
};
struct quadrature_result {
    double expected_max;
    double mass; /* sum of P before it was scaled to 1: the error of the method */
};

/* arms: 1..POSTERIOR_ARMS_MAX. */
struct quadrature_result quadrature_run(struct quadrature_arm *arms, int count);

#endif
