/* offpolicy.c: sums over the log, and what follows from them. */
#include "campaigns/ranking/offpolicy.h"

#include <math.h>
#include <stdbool.h>

#define Z95 1.959963984540054

static bool group_is_sound(const struct offpolicy_group *g)
{
    return g->trials >= 0 && g->logged > 0 && g->logged <= 1 && g->target >= 0 &&
           g->target <= 1 && isfinite(g->reward) && isfinite(g->reward_squares) &&
           g->reward_squares >= 0 && isfinite(g->model) && isfinite(g->model_mean);
}

enum err offpolicy_add(struct offpolicy_log *log, const struct offpolicy_group *g)
{
    if (!group_is_sound(g))
        return ERR_OUT_OF_RANGE;
    double n = (double)g->trials, w = g->target / g->logged;
    if (w > OFFPOLICY_WEIGHT_MAX) {
        w = OFFPOLICY_WEIGHT_MAX;
        log->clipped += g->trials;
    }
    /* a term of DR is base + w r */
    double base = g->model_mean - w * g->model;
    log->trials += g->trials;
    log->weight += n * w;
    log->weight_squares += n * w * w;
    log->wr += w * g->reward;
    log->wwr += w * w * g->reward;
    log->wwrr += w * w * g->reward_squares;
    log->doubly += n * base + w * g->reward;
    log->doubly_squares +=
        n * base * base + 2 * base * w * g->reward + w * w * g->reward_squares;
    return ERR_OK;
}

static struct offpolicy_value value_of(double value, double squares, double n)
{
    double reach = Z95 * sqrt(fmax(squares, 0)) / n;
    return (struct offpolicy_value){value, value - reach, value + reach};
}

/* A mean of n terms, by their sum and the sum of their squares. */
static struct offpolicy_value mean_of(double sum, double squares, double n)
{
    double mean = sum / n;
    return value_of(mean, squares - n * mean * mean, n);
}

struct offpolicy_result offpolicy_result(const struct offpolicy_log *log)
{
    struct offpolicy_result out = {.trials = log->trials, .clipped = log->clipped};
    if (!(log->weight > 0))
        return out;
    double n = (double)log->trials, v = log->wr / log->weight;
    out.ips = mean_of(log->wr, log->wwrr, n);
    out.dr = mean_of(log->doubly, log->doubly_squares, n);
    out.snips = value_of(v, log->wwrr - 2 * v * log->wwr + v * v * log->weight_squares,
                         log->weight);
    out.effective = log->weight * log->weight / log->weight_squares;
    out.mean_weight = log->weight / n;
    return out;
}
