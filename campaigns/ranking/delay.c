/* delay.c: two likelihoods of one rate, the search for its maximum, and n_eff. */
#include "campaigns/ranking/delay.h"

#include <math.h>
#include <stdbool.h>

#define CONVERSIONS_MIN 20
#define DOUBT_MAX 1.5 /* ripe_hi / ripe_lo of what is believed */
#define DROP 1.92     /* of the log likelihood, for 95 %: chi-square 3.84 / 2 */
#define GRID 64
#define GOLDEN 0.6180339887498949

const char *delay_source_name(enum delay_source s)
{
    static const char *const names[] = {"unknown", "delays", "curves"};
    return names[s];
}

/* Sum of F over the exposures of an arm. Those of a bucket come evenly over it. */
static double exposures_ripe(const struct delay_input *in, const struct delay_arm *arm,
                             double rate)
{
    double x = rate * in->bucket_s, mean = -expm1(-x) / x, sum = 0;
    double all = in->window_s > 0 ? -expm1(-rate * in->window_s) : 1;
    for (int i = 0; i < in->buckets; i++) {
        double young = (in->buckets - 1 - i) * in->bucket_s;
        bool ripe = in->window_s > 0 && young >= in->window_s;
        double share = ripe ? 1 : fmin(1, (1 - exp(-rate * young) * mean) / all);
        sum += (double)arm->exposures[i] * share;
    }
    return sum + (double)arm->old_exposures;
}

/* Density of the delays, each conditional on having come by now. */
static double delays_likelihood(const struct delay_input *in, double rate)
{
    double all = in->window_s > 0 ? -expm1(-rate * in->window_s) : 1, sum = 0;
    for (int k = 0; k < in->arm_count; k++) {
        const struct delay_arm *arm = &in->arms[k];
        double ripe = exposures_ripe(in, arm, rate), n = (double)arm->delays;
        if (n > 0 && ripe > 0)
            sum += n * (log(rate / all) - log(ripe)) - rate * arm->delay_sum_s;
    }
    return sum;
}

static int window_buckets(const struct delay_input *in)
{
    double n = in->window_s > 0 ? ceil(in->window_s / in->bucket_s) : in->buckets;
    return n < in->buckets ? (int)n : in->buckets;
}

/* How the conversions of an arm lie in time, given their number. A conversion comes in
 * the bucket of its exposure with chance 1 - (1 - e^-x) / x, d buckets later with
 * (1 - e^-x)^2 / x * e^-x(d - 1); `past` is the sum over d >= 1 without the factor. */
static double arm_curve(const struct delay_input *in, const struct delay_arm *arm,
                        double rate)
{
    int window = window_buckets(in), from = arm->old_exposures > 0 ? window : 0;
    double x = rate * in->bucket_s, mean = -expm1(-x) / x, later = -expm1(-x) * mean;
    double fade = exp(-x), cut = exp(-x * window), past = 0;
    double expected = 0, seen = 0, sum = 0;
    for (int j = 0; j < in->buckets; j++) {
        double e = (double)arm->exposures[j], c = (double)arm->conversions[j];
        double m = (1 - mean) * e + later * past;
        if (j >= from && m > 0) {
            expected += m;
            seen += c;
            if (c > 0)
                sum += c * log(m);
        }
        past = fade * past + e;
        if (j >= window)
            past = fmax(0, past - cut * (double)arm->exposures[j - window]);
    }
    return seen > 0 ? sum - seen * log(expected) : 0;
}

static double curves_likelihood(const struct delay_input *in, double rate)
{
    double sum = 0;
    for (int k = 0; k < in->arm_count; k++)
        sum += arm_curve(in, &in->arms[k], rate);
    return sum;
}

static double likelihood(const struct delay_input *in, enum delay_source by,
                         double log_rate)
{
    double rate = exp(log_rate);
    return by == DELAY_DELAYS ? delays_likelihood(in, rate)
                              : curves_likelihood(in, rate);
}

/* log r of the maximum between lo and hi, which stand on both sides of it. */
static double golden_search(const struct delay_input *in, enum delay_source by,
                            double lo, double hi)
{
    double a = hi - GOLDEN * (hi - lo), b = lo + GOLDEN * (hi - lo);
    double at_a = likelihood(in, by, a), at_b = likelihood(in, by, b);
    while (hi - lo > 1e-4) {
        bool left = at_a > at_b;
        if (left) {
            hi = b;
            b = a;
            at_b = at_a;
            a = hi - GOLDEN * (hi - lo);
            at_a = likelihood(in, by, a);
        } else {
            lo = a;
            a = b;
            at_a = at_b;
            b = lo + GOLDEN * (hi - lo);
            at_b = likelihood(in, by, b);
        }
    }
    return (lo + hi) / 2;
}

/* Where the likelihood has fallen by DROP on the way from the maximum to `end`, or end.
 */
