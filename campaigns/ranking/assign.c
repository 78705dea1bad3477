/* assign.c: weighted rendezvous hashing. */
#include "campaigns/ranking/assign.h"
#include "core/base/hash.h"

#include <math.h>

/* One string after the other, each seeded by the one before: no separator is needed,
 * ("ab", "c") and ("a", "bc") differ. */
static uint64_t chain(uint64_t seed, const char *a, const char *b)
{
    return hash_fast_str(b, hash_fast_str(a, seed));
}

/* (0, 1), never an end: ln is finite and not 0. */
static double unit_of(uint64_t h)
{
    return ((double)(h >> 12) + 0.5) * 0x1p-52;
}

int assign_pick(const char *campaign, const char *placement, const char *user,
                const struct assign_arm *arms, int count)
{
    uint64_t seed = hash_fast_str(user, chain(0, campaign, placement));
    int best = -1;
    double best_score = 0;
    for (int k = 0; k < count; k++) {
        if (!(arms[k].weight > 0))
            continue;
        double score =
            -arms[k].weight / log(unit_of(hash_fast_str(arms[k].variant, seed)));
        if (best < 0 || score > best_score) {
            best = k;
            best_score = score;
        }
    }
    return best;
}

bool assign_is_holdout(const char *campaign, const char *user, double holdout)
{
    /* a seed of its own: no placement's name can give the same hash */
    uint64_t seed = hash_fast_str("holdout", 1);
    return unit_of(chain(seed, campaign, user)) < holdout;
}
