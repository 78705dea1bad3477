/* levels.c: levels and contrasts by turns, and what they leave of the counts. */
#include "campaigns/ranking/levels.h"
#include "campaigns/ranking/srm.h"

#include <math.h>

#define SWEEPS_MAX 300
#define SETTLED 1e-7
#define RUN_EXPECTED 20 /* successes of a run of epochs */
#define MOVED 0.01
#define ARMS POSTERIOR_ARMS_MAX

struct fit {
    const struct epoch_table *table;
    double successes[ARMS]; /* c_k */
    double trials[ARMS];    /* n_k */
    double ratio[ARMS];     /* r_k */
    double exposure[ARMS];  /* sum over e of n_ek lambda_e */
    double all_successes, all_trials;
    double run_trials;   /* least trials of a run */
    double stiff;        /* s; 0 = levels are free */
    double level;        /* lambda */
    double level_trials; /* mean of lambda_e over trials */
};

/* Adjacent epochs put together. Begins zeroed; next: the first epoch after it. */
struct run {
    int next;
    double n[ARMS], trials, successes, left; /* left: trials after it */
};

static bool run_next(const struct fit *fit, struct run *run)
{
    const struct epoch_table *table = fit->table;
    if (run->next >= table->epochs)
        return false;
    double left = run->next ? run->left : fit->all_trials;
    *run = (struct run){.next = run->next, .left = left};
    while (run->next < table->epochs &&
           (run->trials < fit->run_trials || run->left < fit->run_trials)) {
        for (int k = 0; k < table->arms; k++) {
            struct epoch_count c = epoch_at(table, run->next, k);
            run->n[k] += (double)c.trials;
            run->trials += (double)c.trials;
            run->left -= (double)c.trials;
            run->successes += (double)c.successes;
        }
        run->next++;
    }
    return true;
}

static void fit_begin(struct fit *fit, const struct epoch_table *table)
{
    *fit = (struct fit){.table = table};
    for (int k = 0; k < table->arms; k++) {
        for (int e = 0; e < table->epochs; e++) {
            struct epoch_count c = epoch_at(table, e, k);
            fit->trials[k] += (double)c.trials;
            fit->successes[k] += (double)c.successes;
        }
        fit->all_trials += fit->trials[k];
        fit->all_successes += fit->successes[k];
    }
    fit->level = fit->all_trials > 0 ? fit->all_successes / fit->all_trials : 0;
    fit->run_trials = RUN_EXPECTED / fit->level;
    for (int k = 0; k < table->arms; k++) {
        fit->exposure[k] = fit->trials[k] * fit->level;
        fit->ratio[k] = fit->exposure[k] > 0 ? fit->successes[k] / fit->exposure[k] : 1;
    }
}

/* Trials of a run, each as much as its arm's ratio. */
static double weight_of(const struct fit *fit, const struct run *run,
                        const double *ratio)
{
    double weight = 0;
    for (int k = 0; k < fit->table->arms; k++)
        weight += run->n[k] * ratio[k];
    return weight;
}

/* New levels and exposures from the ratios. */
static void levels_sweep(struct fit *fit)
{
    double sum = 0, over_trials = 0;
    int runs = 0;
    struct run run = {.next = 0};
    for (int k = 0; k < fit->table->arms; k++)
        fit->exposure[k] = 0;
    while (run_next(fit, &run)) {
        double weight = weight_of(fit, &run, fit->ratio) + fit->stiff / fit->level;
        double level = weight > 0 ? (run.successes + fit->stiff) / weight : 0;
        sum += level;
        runs++;
        over_trials += level * run.trials;
        for (int k = 0; k < fit->table->arms; k++)
            fit->exposure[k] += run.n[k] * level;
    }
    fit->level = sum / runs;
    fit->level_trials = over_trials / fit->all_trials;
}

