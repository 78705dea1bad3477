/* cmd_result.c: ranked variants of each placement, or the document. */
#include "campaigns/ranking/posterior.h"
#include "campaigns/ranking/srm.h"
#include "queues/results.h"
#include "workers/cli/escape.h"
#include "workers/cli/verdict.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX_BYTES ((size_t)32 << 20)
#define BAR_CELLS 20

static enum err take_document(void *arg, const struct reply *r)
{
    size_t n = 0;
    const char *text = reply_str(r, &n);
    return buf_append(arg, text, n);
}

/* Before the first stage ended there is no document: its head alone, then. */
static int show_document(struct session *s, const char *id, const struct json *campaign)
{
    struct buf out;
    struct key key = keys_campaign_part(&s->queue.keys, id, "doc");
    struct session_call call = {.session = s, .take = take_document, .arg = &out};
    buf_init(&out, OUT_MAX_BYTES);
    int rc = session_end(
        &call, redis_do(s->redis, session_settle, &call, 0, "GET", key.name, NULL));
    if (rc) {
        buf_fini(&out);
        return rc;
    }
    if (out.len == 0)
        buf_printf(&out,
                   "{\"schema\":1,\"id\":\"%s\",\"state\":\"%s\",\"placements\":[]}",
                   id, view_str(campaign, "state"));
    buf_append_char(&out, '\n');
    return cli_print(s->cli, &out);
}

static bool serves(const struct json *v)
{
    const char *state = view_str(v, "state");
    return strcmp(state, "live") == 0 || strcmp(state, "control") == 0;
}

/* "v12" → 12: the order of creation */
static long variant_number(const struct json *v)
{
    const char *id = view_str(v, "id");
    return *id ? strtol(id + 1, NULL, 10) : 0;
}

static int by_rank(const void *a, const void *b)
{
    const struct json *x = *(const struct json *const *)a;
    const struct json *y = *(const struct json *const *)b;
    double rx = view_num(x, "rate"), ry = view_num(y, "rate");
    if (serves(x) != serves(y))
        return serves(x) ? -1 : 1;
    if (rx > ry || rx < ry)
        return rx > ry ? -1 : 1;
    return variant_number(x) < variant_number(y) ? -1 : 1;
}

static void put_variant(struct buf *out, const struct json *v, int rank, bool evidence)
{
    char bar[BAR_CELLS + 1];
    const char *text = view_str(v, "text");
    double weight = view_num(v, "weight");
    int full = weight >= 1 ? BAR_CELLS : (int)(weight * BAR_CELLS + 0.5);
    memset(bar, ' ', BAR_CELLS);
    memset(bar, '#', (size_t)(full > 0 ? full : 0));
    bar[BAR_CELLS] = '\0';
    buf_printf(out, "%3d. %-5s %-8s [%s] %5.1f %%", rank, view_str(v, "id"),
               view_str(v, "state"), bar, 100 * weight);
    if (evidence && serves(v))
        buf_printf(out, "  P(best) %5.1f %%  rate %.3f %% [%.3f, %.3f]",
                   100 * view_num(v, "p_best"), 100 * view_num(v, "rate"),
                   100 * view_num(v, "rate_lo"), 100 * view_num(v, "rate_hi"));
    buf_append_str(out, "\n     ");
    if (view_num(v, "impressions") + view_num(v, "clicks") +
            view_num(v, "conversions") >
        0)
        buf_printf(out, "%.0f impressions, %.0f clicks, %.0f conversions\n     ",
                   view_num(v, "impressions"), view_num(v, "clicks"),
                   view_num(v, "conversions"));
    escape_text(out, text, strlen(text));
    if (*view_str(v, "reason")) {
        buf_append_str(out, "\n     (");
        escape_text(out, view_str(v, "reason"), strlen(view_str(v, "reason")));
        buf_append_char(out, ')');
    }
    buf_append_char(out, '\n');
}

static bool has_evidence(const struct json *placement)
{
    return view_num(placement, "lift_lo") < view_num(placement, "lift_hi") ||
           *view_str(placement, "leader");
}

