/* assign.h: which variant a user sees. Weighted rendezvous hash on (campaign,
 * placement, user), no epoch in it: sticky, and a change of weights moves the fewest
 * users (score = -w / ln(h), Schindelhauer & Schomaker 2005). Bit-identical on replay:
 * h comes from hash_fast, and only comparisons of doubles decide. */
#ifndef BARKER_CAMPAIGNS_RANKING_ASSIGN_H
#define BARKER_CAMPAIGNS_RANKING_ASSIGN_H

#include "core/base/err.h"
#include <stdbool.h>

struct assign_arm {
    const char *variant; /* borrows */
    double weight;       /* >= 0; 0 = never shown */
};

/* Index of the chosen arm, or -1 if no weight is positive. */
int assign_pick(const char *campaign, const char *placement, const char *user,
                const struct assign_arm *arms, int count);
/* True if this user belongs to the campaign's holdout (share 0..0.5). Independent of
 * the placement and of the weights. */
bool assign_is_holdout(const char *campaign, const char *user, double holdout);

#endif
