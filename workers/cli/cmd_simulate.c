/* cmd_simulate.c: how much traffic a spec will need, and what its policy may earn,
 * played on made-up texts. */
#include "campaigns/ranking/plan.h"
#include "core/base/json_out.h"
#include "queues/inbox.h"
#include "workers/cli/cmd_check.h"
#include "workers/cli/judgement.h"
#include "workers/cli/table.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define OUT_MAX_BYTES ((size_t)1 << 20)
#define BATCHES 50 /* a batch is 1-2 % of the traffic (RANKING §5.5) */
#define RUNS 200
#define ROWS_MAX 4
#define TEXTS 6 /* of content, where `n` is not given */

static const double lifts[] = {0.1, 0.2, 0.5};
#define LIFTS (sizeof lifts / sizeof *lifts)

struct row {
    int64_t trials;
    struct plan_outcome outcome;
};
struct forecast {
    const struct spec *spec;
    struct plan_world world;
    struct row row[ROWS_MAX];
    int count;
    int64_t per_text[LIFTS];
};

static enum err level_read(const struct cli *c, double *level, struct err_detail *d)
{
    const char *text = cli_option(c, OPTION_level);
    char *end;
    if (!text)
        return ERR_OK;
    *level = strtod(text, &end);
    if (end == text || *end || !(*level >= 1e-6 && *level <= 0.9))
        return err_set(d, ERR_OUT_OF_RANGE, "",
                       "--level is a rate from 0.000001 to 0.9, for example 0.014");
    return ERR_OK;
}

/* Texts that compete in one placement: those asked for, and a control that is given. */
static int arms_of(const struct spec *s)
{
    int64_t n = json_int(json_get(s->input, "n"), TEXTS);
    if (s->placement_count > 0 && s->placement[0].control)
        n++;
    return (int)(n < POSTERIOR_ARMS_MAX ? n : POSTERIOR_ARMS_MAX);
}

/* The traffic planned, a tenth and ten times of it; or what campaigns have. */
static void rows_choose(struct forecast *f)
{
    int64_t horizon = f->spec->horizon;
    if (horizon > 0) {
        f->row[f->count++].trials = horizon > 10 ? horizon / 10 : 1;
        f->row[f->count++].trials = horizon;
        f->row[f->count++].trials = horizon * 10;
        return;
    }
    for (int64_t n = 1000; n <= 1000000; n *= 10)
        f->row[f->count++].trials = n;
}

static enum err forecast_make(struct forecast *f, const struct cli *c,
                              struct err_detail *d)
{
    const struct spec *s = f->spec;
    bool click = s->metric == SPEC_METRIC_CLICK;
    double usual = click ? PLAN_LEVEL_CLICK : PLAN_LEVEL_CONVERSION;
    f->world = (struct plan_world){.level = usual,
                                   .prior = plan_prior(usual),
                                   .arms = arms_of(s),
                                   .horizon_known = s->horizon > 0,
                                   .policy = policy_find(s->policy),
                                   .batches = BATCHES,
                                   .runs = RUNS,
                                   .seed = s->seed};
    enum err e = level_read(c, &f->world.level, d);
    rows_choose(f);
    for (int i = 0; i < f->count && !e; i++) {
        f->world.trials = f->row[i].trials;
        e = plan_simulate(&f->world, &f->row[i].outcome);
    }
    for (size_t i = 0; i < LIFTS && !e; i++)
        f->per_text[i] = plan_trials_per_arm(f->world.level, lifts[i]);
    return e;
}

static void add_cell(struct table *t, const char *fmt, double x)
{
    char cell[48];
    snprintf(cell, sizeof cell, fmt, x);
    table_add(t, cell);
}

static const char *success_of(const struct forecast *f)
{
    return f->spec->metric == SPEC_METRIC_CLICK ? "clicks" : "conversions";
}

