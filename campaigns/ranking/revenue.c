/* revenue.c: the method, the factors of each arm, and their product. */
#include "campaigns/ranking/revenue.h"
#include "campaigns/ranking/product.h"

#include <math.h>
#include <stdlib.h>

#define SPREAD 0.2 /* of mean order values between arms */
#define CV_SQUARED_MIN 0.01
#define CV_SQUARED_MAX 25.0
#define CAP_SHARE 0.995
/* before there is data: conversions 0.2 % of trials, clicks 1.5 % (RANKING §5.12) */
#define CONVERSIONS_PER_CLICK 0.13

struct totals {
    double conversions, clicks, revenue;
    bool squares; /* were kept */
};

const char *revenue_method_name(enum revenue_method m)
{
    static const char *const names[] = {"none", "clicks", "rate", "value"};
    return names[m];
}

const char *revenue_method_meaning(enum revenue_method m)
{
    static const char *const meanings[] = {
        "no evidence yet",
        "too few conversions: by clicks, and what a click of this placement is worth",
        "by the rate of conversion: orders came without values",
        "by the rate of conversion and the order value",
    };
    return meanings[m];
}

static double conversions_of(const struct revenue_arm *arm)
{
    const struct posterior_arm *r = &arm->rate;
    return (double)(r->successes < r->trials ? r->successes : r->trials);
}

static double revenue_of(const struct revenue_arm *arm)
{
    return arm->revenue > 0 && arm->rate.successes > 0 ? arm->revenue : 0;
}

static struct totals totals_of(const struct revenue_arm *arms, int count)
{
    struct totals t = {0};
    for (int k = 0; k < count; k++) {
        t.conversions += conversions_of(&arms[k]);
        t.clicks += (double)arms[k].clicks;
        t.revenue += revenue_of(&arms[k]);
        t.squares = t.squares || arms[k].revenue_squares > 0;
    }
    return t;
}

/* Variance of the orders within their arms, in squares of the arm's mean. */
static double cv_squared(const struct revenue_arm *arms, int count)
{
    double squares = 0, freedom = 0;
    for (int k = 0; k < count; k++) {
        double c = conversions_of(&arms[k]), mean = revenue_of(&arms[k]) / c;
        if (c < 2 || !(mean > 0) || arms[k].revenue_squares <= 0)
            continue;
        squares += arms[k].revenue_squares / (mean * mean) - c;
        freedom += c - 1;
    }
    double cv = freedom > 0 ? squares / freedom : 1;
    return fmin(fmax(cv, CV_SQUARED_MIN), CV_SQUARED_MAX);
}

static enum revenue_method method_of(const struct totals *t, int count)
{
    if (t->conversions >= REVENUE_CONVERSIONS_MIN * (double)count)
        return t->revenue > 0 ? REVENUE_VALUE : REVENUE_RATE;
    return t->clicks > 0 || t->conversions > 0 ? REVENUE_CLICKS : REVENUE_NONE;
}

/* The rate of conversion times the mean order value of the arm. */
static struct product by_orders(struct revenue_arm *arm, const struct revenue_result *r)
{
    struct product rate = product_rate(arm->rate.a, arm->rate.b);
    arm->value = r->value;
    if (r->method != REVENUE_VALUE)
        return rate;
    double precision = 1 / (SPREAD * SPREAD), each = 1 / (r->cv * r->cv);
    double a = 2 + precision + each * conversions_of(arm);
    double b = (1 + precision) * r->value + each * revenue_of(arm);
    arm->value = b / (a - 1);
    return product_times(rate, product_value(a, b));
}

/* clicked: the posterior of its rate of clicks. Conversions that nobody clicked for are
 * left out. */
static struct product by_clicks(struct revenue_arm *arm,
                                const struct posterior_arm *clicked,
                                const struct revenue_result *r)
{
    double ratio = r->click_value / r->value, n = (double)arm->clicks;
    double strength = REVENUE_CONVERSIONS_MIN / ratio;
    double c = fmin(conversions_of(arm), n);
    struct product x = product_times(
        product_rate(clicked->a, clicked->b),
        product_rate(ratio * strength + c, (1 - ratio) * strength + n - c));
    x.mean += log(r->value);
    arm->value = r->value;
    return x;
}

