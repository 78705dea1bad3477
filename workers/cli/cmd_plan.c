/* cmd_plan.c: what a campaign will ask for and cost, played through in memory. */
#include "campaigns/kind.h"
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "core/base/money.h"
#include "queues/inbox.h"
#include "workers/cli/cmd_check.h"
#include "workers/cli/judgement.h"
#include "workers/cli/table.h"
#include "workers/rehearsal/rehearsal.h"
#include "workers/zones.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define FIRES 3 /* times that are told */
#define OUT_MAX_BYTES ((size_t)1 << 20)
#define TPM_S 62.5 /* in which as many tokens go as tpm says, see lease.lua */

/* A sum of calls in the end: usd_nano -1 = the price is not known. */
struct cost {
    int64_t calls, in, out, usd_nano;
};
struct plan {
    const struct judgement *judgement;
    const struct config_tenant *tenant; /* with limits of its own, or NULL */
    struct rehearsal good, worst;
    struct cost likely; /* round 1 if every reply is good */
    struct cost most;   /* round 1 if none is, as budgets reserve it */
    struct cost later;  /* all rounds after it, at most */
};

static struct cost cost_of(const struct plan *p, int64_t calls, int64_t in, int64_t out)
{
    const struct spec *s = &p->judgement->spec;
    const struct llm *l = p->judgement->llm;
    int64_t usd = l ? llm_cost_nano(l, s->llm_endpoint, s->llm_model, in, out) : -1;
    return (struct cost){.calls = calls, .in = in, .out = out, .usd_nano = usd};
}

/* A renewed text is asked for like one of the first, at the worst as often, with what
 * readers did so far: half as long again. */
static struct cost later_of(const struct plan *p, int64_t texts)
{
    const struct rehearsal_count *all = &p->worst.total;
    int64_t calls = all->calls ? all->calls : 1;
    int64_t good = p->good.total.calls ? p->good.total.calls : 1;
    int64_t calls_max = texts * ((calls + good - 1) / good); /* refused as often */
    return cost_of(p, calls_max, calls_max * (all->in_max / calls) * 3 / 2,
                   calls_max * (all->out_max / calls));
}

static enum err make(struct plan *p, struct err_detail *d)
{
    const struct spec *s = &p->judgement->spec;
    const struct kind *kind = kind_find(s->kind);
    enum err e = rehearsal_run(s, &p->good, d);
    if (!e)
        e = rehearsal_worst(s, &p->worst, d);
    if (e)
        return e;
    const struct rehearsal_count *good = &p->good.total, *bad = &p->worst.total;
    p->likely = cost_of(p, good->calls, good->in, good->out);
    p->most = cost_of(p, bad->calls, bad->in_max, bad->out_max);
    p->later = later_of(p, kind->calls_later ? kind->calls_later(s) : 0);
    return ERR_OK;
}

static bool is_within(const struct spec *s, const struct cost *c)
{
    return (s->budget_calls < 0 || c->calls <= s->budget_calls) &&
           (s->budget_tokens < 0 || c->in + c->out <= s->budget_tokens) &&
           (s->budget_usd_nano < 0 || c->usd_nano <= s->budget_usd_nano);
}

static const char *verdict_of(const struct plan *p)
{
    const struct spec *s = &p->judgement->spec;
    if (s->budget_calls < 0 && s->budget_tokens < 0 && s->budget_usd_nano < 0)
        return "none";
    if (s->budget_usd_nano >= 0 && p->likely.usd_nano < 0)
        return "unknown";
    if (is_within(s, &p->most))
        return "enough";
    return is_within(s, &p->likely) ? "likely" : "short";
}

static const char *verdict_text(const char *verdict)
{
    switch (verdict[0]) {
    case 'n':
        return "no budget bounds it";
    case 'u':
        return "the price of the model is not known here: whether the budget is enough "
               "cannot be told";
    case 'e':
        return "the budget is enough for the first round, whatever the model does";
    case 'l':
        return "the budget is enough for the first round if few replies are refused";
    default:
        return "the budget is too small for the first round: it ends over_budget";
    }
}

