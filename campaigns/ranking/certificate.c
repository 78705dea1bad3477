/* certificate.c: the mixture over ratios, and where its e-process is small. */
#include "campaigns/ranking/certificate.h"

#include <math.h>

#define ALPHA 0.05
#define SPREAD 0.3    /* sd of the mixture, in ln of the ratio */
#define FAR 15.0      /* ln of the largest ratio that is looked at */
#define NODE_STEP 0.4 /* in sd of the posterior; the rest of a trapezoid is 1e-15 */
#define NODE_REACH 8.5
#define LIKELY 0.95
#define GOOD_ENOUGH 0.005

struct pair {
    const struct epoch_table *table;
    int a, b;
};

/* ln L at ln r = rho, less its value at rho = 0, and two derivatives. */
struct slope {
    double value, first, second;
};

static struct slope pair_slope(const struct pair *pair, double rho)
{
    struct slope s = {0, 0, 0};
    double r = exp(rho);
    for (int e = 0; e < pair->table->epochs; e++) {
        struct epoch_count a = epoch_at(pair->table, e, pair->a);
        struct epoch_count b = epoch_at(pair->table, e, pair->b);
        double c = (double)a.successes + (double)b.successes;
        if (c <= 0 || a.trials == 0 || b.trials == 0)
            continue;
        double na = (double)a.trials, nb = (double)b.trials;
        double p = na * r / (na * r + nb);
        s.value += (double)a.successes * rho - c * log((na * r + nb) / (na + nb));
        s.first += (double)a.successes - c * p;
        s.second -= c * p * (1 - p);
    }
    return s;
}

/* The same with the mixture's density. */
static struct slope mixed_slope(const struct pair *pair, double rho)
{
    struct slope s = pair_slope(pair, rho);
    double precision = 1 / (SPREAD * SPREAD);
    s.value -= 0.5 * rho * rho * precision;
    s.first -= rho * precision;
    s.second -= precision;
    return s;
}

/* Newton's step to where first = 0, kept inside a bracket that shrinks. */
static double peak_of(const struct pair *pair,
                      struct slope (*slope)(const struct pair *, double))
{
    double lo = -FAR, hi = FAR, rho = 0;
    for (int i = 0; i < 100 && hi - lo > 1e-9; i++) {
        struct slope s = slope(pair, rho);
        if (s.first > 0)
            lo = rho;
        else
            hi = rho;
        double next = s.second < 0 ? rho - s.first / s.second : lo;
        next = next > lo && next < hi ? next : (lo + hi) / 2;
        if (fabs(next - rho) < 1e-9)
            return next;
        rho = next;
    }
    return rho;
}

/* Where the concave ln L crosses level between inside (above it) and outside. */
static double crossing_of(const struct pair *pair, double level, double inside,
                          double outside)
{
    double rho = outside;
    if (pair_slope(pair, outside).value >= level)
        return outside < inside ? -INFINITY : INFINITY;
    for (int i = 0; i < 100 && fabs(outside - inside) > 1e-9; i++) {
        struct slope s = pair_slope(pair, rho);
        if (s.value >= level)
            inside = rho;
        else
            outside = rho;
        double next = rho - (s.value - level) / s.first;
        if (!((next - inside) * (next - outside) < 0))
            next = (inside + outside) / 2;
        if (fabs(next - rho) < 1e-9)
            return next;
        rho = next;
    }
    return rho;
}

/* ln of the integral of L over the mixture, and the posterior probability of r > 1, by
 * the trapezoidal rule on nodes of which one is 0. */
static void pair_mix(const struct pair *pair, struct certificate *out)
{
    double mode = peak_of(pair, mixed_slope);
    struct slope top = mixed_slope(pair, mode), zero = mixed_slope(pair, 0);
    double sd = 1 / sqrt(-top.second), h = NODE_STEP * sd, sum = 0, above = 0;
    int64_t from = (int64_t)floor((mode - NODE_REACH * sd) / h);
    int64_t to = (int64_t)ceil((mode + NODE_REACH * sd) / h);
    for (int64_t i = from; i <= to; i++) {
        double f = exp(fmin(0, mixed_slope(pair, (double)i * h).value - top.value));
        sum += f;
        above += i > 0 ? f : i == 0 ? f / 2 : 0;
    }
    /* Euler-Maclaurin: the half-line begins where f has a slope */
    double f0 = exp(fmin(0, zero.value - top.value));
    if (from <= 0 && to >= 0)
        above += h / 12 * f0 * zero.first;
    double scale = SPREAD * sqrt(2 * M_PI);
    out->evidence = top.value + log(sum * h / scale);
    out->p_better = fmin(1, fmax(0, above / sum));
    out->lift = expm1(mode);
}

enum err certificate_pair(const struct epoch_table *table, int leader, int reference,
                          int comparisons, struct certificate *out)
{
    struct pair pair = {table, leader, reference};
    int arms = table->arms;
    if (arms < 1 || arms > POSTERIOR_ARMS_MAX || table->epochs < 0 || comparisons < 1 ||
        leader < 0 || leader >= arms || reference < 0 || reference >= arms ||
        leader == reference)
        return ERR_OUT_OF_RANGE;
    *out = (struct certificate){.reference = reference};
    pair_mix(&pair, out);
    double bar = log(comparisons / ALPHA), best = peak_of(&pair, pair_slope);
    out->lo = expm1(crossing_of(&pair, out->evidence - bar, best, -FAR));
    out->hi = expm1(crossing_of(&pair, out->evidence - bar, best, FAR));
    if (out->evidence > bar && best > 0)
        out->word = CERTIFICATE_PROVEN;
    else if (out->p_better >= LIKELY && out->evidence > 0)
        out->word = CERTIFICATE_LIKELY;
    return ERR_OK;
}

/* The weaker statement of two about the same leader. */
static bool is_weaker(const struct certificate *x, const struct certificate *y)
{
    if (x->word != y->word)
        return x->word < y->word;
    return x->p_better < y->p_better;
}

enum err certificate_winner(const struct epoch_table *table, int leader, int control,
                            int comparisons, struct certificate *out)
{
    int m = comparisons > table->arms - 1 ? comparisons : table->arms - 1;
    if (control >= 0 && control != leader)
        return certificate_pair(table, leader, control, m, out);
    if (leader < 0 || leader >= table->arms || control >= table->arms)
        return ERR_OUT_OF_RANGE;
    *out = (struct certificate){.reference = -1, .lo = -1, .hi = INFINITY};
    out->p_better = 0.5;
    for (int k = 0; k < table->arms; k++) {
        struct certificate one;
        if (k == leader)
            continue;
        enum err e = certificate_pair(table, leader, k, m, &one);
        if (e)
            return e;
        if (out->reference < 0 || is_weaker(&one, out))
            *out = one;
    }
    return ERR_OK;
}

bool certificate_good_enough(const struct posterior_arm *leader)
{
    return leader->expected_loss < GOOD_ENOUGH * leader->mean;
}

const char *certificate_text(enum certificate_word word)
{
    static const char *const texts[] = {"no evidence yet", "likely better", "proven"};
    return texts[word];
}