static enum err put_earnings(const struct forecast *f, struct buf *out)
{
    static const char *const heads[] = {">TRAFFIC",   ">EQUAL SPLIT", ">POLICY",
                                        ">BEST TEXT", ">GAIN",        ">BEST FOUND",
                                        NULL};
    struct table t;
    table_init(&t, heads);
    for (int i = 0; i < f->count; i++) {
        const struct plan_outcome *o = &f->row[i].outcome;
        add_cell(&t, "%.0f", (double)f->row[i].trials);
        add_cell(&t, "%.2f", 1000 * o->uniform);
        add_cell(&t, "%.2f", 1000 * o->policy);
        add_cell(&t, "%.2f", 1000 * o->oracle);
        add_cell(&t, "%+.1f %%", 100 * (o->policy / o->uniform - 1));
        add_cell(&t, "%.0f %%", 100 * o->picked);
    }
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

static enum err put_sizes(const struct forecast *f, struct buf *out)
{
    static const char *const heads[] = {">LIFT", ">FOR EACH TEXT", ">FOR ALL", NULL};
    struct table t;
    table_init(&t, heads);
    for (size_t i = 0; i < LIFTS; i++) {
        add_cell(&t, "%+.0f %%", 100 * lifts[i]);
        add_cell(&t, "%.0f", (double)f->per_text[i]);
        add_cell(&t, "%.0f", (double)f->per_text[i] * f->world.arms);
    }
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

/* A failure to write stays with the buf. */
static void put_text(const struct forecast *f, struct buf *out)
{
    const struct plan_world *w = &f->world;
    buf_printf(out,
               "simulated, for one placement: %d texts whose rates are drawn around "
               "%.3g %% as in past tests,\npolicy %s, %d runs; %s per 1,000 shown\n\n",
               w->arms, 100 * w->level, w->policy->name, w->runs, success_of(f));
    (void)put_earnings(f, out);
    buf_printf(out, "\nshown or delivered, to tell two texts apart (80 %% power, 5 %% "
                    "error)\n\n");
    (void)put_sizes(f, out);
    buf_printf(out, "\nnot simulated: texts that retire, new ones of later rounds%s\n",
               f->spec->metric == SPEC_METRIC_REVENUE ? ", order values" : "");
}

static void put_row(struct json_out *j, const struct row *r)
{
    const struct plan_outcome *o = &r->outcome;
    json_out_open(j, '{');
    json_out_kint(j, "traffic", r->trials);
    json_out_knum(j, "uniform_per_1000", 1000 * o->uniform);
    json_out_knum(j, "policy_per_1000", 1000 * o->policy);
    json_out_knum(j, "gain_error_per_1000", 1000 * o->policy_error);
    json_out_knum(j, "oracle_per_1000", 1000 * o->oracle);
    json_out_knum(j, "p_pick_best", o->picked);
    json_out_knum(j, "p_pick_best_uniform", o->picked_uniform);
    json_out_knum(j, "pick_loss", o->pick_loss);
    json_out_close(j, '}');
}

static void put_json(const struct forecast *f, struct buf *out)
{
    const struct plan_world *w = &f->world;
    struct json_out j;
    json_out_init(&j, out);
    json_out_open(&j, '{');
    json_out_kbool(&j, "simulated", true);
    json_out_kstr(&j, "policy", w->policy->name);
    json_out_kstr(&j, "metric", spec_metric_name(f->spec->metric));
    json_out_knum(&j, "level", w->level);
    json_out_kint(&j, "texts", w->arms);
    json_out_kint(&j, "runs", w->runs);
    json_out_kbool(&j, "horizon_known", w->horizon_known);
    json_out_key(&j, "rows");
    json_out_open(&j, '[');
    for (int i = 0; i < f->count; i++)
        put_row(&j, &f->row[i]);
    json_out_close(&j, ']');
    json_out_key(&j, "traffic_needed");
    json_out_open(&j, '[');
    for (size_t i = 0; i < LIFTS; i++) {
        json_out_open(&j, '{');
        json_out_knum(&j, "lift", lifts[i]);
        json_out_kint(&j, "per_text", f->per_text[i]);
        json_out_knum(&j, "all_texts", (double)f->per_text[i] * w->arms);
        json_out_close(&j, '}');
    }
    json_out_close(&j, ']');
    json_out_close(&j, '}');
    buf_append_char(out, '\n');
}

static int show(struct cli *c, struct judgement *j)
{
    struct forecast f = {.spec = &j->spec};
    struct err_detail d = {.path = ""};
    struct buf out;
    if (forecast_make(&f, c, &d))
        return cli_refuse(c, &d);
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c))
        put_json(&f, &out);
    else
        put_text(&f, &out);
    return cli_print(c, &out);
}

int cmd_simulate(struct cli *c)
{
    return check_then(c, show);
}