/* The same of what the tenant may spend in a day, if nothing is spent yet. */
static const char *tenant_verdict(const struct plan *p)
{
    if (!p->tenant || p->tenant->usd_per_day_nano < 0)
        return "none";
    if (p->likely.usd_nano < 0)
        return "unknown";
    if (p->most.usd_nano <= p->tenant->usd_per_day_nano)
        return "enough";
    return p->likely.usd_nano <= p->tenant->usd_per_day_nano ? "likely" : "short";
}

static void put_tenant(const struct plan *p, struct buf *out)
{
    char usd[MONEY_TEXT];
    const char *verdict = tenant_verdict(p);
    if (verdict[0] == 'n')
        return;
    money_print(p->tenant->usd_per_day_nano, 9, usd);
    buf_printf(out, "its tenant %s may spend %s usd a day: %s\n", p->tenant->name, usd,
               verdict[0] == 'e'   ? "enough, if nothing else is spent"
               : verdict[0] == 'l' ? "enough if few replies are refused"
               : verdict[0] == 'u' ? "the price of the model is not known here"
                                   : "too little for the first round");
}

/* How long the first round takes by its tenant's tpm, of which 96 % can be used; 0:
 * there is none. */
static int64_t tenant_s(const struct plan *p)
{
    int64_t tokens = p->likely.in + p->likely.out;
    bool limited = p->tenant && p->tenant->tpm > 0;
    return limited ? (int64_t)((double)tokens * TPM_S / (double)p->tenant->tpm) + 1 : 0;
}

static void put_pace(const struct plan *p, struct buf *out)
{
    if (tenant_s(p) > 0)
        buf_printf(out,
                   "its tenant %s may use %" PRId64
                   " tokens a minute: that takes %" PRId64 " s or more\n",
                   p->tenant->name, p->tenant->tpm, tenant_s(p));
}

static void add_cell(struct table *t, const char *fmt, int64_t n)
{
    char cell[32];
    snprintf(cell, sizeof cell, fmt, n);
    table_add(t, cell);
}

static void add_row(struct table *t, const char *name, const struct cost *c)
{
    char usd[MONEY_TEXT];
    money_print(c->usd_nano, 9, usd);
    table_add(t, name);
    add_cell(t, "%" PRId64, c->calls);
    add_cell(t, "%" PRId64, c->in);
    add_cell(t, "%" PRId64, c->out);
    table_add(t, c->usd_nano < 0 ? "unknown" : usd);
}

