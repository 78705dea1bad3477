/* replay_draw.c: one arm after the other, each of what is left. */
#include "tests/bench/replay_draw.h"
#include "campaigns/ranking/draw.h"

#include <stdbool.h>

void draw_multinomial(struct rng *r, int64_t n, const double *shares, int count,
                      int64_t *out)
{
    double left = 1;
    for (int k = 0; k < count; k++) {
        bool last = k == count - 1 || shares[k] >= left;
        out[k] = last ? n : draw_binomial(r, n, shares[k] / left);
        n -= out[k];
        left -= shares[k];
    }
}