static enum err clicks_rank(const struct revenue_arm *arms, int count,
                            const struct posterior_prior *prior,
                            struct posterior_arm *clicked)
{
    struct posterior_result ignored;
    for (int k = 0; k < count; k++)
        clicked[k] = (struct posterior_arm){.trials = arms[k].rate.trials,
                                            .successes = arms[k].clicks};
    return posterior_rank(clicked, count, prior, &ignored);
}

static bool arm_is_sound(const struct revenue_arm *arm)
{
    return arm->clicks >= 0 && isfinite(arm->revenue) &&
           isfinite(arm->revenue_squares) && arm->revenue_squares >= 0;
}

static void result_fill(struct revenue_result *out, const struct revenue_arm *arms,
                        int count)
{
    struct totals t = totals_of(arms, count);
    out->method = method_of(&t, count);
    out->value = t.revenue > 0 && t.conversions > 0 ? t.revenue / t.conversions : 1;
    out->cv = t.squares ? sqrt(cv_squared(arms, count)) : 1;
    /* one conversion of what is usual, so that none so far does not mean never */
    double ratio = (t.conversions + 1) / (t.clicks + 1 / CONVERSIONS_PER_CLICK);
    out->click_value = fmin(ratio, 0.9) * out->value;
}

static void arms_compare(struct revenue_arm *arms, struct product_arm *products,
                         int count, struct revenue_result *out)
{
    out->expected_max = product_rank(products, count);
    for (int k = 0; k < count; k++) {
        struct revenue_arm *arm = &arms[k];
        arm->mean = products[k].mean;
        arm->lo = products[k].lo;
        arm->hi = products[k].hi;
        arm->p_best = products[k].p_best;
        arm->expected_loss = products[k].expected_loss;
        if (arm->mean > arms[out->leader].mean)
            out->leader = k;
    }
    for (int k = 0; k < count; k++)
        arms[k].tied = arms[k].expected_loss < 0.01 * arms[out->leader].mean;
}

enum err revenue_rank(struct revenue_arm *arms, int count,
                      const struct posterior_prior *clicks,
                      const struct posterior_prior *conversions,
                      struct revenue_result *out)
{
    struct posterior_arm rates[POSTERIOR_ARMS_MAX], clicked[POSTERIOR_ARMS_MAX];
    struct product_arm products[POSTERIOR_ARMS_MAX] = {0};
    struct posterior_result ranked;
    if (count < 1 || count > POSTERIOR_ARMS_MAX)
        return ERR_OUT_OF_RANGE;
    for (int k = 0; k < count; k++) {
        if (!arm_is_sound(&arms[k]))
            return ERR_OUT_OF_RANGE;
        rates[k] = arms[k].rate;
    }
    enum err e = posterior_rank(rates, count, conversions, &ranked);
    if (!e)
        e = clicks_rank(arms, count, clicks, clicked);
    if (e)
        return e;
    *out = (struct revenue_result){.level = ranked.level};
    result_fill(out, arms, count);
    for (int k = 0; k < count; k++) {
        arms[k].rate = rates[k];
        bool by_click = out->method < REVENUE_RATE;
        products[k].x =
            by_click ? by_clicks(&arms[k], &clicked[k], out) : by_orders(&arms[k], out);
    }
    arms_compare(arms, products, count, out);
    return ERR_OK;
}

static int value_order(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

double revenue_cap(double *values, size_t count)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, value_order);
    return values[(size_t)ceil(CAP_SHARE * (double)count) - 1];
}

void revenue_add(struct revenue_arm *arm, double value, double cap)
{
    double cut = cap > 0 && value > cap ? cap : value;
    arm->revenue += cut;
    arm->revenue_squares += cut * cut;
}