static enum err put_table(const struct plan *p, struct buf *out)
{
    static const char *const heads[] = {"",     ">CALLS", ">TOKENS IN", ">TOKENS OUT",
                                        ">USD", NULL};
    struct table t;
    table_init(&t, heads);
    for (const struct rehearsal_count *row = p->good.stage; row->stage; row++) {
        struct cost c = cost_of(p, row->calls, row->in, row->out);
        add_row(&t, row->stage, &c);
    }
    add_row(&t, "first round", &p->likely);
    add_row(&t, "at most", &p->most);
    if (p->later.calls > 0)
        add_row(&t, "later rounds, 0 to", &p->later);
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

/* The next times of a campaign that repeats. */
static int find_fires(const struct plan *p, int64_t fires_ms[FIRES])
{
    const struct spec *s = &p->judgement->spec;
    const struct spec_repeat *r = &s->repeat;
    const struct zone *zone =
        r->cron ? zones_find(p->judgement->zones, r->zone, NULL) : NULL;
    int64_t at = clock_wall_ms();
    int n = 0;
    if (s->not_before_ms > at)
        at = s->not_before_ms - 1;
    while (zone && n < FIRES && (!r->times || n < r->times)) {
        at = cron_next(&r->at, zone, at);
        if (at < 0 || (r->until_ms && at > r->until_ms))
            break;
        fires_ms[n++] = at;
    }
    return n;
}

/* As the clocks of its zone show them. */
static void put_fires(const struct plan *p, struct buf *out)
{
    const struct spec_repeat *r = &p->judgement->spec.repeat;
    int64_t fires_ms[FIRES];
    int n = find_fires(p, fires_ms);
    if (!r->cron)
        return;
    buf_printf(out, "it repeats (%s, %s), each time as above; next:%s\n", r->cron,
               r->zone, n ? "" : " never");
    for (int i = 0; i < n; i++) {
        const struct zone *zone = zones_find(p->judgement->zones, r->zone, NULL);
        time_t wall = (time_t)(fires_ms[i] / 1000);
        struct tm tm;
        char text[32] = "";
        wall += zone_offset_at(zone, wall);
        if (gmtime_r(&wall, &tm))
            (void)strftime(text, sizeof text, "%a %Y-%m-%d %H:%M", &tm);
        buf_printf(out, "  %s\n", text);
    }
}

static void put_fires_json(const struct plan *p, struct json_out *w)
{
    int64_t fires_ms[FIRES];
    int n = find_fires(p, fires_ms);
    json_out_key(w, "fires_ms");
    json_out_open(w, '[');
    for (int i = 0; i < n; i++)
        json_out_int(w, fires_ms[i]);
    json_out_close(w, ']');
}

static void put_text(const struct plan *p, struct buf *out)
{
    (void)put_table(p, out); /* a failure stays with the buf */
    if (p->good.waits_at)
        buf_printf(out, "then it waits in stage %s\n", p->good.waits_at);
    buf_printf(out, "%s\n", verdict_text(verdict_of(p)));
    put_tenant(p, out);
    put_pace(p, out);
    put_fires(p, out);
}

static void put_cost(struct json_out *w, const struct cost *c)
{
    char usd[MONEY_TEXT];
    money_print(c->usd_nano, 9, usd);
    json_out_kint(w, "calls", c->calls);
    json_out_kint(w, "tokens_in", c->in);
    json_out_kint(w, "tokens_out", c->out);
    json_out_kint(w, "usd_known", c->usd_nano >= 0);
    json_out_kstr(w, "usd", c->usd_nano < 0 ? "0" : usd);
}

static void put_named(struct json_out *w, const char *name, const struct cost *c)
{
    json_out_key(w, name);
    json_out_open(w, '{');
    put_cost(w, c);
    json_out_close(w, '}');
}

static void put_json(const struct plan *p, struct buf *out)
{
    struct json_out w;
    json_out_init(&w, out);
    json_out_open(&w, '{');
    put_cost(&w, &p->likely);
    put_named(&w, "at_most", &p->most);
    put_named(&w, "later_at_most", &p->later);
    json_out_key(&w, "stages");
    json_out_open(&w, '[');
    for (const struct rehearsal_count *row = p->good.stage; row->stage; row++) {
        struct cost c = cost_of(p, row->calls, row->in, row->out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "stage", row->stage);
        put_cost(&w, &c);
        json_out_close(&w, '}');
    }
    json_out_close(&w, ']');
    json_out_kstr(&w, "waits_at", p->good.waits_at ? p->good.waits_at : "");
    json_out_kstr(&w, "budget", verdict_of(p));
    json_out_kstr(&w, "tenant_budget", tenant_verdict(p));
    json_out_kint(&w, "tenant_s", tenant_s(p));
    put_fires_json(p, &w);
    json_out_close(&w, '}');
    buf_append_char(out, '\n');
}

static int show(struct cli *c, struct judgement *j)
{
    struct plan plan = {.judgement = j,
                        .tenant = config_tenant_find(c->config, j->spec.tenant)};
    struct err_detail d = {.path = ""};
    struct buf out;
    if (make(&plan, &d)) {
        (void)cli_refuse(c, &d);
        return d.code == ERR_UNSATISFIABLE ? CLI_BAD_INPUT : CLI_FAILED;
    }
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c))
        put_json(&plan, &out);
    else
        put_text(&plan, &out);
    return cli_print(c, &out);
}

int cmd_plan(struct cli *c)
{
    return check_then(c, show);
}
