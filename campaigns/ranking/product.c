/* product.c: cumulants, the shape that meets them, one walk over all knots. */
#include "campaigns/ranking/product.h"
#include "campaigns/ranking/polygamma.h"

#include <math.h>
#include <stdlib.h>

#define PARTS 2 /* of each cell between two knots */
#define KNOTS_MAX (POSTERIOR_ARMS_MAX * BETA_KNOTS)

struct product product_rate(double a, double b)
{
    return (struct product){digamma(a) - digamma(a + b), trigamma(a) - trigamma(a + b),
                            tetragamma(a) - tetragamma(a + b)};
}

struct product product_value(double a, double b)
{
    return (struct product){log(b) - digamma(a), trigamma(a), -tetragamma(a)};
}

struct product product_times(struct product x, struct product y)
{
    return (struct product){x.mean + y.mean, x.variance + y.variance,
                            x.third + y.third};
}

struct product product_over(struct product x, struct product y)
{
    return (struct product){x.mean - y.mean, x.variance + y.variance,
                            x.third - y.third};
}

struct shape {
    struct beta_shape beta;
    double shift;
};

/* With u = trigamma(a) and v = trigamma(b): the variance is u + v, and the third
 * cumulant nearly v^2 - u^2, since tetragamma is nearly -trigamma^2 (off by
 * O(1 / a^4)). */
static void shape_init(struct shape *s, const struct product *x)
{
    double least = fmax(x->variance * 1e-4, 1e-9);
    double tilt = x->third / x->variance;
    double u = fmin(fmax((x->variance - tilt) / 2, least), x->variance);
    double v = fmin(fmax((x->variance + tilt) / 2, least), x->variance);
    double a = fmin(trigamma_inverse(u), 2e9), b = fmin(trigamma_inverse(v), 2e9);
    beta_shape_init(&s->beta, a, b);
    s->shift = x->mean - (digamma(a) - digamma(b));
}

static double density(const struct shape *s, double t)
{
    double at = t - s->shift;
    if (at < s->beta.knot[0] || at > s->beta.knot[BETA_KNOTS - 1])
        return 0;
    struct beta_point point = beta_point(at);
    return beta_density(&s->beta, &point);
}

/* Integral over a stretch whose first value is known, by Simpson's rule. */
static double stretch(const struct shape *s, double from, double width, double first,
                      double *last)
{
    *last = density(s, from + width);
    return width / 6 * (first + 4 * density(s, from + width / 2) + *last);
}

double product_above(const struct product *x, double limit)
{
    struct shape s;
    shape_init(&s, x);
    double end = log(limit), below = 0, all = 0, last = 0;
    for (int i = 0; i < (BETA_KNOTS - 1) * PARTS; i++) {
        const double *knot = &s.beta.knot[i / PARTS];
        double width = (knot[1] - knot[0]) / PARTS, first = last, ignored;
        double from = knot[0] + i % PARTS * width + s.shift;
        double part = stretch(&s, from, width, first, &last);
        all += part;
        if (from + width <= end)
            below += part;
        else if (from < end)
            below += stretch(&s, from, end - from, first, &ignored);
    }
    return fmin(fmax(1 - below / all, 0), 1);
}

struct walker {
    struct shape shape;
    double before;     /* F at the start of the panel */
    double f[3], F[3]; /* at its start, middle and end */
    double p_best, mean;
};
struct walk {
    struct walker arm[POSTERIOR_ARMS_MAX];
    int count;
    double expected_max;
};

static int number_order(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

/* Linear between the three places where F is known. */
static void quantile_find(const struct walker *w, double from, double half, double q,
                          double *out)
{
    for (int i = 0; i < 2; i++) {
        if (w->F[i] < q && q <= w->F[i + 1])
            *out = exp(from + half * (i + (q - w->F[i]) / (w->F[i + 1] - w->F[i])));
    }
}

static void walker_step(struct walker *w, struct product_arm *arm, double from,
                        double half)
{
    w->f[0] = w->f[2]; /* where the panel before ended; at the first knot it is 0 */
    w->f[1] = density(&w->shape, from + half);
    w->f[2] = density(&w->shape, from + 2 * half);
    w->F[0] = w->before;
    w->F[1] = w->before + half / 12 * (5 * w->f[0] + 8 * w->f[1] - w->f[2]);
    w->F[2] = w->before + half / 3 * (w->f[0] + 4 * w->f[1] + w->f[2]);
    w->F[1] = fmin(fmax(w->F[1], w->F[0]), w->F[2]);
    quantile_find(w, from, half, 0.025, &arm->lo);
    quantile_find(w, from, half, 0.975, &arm->hi);
    w->before = w->F[2];
}

/* Adds one place of the panel to every P, the product of the others from the left and
 * from the right. */
static void walk_combine(struct walk *walk, int place, double t, double weight)
{
    double right[POSTERIOR_ARMS_MAX + 1], left = 1, x = exp(t);
    right[walk->count] = 1;
    for (int k = walk->count - 1; k > 0; k--)
        right[k] = right[k + 1] * walk->arm[k].F[place];
    for (int k = 0; k < walk->count; k++) {
        struct walker *w = &walk->arm[k];
        double p = weight * w->f[place] * left * right[k + 1];
        w->p_best += p;
        w->mean += weight * w->f[place] * x;
        walk->expected_max += p * x;
        left *= w->F[place];
    }
}

static void walk_panel(struct walk *walk, struct product_arm *arms, double from,
                       double to)
{
    double half = (to - from) / 2;
    for (int k = 0; k < walk->count; k++)
        walker_step(&walk->arm[k], &arms[k], from, half);
    walk_combine(walk, 0, from, half / 3);
    walk_combine(walk, 1, from + half, half * 4 / 3);
    walk_combine(walk, 2, to, half / 3);
}

static int knots_collect(struct walk *walk, const struct product_arm *arms,
                         double knots[KNOTS_MAX])
{
    int n = 0;
    for (int k = 0; k < walk->count; k++) {
        struct shape *s = &walk->arm[k].shape;
        shape_init(s, &arms[k].x);
        for (int i = 0; i < BETA_KNOTS; i++)
            knots[n++] = s->beta.knot[i] + s->shift;
    }
    qsort(knots, (size_t)n, sizeof *knots, number_order);
    return n;
}

double product_rank(struct product_arm *arms, int count)
{
    check(count >= 1 && count <= POSTERIOR_ARMS_MAX);
    struct walk walk = {.count = count};
    double knots[KNOTS_MAX], mass = 0, best = 0;
    int n = knots_collect(&walk, arms, knots);
    for (int i = 0; i + 1 < n; i++) {
        double width = (knots[i + 1] - knots[i]) / PARTS;
        for (int part = 0; part < PARTS && width > 0; part++)
            walk_panel(&walk, arms, knots[i] + part * width,
                       knots[i] + (part + 1) * width);
    }
    for (int k = 0; k < count; k++) {
        mass += walk.arm[k].p_best;
        arms[k].mean = walk.arm[k].mean / walk.arm[k].before;
        best = fmax(best, arms[k].mean);
    }
    double expected_max = fmax(walk.expected_max / mass, best);
    for (int k = 0; k < count; k++) {
        arms[k].p_best = walk.arm[k].p_best / mass;
        arms[k].expected_loss = expected_max - arms[k].mean;
    }
    return expected_max;
}