static double doubt_end(const struct delay_input *in, enum delay_source by, double best,
                        double end)
{
    double least = likelihood(in, by, best) - DROP, inside = best, outside = end;
    if (likelihood(in, by, end) >= least)
        return end;
    for (int i = 0; i < 16; i++) {
        double middle = (inside + outside) / 2;
        if (likelihood(in, by, middle) >= least)
            inside = middle;
        else
            outside = middle;
    }
    return outside;
}

/* Part of all exposures that counts. */
static double ripe_share(const struct delay_input *in, double log_rate)
{
    double ripe = 0, all = 0;
    for (int k = 0; k < in->arm_count; k++) {
        ripe += exposures_ripe(in, &in->arms[k], exp(log_rate));
        all += (double)in->arms[k].old_exposures;
        for (int i = 0; i < in->buckets; i++)
            all += (double)in->arms[k].exposures[i];
    }
    return all > 0 ? fmin(ripe / all, 1) : 1;
}

/* Mean delays from a quarter of a bucket to 100 times what is seen: there F is even
 * over the window. True if n_eff is known well enough. */
static bool rate_find(const struct delay_input *in, enum delay_source by,
                      struct delay_fit *out)
{
    double span = in->window_s > 0 ? in->window_s : in->buckets * in->bucket_s;
    double lo = log(0.01 / span), hi = fmax(log(4 / in->bucket_s), lo + 1);
    double step = (hi - lo) / (GRID - 1), best = lo, most = -INFINITY;
    for (int i = 0; i < GRID; i++) {
        double value = likelihood(in, by, lo + i * step);
        if (value > most) {
            most = value;
            best = lo + i * step;
        }
    }
    best = golden_search(in, by, best - step, best + step);
    out->rate_per_s = exp(best);
    out->ripe = ripe_share(in, best);
    out->ripe_lo = ripe_share(in, doubt_end(in, by, best, lo - step));
    out->ripe_hi = ripe_share(in, doubt_end(in, by, best, hi + step));
    bool known = out->ripe_hi <= DOUBT_MAX * out->ripe_lo;
    out->source = known ? by : DELAY_UNKNOWN;
    return known;
}

static bool arm_is_sound(const struct delay_input *in, const struct delay_arm *arm)
{
    bool sound = arm->old_exposures >= 0 && arm->old_conversions >= 0 &&
                 arm->delays >= 0 && arm->delay_sum_s >= 0 &&
                 isfinite(arm->delay_sum_s);
    for (int i = 0; i < in->buckets && sound; i++)
        sound = arm->exposures[i] >= 0 && arm->conversions[i] >= 0;
    return sound;
}

static bool input_is_sound(const struct delay_input *in)
{
    bool sound = in->arm_count >= 1 && in->arm_count <= DELAY_ARMS_MAX &&
                 in->buckets >= 1 && in->buckets <= DELAY_BUCKETS_MAX &&
                 in->bucket_s > 0 && isfinite(in->bucket_s) && in->window_s >= 0 &&
                 isfinite(in->window_s);
    for (int k = 0; k < in->arm_count && sound; k++)
        sound = arm_is_sound(in, &in->arms[k]);
    return sound;
}

static void arm_correct(const struct delay_input *in, struct delay_arm *arm,
                        const struct delay_fit *fit)
{
    double exposures = (double)arm->old_exposures, c = (double)arm->old_conversions;
    for (int i = 0; i < in->buckets; i++) {
        exposures += (double)arm->exposures[i];
        c += (double)arm->conversions[i];
    }
    arm->n_eff = exposures;
    if (fit->source != DELAY_UNKNOWN)
        arm->n_eff = exposures_ripe(in, arm, fit->rate_per_s);
    /* luck at the start must not make a rate above 1 */
    arm->n_eff = fmin(fmax(arm->n_eff, c), exposures);
    arm->trials = (int64_t)fmin(fmax(round(arm->n_eff), 0), 9e18);
}

enum err delay_correct(const struct delay_input *in, struct delay_fit *out)
{
    double delays = 0, conversions = 0;
    if (!input_is_sound(in))
        return ERR_OUT_OF_RANGE;
    for (int k = 0; k < in->arm_count; k++) {
        delays += (double)in->arms[k].delays;
        for (int i = 0; i < in->buckets; i++)
            conversions += (double)in->arms[k].conversions[i];
    }
    *out = (struct delay_fit){.source = DELAY_UNKNOWN};
    bool known = delays >= CONVERSIONS_MIN && rate_find(in, DELAY_DELAYS, out);
    if (!known && conversions >= CONVERSIONS_MIN)
        known = rate_find(in, DELAY_CURVES, out);
    if (!known)
        *out = (struct delay_fit){DELAY_UNKNOWN, 0, 1, 1, 1};
    for (int k = 0; k < in->arm_count; k++)
        arm_correct(in, &in->arms[k], out);
    return ERR_OK;
}