static void fit_run(struct fit *fit)
{
    double change = 1;
    for (int i = 0; i < SWEEPS_MAX && change > SETTLED; i++) {
        levels_sweep(fit);
        change = 0;
        for (int k = 0; k < fit->table->arms; k++) {
            if (fit->exposure[k] <= 0)
                continue;
            double next = fit->successes[k] / fit->exposure[k];
            change = fmax(change, fabs(next - fit->ratio[k]) / fmax(next, 1e-9));
            fit->ratio[k] = next;
        }
    }
}

/* Whether all runs have one level. */
static void level_test(const struct fit *fit, struct levels_result *out)
{
    double chi = 0, sum = 0, squares = 0, weight = 0;
    int runs = 0;
    struct run run = {.next = 0};
    while (run_next(fit, &run))
        weight += weight_of(fit, &run, fit->ratio);
    run.next = 0;
    while (run_next(fit, &run)) {
        double expected =
            fit->all_successes / weight * weight_of(fit, &run, fit->ratio);
        double off = run.successes - expected;
        chi += expected > 0 ? off * off / expected : 0;
        sum += expected;
        squares += expected * expected;
        runs++;
    }
    if (runs < 2)
        return;
    out->p = srm_tail(chi, runs - 1);
    out->spread = sqrt(fmax(0, chi - (runs - 1)) / (sum - squares / sum));
    out->found = out->p < MOVED;
}

/* f_k of the header. */
static void information_left(const struct fit *fit, double *f)
{
    double ratio[ARMS], own[ARMS] = {0}, inside[ARMS] = {0}, square[ARMS] = {0},
                        mean[ARMS] = {0}, all = 0;
    struct run run = {.next = 0};
    for (int k = 0; k < fit->table->arms; k++) /* half a success if there is none */
        ratio[k] =
            fit->exposure[k] > 0 ? fmax(fit->successes[k], 0.5) / fit->exposure[k] : 0;
    while (run_next(fit, &run)) {
        double weight = weight_of(fit, &run, ratio), c = run.successes;
        double v = c * fit->stiff / (c + fit->stiff);
        if (weight <= 0)
            continue;
        all += v;
        for (int k = 0; k < fit->table->arms; k++) {
            double p = run.n[k] * ratio[k] / weight;
            own[k] += c * p;
            inside[k] += c * p * (1 - p);
            square[k] += v * p * p;
            mean[k] += v * p;
        }
    }
    for (int k = 0; k < fit->table->arms; k++) {
        double whole = own[k] * (1 - own[k] / fit->all_successes);
        double kept = inside[k];
        if (all > 0)
            kept += square[k] - mean[k] * mean[k] / all;
        f[k] = whole > 1e-9 * own[k] ? fmin(1, fmax(0, kept / whole)) : 1;
    }
}

static int64_t rounded(double x)
{
    return (int64_t)llround(fmin(x, 9e15));
}

static void counts_adjust(const struct fit *fit, struct epoch_count *out)
{
    double f[ARMS];
    information_left(fit, f);
    for (int k = 0; k < fit->table->arms; k++) {
        out[k].successes = rounded(f[k] * fit->successes[k]);
        out[k].trials = rounded(f[k] * fit->exposure[k] / fit->level_trials);
        if (out[k].successes > out[k].trials)
            out[k].successes = out[k].trials;
    }
}

enum err levels_adjust(const struct epoch_table *table, struct epoch_count *out,
                       struct levels_result *result)
{
    struct fit fit;
    *result = (struct levels_result){.p = 1};
    if (table->arms < 1 || table->arms > ARMS || table->epochs < 0)
        return ERR_OUT_OF_RANGE;
    fit_begin(&fit, table);
    for (int k = 0; k < table->arms; k++) {
        out[k].trials = rounded(fit.trials[k]);
        out[k].successes = rounded(fit.successes[k]);
    }
    if (fit.all_successes < 2 * RUN_EXPECTED)
        return ERR_OK;
    fit_run(&fit);
    level_test(&fit, result);
    if (!result->found)
        return ERR_OK;
    fit.stiff = 1 / (result->spread * result->spread);
    fit_run(&fit);
    counts_adjust(&fit, out);
    return ERR_OK;
}
