/* guard.c: the table of guards, and the rule. */
#include "campaigns/ranking/guard.h"
#include "campaigns/ranking/product.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct guard_rule rules[] = {
#define GUARD(type, of, margin, floor, limit, least, usual, english, chinese)          \
    {#type, of, margin, floor, limit, least, usual, english, chinese},
#include "campaigns/ranking/guards.def"
#undef GUARD
};

const struct guard_rule *guard_at(size_t i)
{
    return i < sizeof rules / sizeof *rules ? &rules[i] : NULL;
}

const struct guard_rule *guard_find(const char *type)
{
    for (size_t i = 0; guard_at(i); i++)
        if (strcmp(rules[i].type, type) == 0)
            return &rules[i];
    return NULL;
}

static double events_of(const struct guard_count *n)
{
    return (double)(n->events < n->trials ? n->events : n->trials);
}

static double rate_of(const struct guard_count *n)
{
    return n->trials > 0 ? events_of(n) / (double)n->trials : 0;
}

/* Beyond 1e9 trials a side is known as well as it needs to be (posterior.c). */
static struct product rate_posterior(const struct guard_rule *rule,
                                     const struct guard_count *n)
{
    double trials = (double)n->trials, scale = trials > 1e9 ? 1e9 / trials : 1;
    return product_rate(1 + events_of(n) * scale,
                        1 / rule->usual - 1 + (trials - events_of(n)) * scale);
}

enum err guard_judge(const struct guard_rule *rule, const struct guard_count *variant,
                     const struct guard_count *control, struct guard_verdict *out)
{
    if (variant->trials < 0 || variant->events < 0 ||
        (control && (control->trials < 0 || control->events < 0)))
        return ERR_OUT_OF_RANGE;
    *out = (struct guard_verdict){.rate = rate_of(variant),
                                  .control_rate = control ? rate_of(control) : 0};
    if (variant->events < rule->least)
        return ERR_OK;
    struct product rate = rate_posterior(rule, variant);
    if (control) {
        struct product ratio = product_over(rate, rate_posterior(rule, control));
        out->p = fmin(product_above(&ratio, 1 + rule->margin),
                      product_above(&rate, rule->floor));
        if (out->p > GUARD_CHANCE)
            out->reason = GUARD_OVER_CONTROL;
    }
    double over = rule->limit > 0 ? product_above(&rate, rule->limit) : 0;
    if (out->reason == GUARD_FINE && over > GUARD_CHANCE) {
        out->reason = GUARD_OVER_LIMIT;
        out->p = over;
    }
    return ERR_OK;
}

static void put_percent(double rate, char out[16])
{
    double percent = 100 * rate;
    snprintf(out, 16, percent < 10 ? "%.2f %%" : "%.1f %%", percent);
}

void guard_words(const struct guard_rule *rule, const struct guard_verdict *verdict,
                 bool chinese, char out[GUARD_WORDS_MAX])
{
    char rate[16], other[16], p[16];
    bool limit = verdict->reason == GUARD_OVER_LIMIT;
    out[0] = 0;
    if (verdict->reason == GUARD_FINE)
        return;
    put_percent(verdict->rate, rate);
    put_percent(limit ? rule->limit : verdict->control_rate, other);
    if (verdict->p >= 0.995)
        snprintf(p, sizeof p, "> 0.99");
    else
        snprintf(p, sizeof p, "%.2f", verdict->p);
    if (chinese)
        snprintf(out, GUARD_WORDS_MAX,
                 limit ? "已暂停：%s率 %s，超过上限 %s，概率 %s"
                       : "已暂停：%s率 %s，对照组 %s，概率 %s",
                 rule->chinese, rate, other, p);
    else
        snprintf(out, GUARD_WORDS_MAX,
                 limit ? "paused: %s rate %s, over the limit of %s, P %s"
                       : "paused: %s rate %s against %s of control, P %s",
                 rule->english, rate, other, p);
}