/* Words that stand however often somebody looks; the interval beside them is wider. */
static void put_verdict(struct buf *out, const struct verdict_counts *counts,
                        const struct json *p, const struct json *variants)
{
    struct certificate c;
    if (!verdict_of(counts, p, variants, &c) || c.word == CERTIFICATE_NONE)
        return;
    buf_printf(out, "  %s is %s", view_str(p, "leader"), certificate_text(c.word));
    if (c.word == CERTIFICATE_PROVEN)
        buf_printf(out, ": at least %+.1f %%, at any look", 100 * c.lo);
    buf_append_char(out, '\n');
}

static int put_placement(struct buf *out, const struct verdict_counts *counts,
                         const struct json *p, const struct json *variants)
{
    char lift[VIEW_WORD_MAX];
    size_t n = 0;
    const struct json **list = calloc(json_count(variants) + 1, sizeof *list);
    bool evidence = has_evidence(p);
    if (!list)
        return CLI_FAILED;
    json_each (v, variants)
        if (strcmp(view_str(v, "placement"), view_str(p, "id")) == 0)
            list[n++] = v;
    qsort(list, n, sizeof *list, by_rank);
    view_print_lift(p, lift);
    buf_append_str(out, "\n");
    escape_text(out, view_str(p, "id"), strlen(view_str(p, "id")));
    buf_printf(out, ": %.0f impressions, ", view_num(p, "impressions"));
    buf_printf(out, "lift of the best over control: %s\n",
               evidence ? lift : "no evidence yet");
    if (view_num(p, "srm") > 0 && view_num(p, "srm") < SRM_ALARM)
        buf_printf(out,
                   "  ALARM: variants are not shown as often as their shares say "
                   "(p %.1g); shares stand still\n",
                   view_num(p, "srm"));
    put_verdict(out, counts, p, variants);
    for (size_t i = 0; i < n; i++)
        put_variant(out, list[i], (int)i + 1, evidence);
    free(list);
    return CLI_OK;
}

/* What the rates are, if any were shown. */
static void put_footer(struct buf *out, const struct json *placements)
{
    bool any = false;
    json_each (p, placements)
        any |= has_evidence(p);
    if (any)
        buf_printf(
            out,
            "\nrates: shrunk to the placement's level, as if each variant had "
            "had %.0f impressions\nat it before the first; in brackets the 95 %% "
            "interval\n",
            posterior_prior_default.m_within);
}

static int show_ranks(struct session *s, const char *id, const struct json *campaign)
{
    struct json *variants = NULL, *placements = NULL;
    char state[VIEW_WORD_MAX], usd[VIEW_WORD_MAX];
    struct verdict_counts counts = {.items = NULL};
    struct buf out;
    int rc = view_variants(s, id, &variants);
    rc = rc ? rc : view_placements(s, id, variants, &placements);
    rc = rc ? rc : verdict_read(s, id, &counts);
    buf_init(&out, OUT_MAX_BYTES);
    view_print_state(campaign, state);
    view_print_usd(campaign, usd);
    buf_printf(&out, "%s (%s): %s, round %.0f, %.0f calls, usd %s\n", id,
               view_str(campaign, "kind"), state, view_num(campaign, "round"),
               view_num(campaign, "calls"), usd);
    if (!rc && json_count(variants) == 0)
        buf_append_str(&out, "no variants yet\n");
    json_each (p, placements)
        rc = rc ? rc : put_placement(&out, &counts, p, variants);
    put_footer(&out, placements);
    verdict_fini(&counts);
    json_free(variants);
    json_free(placements);
    if (!rc)
        return cli_print(s->cli, &out);
    buf_fini(&out);
    return rc;
}

int cmd_result(struct cli *c)
{
    struct session s;
    struct json *campaign = NULL;
    const char *id = cli_word(c, 0);
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = view_campaign(&s, id, false, &campaign);
    if (!rc)
        rc = cli_is_json(c) ? show_document(&s, id, campaign)
                            : show_ranks(&s, id, campaign);
    json_free(campaign);
    session_close(&s);
    return rc;
}
