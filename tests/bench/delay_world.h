/* delay_world.h: exposures whose conversions come late, seen at half the window. Used
 * by barker-bench delay and by the unit test of campaigns/ranking/delay. */
#ifndef BARKER_TESTS_BENCH_DELAY_WORLD_H
#define BARKER_TESTS_BENCH_DELAY_WORLD_H

#include "campaigns/ranking/delay.h"
#include "core/base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define DELAY_WORLD_BUCKETS 100
#define DELAY_WORLD_S 43200.0 /* seen so far; the window is twice that */

enum delay_world_shape {
    DELAY_WORLD_BURST,  /* all exposures at the start: a mail */
    DELAY_WORLD_EVEN,   /* as many in each minute */
    DELAY_WORLD_MOVING, /* traffic moves from the first arm to the second */
    DELAY_WORLD_SHAPES
};

struct delay_world {
    int64_t exposures[2][DELAY_WORLD_BUCKETS], conversions[2][DELAY_WORLD_BUCKETS];
    int64_t shown[2], seen[2], in_the_end[2]; /* conversions now, and within W */
    double delay_sum_s[2];
};

static inline double delay_world_share(enum delay_world_shape shape, int arm, int i)
{
    double later = (i + 0.5) / DELAY_WORLD_BUCKETS;
    if (shape == DELAY_WORLD_BURST)
        return i == 0;
    if (shape == DELAY_WORLD_EVEN)
        return 1.0 / DELAY_WORLD_BUCKETS;
    return 2 * (arm == 0 ? 1 - later : later) / DELAY_WORLD_BUCKETS;
}

/* Arms convert at 4 and 6 %; `conversions` in the end of both together. Delays are
 * exponential, their mean in parts of the window, cut at the window. */
static inline void delay_world_fill(struct delay_world *w, enum delay_world_shape shape,
                                    int64_t conversions, double mean, struct rng *r)
{
    const double window_s = 2 * DELAY_WORLD_S;
    const double bucket_s = DELAY_WORLD_S / DELAY_WORLD_BUCKETS;
    memset(w, 0, sizeof *w);
    for (int k = 0; k < 2; k++) {
        double n = (double)conversions / 0.1;
        for (int i = 0; i < DELAY_WORLD_BUCKETS; i++) {
            double shown = n * delay_world_share(shape, k, i);
            w->exposures[k][i] = (int64_t)round(shown);
            w->shown[k] += w->exposures[k][i];
        }
    }
    for (int64_t c = 0; c < conversions; c++) {
        int k = rng_unit(r) < 0.6;
        int i = 0;
        double u = rng_unit(r), delay_s;
        while (i < DELAY_WORLD_BUCKETS - 1 && u >= delay_world_share(shape, k, i))
            u -= delay_world_share(shape, k, i++);
        do
            delay_s = -log1p(-rng_unit(r)) * mean * window_s;
        while (delay_s > window_s);
        double at_s = (i + rng_unit(r)) * bucket_s + delay_s;
        w->in_the_end[k]++;
        if (at_s >= DELAY_WORLD_S)
            continue;
        w->conversions[k][(int)(at_s / bucket_s)]++;
        w->seen[k]++;
        w->delay_sum_s[k] += delay_s;
    }
}

/* Conversions expected in the end over those that came, less 1; both arms together. */
struct delay_world_error {
    double corrected, naive;
    enum delay_source source;
};
static inline struct delay_world_error delay_world_error(const struct delay_world *w,
                                                         bool named)
{
    struct delay_arm arms[2];
    for (int k = 0; k < 2; k++)
        arms[k] = (struct delay_arm){.exposures = w->exposures[k],
                                     .conversions = w->conversions[k],
                                     .delays = named ? w->seen[k] : 0,
                                     .delay_sum_s = named ? w->delay_sum_s[k] : 0};
    struct delay_input in = {.arms = arms,
                             .arm_count = 2,
                             .buckets = DELAY_WORLD_BUCKETS,
                             .bucket_s = DELAY_WORLD_S / DELAY_WORLD_BUCKETS,
                             .window_s = 2 * DELAY_WORLD_S};
    struct delay_fit fit;
    check(delay_correct(&in, &fit) == ERR_OK);
    double expected = 0, seen = 0, end = 0;
    for (int k = 0; k < 2; k++) {
        expected += (double)w->seen[k] / arms[k].n_eff * (double)w->shown[k];
        seen += (double)w->seen[k];
        end += (double)w->in_the_end[k];
    }
    return (struct delay_world_error){expected / end - 1, seen / end - 1, fit.source};
}

#endif
