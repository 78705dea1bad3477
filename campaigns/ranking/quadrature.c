/* quadrature.c: one walk from left to right over the panels. */
#include "campaigns/ranking/quadrature.h"
#include "campaigns/ranking/beta.h"

#include <math.h>

#define LAST (BETA_KNOTS - 1)
#define POINTS 8
#define BEND 14
#define BEND_STEP 2.0

/* Gauss-Legendre on [-1, 1]; cumulate[i][l] = integral from -1 to node i of the
 * polynomial that is 1 at node l and 0 at the others. */
static const double node[POINTS] = {-0.96028985649753629, -0.79666647741362673,
                                    -0.52553240991632899, -0.18343464249564981,
                                    0.18343464249564981,  0.52553240991632899,
                                    0.79666647741362673,  0.96028985649753629};
static const double weight[POINTS] = {
    0.10122853629037626, 0.22238103445337448, 0.31370664587788727, 0.36268378337836199,
    0.36268378337836199, 0.31370664587788727, 0.22238103445337448, 0.10122853629037626};
static const double cumulate[POINTS][POINTS] = {
    {0.050614268145188129, -0.018211886611940151, 0.012561662294060949,
     -0.0089660312261095037, 0.0061569827366535594, -0.0038353505092739047,
     0.001945515328118527, -0.00055501665423383841},
    {0.10951864353510864, 0.11119051722668724, -0.027279592471563339,
     0.016299417716721103, -0.010430704178294307, 0.006279505970927338,
     -0.0031298698218978848, 0.00088560460868447567},
    {0.097175071997825768, 0.24171904999434635, 0.15685332293894363,
     -0.031950206723756862, 0.016743465440452326, -0.0092869317242089602,
     0.0044514295505697996, -0.0012376113905010308},
    {0.10373104194116246, 0.21238698029669681, 0.34134226854910726, 0.181341891689181,
     -0.032042082642050024, 0.01448241312244454, -0.0063956286207215406,
     0.0017184731685297055},
    {0.099510063121846556, 0.228776663074096, 0.29922423275544274, 0.39472586602041199,
     0.181341891689181, -0.027635622671219957, 0.0099940541566776574,
     -0.00250250565078621},
    {0.10246614768087729, 0.21792960490280466, 0.32299357760209624, 0.34594031793790964,
     0.39463399010211886, 0.15685332293894363, -0.019338015540971865,
     0.0040534642925504974},
    {0.10034293168169178, 0.22551090427527234, 0.30742713990695997, 0.37311448755665627,
     0.34638436566164088, 0.34098623834945063, 0.11119051722668724,
     -0.0082901072447323816},
    {0.1017835529446101, 0.22043551912525594, 0.31754199638716119, 0.35652680064170844,
     0.3716498146044715, 0.30114498358382635, 0.24059292106531463,
     0.050614268145188129},
};

enum phase { AHEAD, INSIDE, BEHIND }; /* where the walk stands to an arm's knots */

struct walker {
    struct beta_shape shape;
    enum phase phase;
    int cell;                           /* knot[cell] <= t < knot[cell + 1] */
    double before;                      /* F at the start of the panel */
    double f[POINTS], cdf[POINTS], end; /* over the panel; end: F at its end */
    double p_best;
};

struct walk {
    struct walker arm[POSTERIOR_ARMS_MAX];
    int active[POSTERIOR_ARMS_MAX], active_count;
    bool any_ahead;
    double expected_max;
};

struct panel {
    double from, to;
    struct beta_point at[POINTS];
};

/* Moves an arm's phase and cell to t. */
static void walker_advance(struct walker *w, double t)
{
    if (w->phase == AHEAD && w->shape.knot[0] <= t)
        w->phase = INSIDE;
    while (w->phase == INSIDE && w->shape.knot[w->cell + 1] <= t) {
        if (++w->cell == LAST)
            w->phase = BEHIND;
    }
}

/* The end of a panel from t that suits one arm. It spans one step of z, with z linear
 * in a cell, but near the peak at most BEND_STEP: where a or b is small the first cells
 * are wide, and the density bends from exponential to flat inside them. So each panel
 * brings some arm past a knot or BEND_STEP on: the walk has at most LAST + BEND + 1
 * panels an arm, and one more for its start. */
