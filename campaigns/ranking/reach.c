/* reach.c: normals side by side, integrated between the places where one of them bends.
 */
#include "campaigns/ranking/reach.h"

#include <math.h>
#include <stdlib.h>

#define NODES 13 /* of an arm: its mean, and six steps to either side */
#define MIDDLE 6
#define STEP 0.75
#define FAR 6 /* deviations; beyond is 0 or 1 */

struct normal {
    double mean, sd;
};

static struct normal normal_of(const struct posterior_arm *arm, double trials)
{
    double n = arm->a + arm->b;
    double spread = arm->b / n / (4 * n) * (trials / (trials + n));
    return (struct normal){sqrt(fmax(0, arm->a - 0.25) / n), sqrt(spread)};
}

/* P(normal < x) */
static double normal_below(const struct normal *arm, double x)
{
    double z = (x - arm->mean) / arm->sd;
    if (z > FAR || z < -FAR)
        return z > 0;
    return 0.5 * erfc(-z * 0.70710678118654752);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int nodes_fill(const struct normal *normals, int count, double *nodes)
{
    int n = 0;
    for (int k = 0; k < count; k++)
        for (int i = 0; i < NODES; i++)
            nodes[n++] = normals[k].mean + (i - MIDDLE) * STEP * normals[k].sd;
    qsort(nodes, (size_t)n, sizeof *nodes, by_size);
    return n;
}

/* Adds weight times P(k is above x and all others are below it), for each k. The
 * others' product comes from the left and from the right, never by a division. */
static void gains_add(const struct normal *normals, int count, double x, double weight,
                      double *gains)
{
    double below[POSTERIOR_ARMS_MAX], left[POSTERIOR_ARMS_MAX], right = weight;
    for (int k = 0; k < count; k++) {
        below[k] = normal_below(&normals[k], x);
        left[k] = k > 0 ? left[k - 1] * below[k - 1] : 1;
    }
    for (int k = count - 1; k >= 0 && right > 0; k--) {
        gains[k] += (1 - below[k]) * left[k] * right;
        right *= below[k];
    }
}

void reach_gains(const struct posterior_arm *arms, int count, double trials,
                 double *gains)
{
    struct normal normals[POSTERIOR_ARMS_MAX];
    double nodes[POSTERIOR_ARMS_MAX * NODES];
    for (int k = 0; k < count; k++) {
        normals[k] = normal_of(&arms[k], trials);
        gains[k] = 0;
    }
    int n = nodes_fill(normals, count, nodes);
    for (int i = 0; i < n; i++) {
        double from = nodes[i > 0 ? i - 1 : i], to = nodes[i + 1 < n ? i + 1 : i];
        gains_add(normals, count, nodes[i], (to - from) / 2, gains);
    }
}