static double walker_reach(const struct walker *w, double t)
{
    const double *k = &w->shape.knot[w->cell], peak = w->shape.knot[BETA_REACH];
    double reach = k[1];
    if (w->cell + 1 < LAST)
        reach += (t - k[0]) / (k[1] - k[0]) * (k[2] - k[1]);
    if (t < peak - BEND)
        return fmin(reach, fmax(t + BEND_STEP, peak - BEND));
    return t < peak + BEND ? fmin(reach, t + BEND_STEP) : reach;
}

/* Sets panel->to from panel->from; false when every arm is behind. Where no arm is
 * inside, nothing is to be integrated and the panel starts at the next arm. */
static bool walk_next(struct walk *walk, int count, struct panel *panel)
{
    double next = INFINITY, to = INFINITY;
    walk->active_count = 0;
    for (int k = 0; k < count; k++) {
        struct walker *w = &walk->arm[k];
        walker_advance(w, panel->from);
        if (w->phase == AHEAD)
            next = fmin(next, w->shape.knot[0]);
        if (w->phase != INSIDE)
            continue;
        walk->active[walk->active_count++] = k;
        to = fmin(to, walker_reach(w, panel->from));
    }
    walk->any_ahead = next < INFINITY;
    if (walk->active_count == 0 && walk->any_ahead) {
        panel->from = next;
        return walk_next(walk, count, panel);
    }
    panel->to = fmin(to, next);
    return walk->active_count > 0;
}

/* Fills density and distribution of one arm over the panel. */
static void walker_integrate(struct walker *w, const struct panel *panel)
{
    double half = (panel->to - panel->from) / 2, sum = 0;
    for (int i = 0; i < POINTS; i++) {
        w->f[i] = beta_density(&w->shape, &panel->at[i]);
        sum += weight[i] * w->f[i];
    }
    for (int i = 0; i < POINTS; i++) {
        double part = 0;
        for (int l = 0; l < POINTS; l++)
            part += cumulate[i][l] * w->f[l];
        w->cdf[i] = fmax(0, w->before + half * part);
    }
    w->end = w->before + half * sum;
}

/* Adds the panel to P_k and to E[max]. The product of the others comes from the left
 * and from the right, never by dividing by a small F_k. Arms behind have F = 1. */
static void walk_combine(struct walk *walk, const struct panel *panel)
{
    double half = (panel->to - panel->from) / 2, right[POSTERIOR_ARMS_MAX + 1];
    int n = walk->active_count;
    for (int i = 0; i < POINTS; i++) {
        double left = 1, sum = 0;
        right[n] = 1;
        for (int j = n - 1; j > 0; j--)
            right[j] = right[j + 1] * walk->arm[walk->active[j]].cdf[i];
        for (int j = 0; j < n; j++) {
            struct walker *w = &walk->arm[walk->active[j]];
            double p = half * weight[i] * w->f[i] * left * right[j + 1];
            w->p_best += p;
            sum += p;
            left *= w->cdf[i];
        }
        walk->expected_max += sum * panel->at[i].x;
    }
}

static void walk_panel(struct walk *walk, struct panel *panel)
{
    double middle = (panel->from + panel->to) / 2, half = panel->to - middle;
    for (int i = 0; i < POINTS; i++)
        panel->at[i] = beta_point(middle + half * node[i]);
    for (int j = 0; j < walk->active_count; j++) {
        struct walker *w = &walk->arm[walk->active[j]];
        walker_integrate(w, panel);
        w->before = w->end;
    }
    /* left of an arm's knots its F is 0, and so is every product with it */
    if (!walk->any_ahead)
        walk_combine(walk, panel);
}

struct quadrature_result quadrature_run(struct quadrature_arm *arms, int count)
{
    struct walk walk = {.expected_max = 0};
    struct panel panel = {.from = -INFINITY};
    for (int k = 0; k < count; k++)
        beta_shape_init(&walk.arm[k].shape, arms[k].a, arms[k].b);
    while (walk_next(&walk, count, &panel)) {
        walk_panel(&walk, &panel);
        panel.from = panel.to;
    }
    double mass = 0;
    for (int k = 0; k < count; k++)
        mass += walk.arm[k].p_best;
    check(mass > 0.5 && mass < 2);
    for (int k = 0; k < count; k++)
        arms[k].p_best = walk.arm[k].p_best / mass;
    return (struct quadrature_result){fmin(1, walk.expected_max / mass), mass};
}
