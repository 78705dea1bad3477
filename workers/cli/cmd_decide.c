/* cmd_decide.c: which variant a user sees. */
#include "campaigns/ranking/assign.h"
#include "core/base/json_out.h"
#include "core/base/names.h"
#include "core/base/rng.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <string.h>

#define ARMS_MAX 64

struct decide {
    const char *id, *placement, *user;
    const struct json *alloc, *variants;
    const char *variant, *reason; /* NULL = none */
    double weight;
};

/* Traffic stops for these; the control is shown, if there is one. */
static const char *stop_reason(const char *state)
{
    static const char *const states[] = {"paused", "cancelled", "failed"};
    int i = names_index(states, state);
    return i < 0 ? NULL : states[i];
}

static void take_control(struct decide *d)
{
    json_each (arm, json_get(d->alloc, "arms")) {
        if (json_bool(json_get(arm, "control"), false)) {
            d->variant = view_str(arm, "v");
            d->weight = view_num(arm, "w");
        }
    }
}

static void take_pick(struct decide *d)
{
    struct assign_arm arms[ARMS_MAX];
    int n = 0;
    json_each (arm, json_get(d->alloc, "arms")) {
        if (n < ARMS_MAX)
            arms[n++] = (struct assign_arm){view_str(arm, "v"), view_num(arm, "w")};
    }
    int pick = assign_pick(d->id, d->placement, d->user, arms, n);
    if (pick < 0) {
        d->reason = "nothing_live";
        return;
    }
    d->variant = arms[pick].variant;
    d->weight = arms[pick].weight;
}

/* Before the first shares: the control that the spec gave, if it did. */
static void take_given_control(struct decide *d)
{
    json_each (v, d->variants) {
        if (!d->variant && strcmp(view_str(v, "placement"), d->placement) == 0 &&
            strcmp(view_str(v, "state"), "control") == 0) {
            d->variant = view_str(v, "id");
            d->weight = 1;
        }
    }
}

static void choose(struct decide *d, const struct json *campaign)
{
    double holdout = view_num(d->alloc, "holdout");
    const char *state = view_str(campaign, "state");
    bool in_review = strcmp(state, "review") == 0;
    d->reason = stop_reason(state);
    if (!d->alloc) {
        d->reason = d->reason ? d->reason : in_review ? "in_review" : "nothing_live";
        take_given_control(d);
    } else if (d->reason) {
        take_control(d);
    } else if (holdout > 0 && assign_is_holdout(d->id, d->user, holdout)) {
        d->variant = "_holdout";
        d->weight = holdout;
    } else {
        take_pick(d);
    }
}

static void put_str_or_null(struct json_out *w, const char *key, const char *text)
{
    json_out_key(w, key);
    if (text)
        json_out_str(w, text);
    else
        json_out_null(w);
}

static int show(const struct cli *c, const struct decide *d)
{
    char impression[64];
    struct buf out;
    struct json_out w;
    const struct json *v = d->variant ? view_find(d->variants, d->variant) : NULL;
    int64_t epoch = json_int(json_get(d->alloc, "epoch"), 0);
    (void)snprintf(impression, sizeof impression, "%lld-%016llx", (long long)epoch,
                   (unsigned long long)rng_entropy());
    buf_init(&out, (size_t)4 << 20);
    json_out_init(&w, &out);
    json_out_open(&w, '{');
    put_str_or_null(&w, "variant", d->variant);
    put_str_or_null(&w, "text", v ? view_str(v, "text") : NULL);
    json_out_kint(&w, "epoch", epoch);
    json_out_kstr(&w, "impression", impression);
    json_out_knum(&w, "weight", d->weight);
    json_out_kstr(&w, "placement", d->placement);
    if (d->reason)
        json_out_kstr(&w, "reason", d->reason);
    json_out_close(&w, '}');
    buf_append_char(&out, '\n');
    return cli_print(c, &out);
}

static int find_placement(const struct cli *c, struct decide *d,
                          const struct json *placements)
{
    const struct json *p =
        d->placement ? view_find(placements, d->placement) : json_first(placements);
    if (!d->placement && json_count(placements) > 1) {
        cli_error(c, ERR_MISSING, "%s has %zu placements; give one: --placement %s",
                  d->id, json_count(placements), view_str(p, "id"));
        return CLI_BAD_INPUT;
    }
    if (!p && d->placement && json_count(placements) > 0) {
        cli_error(c, ERR_NOT_FOUND,
                  "%s has no placement '%s'; `barker result %s` lists them", d->id,
                  d->placement, d->id);
        return CLI_NOT_FOUND;
    }
    if (p)
        d->placement = view_str(p, "id");
    else if (!d->placement)
        d->placement = ""; /* nothing was published yet */
    d->alloc = json_get(p, "alloc");
    return CLI_OK;
}

static int decide(struct session *s, struct decide *d)
{
    struct json *campaign = NULL, *placements = NULL, *variants = NULL;
    int rc = view_campaign(s, d->id, false, &campaign);
    rc = rc ? rc : view_variants(s, d->id, &variants);
    rc = rc ? rc : view_placements(s, d->id, variants, &placements);
    rc = rc ? rc : find_placement(s->cli, d, placements);
    if (!rc) {
        d->variants = variants;
        choose(d, campaign);
        rc = show(s->cli, d);
    }
    json_free(campaign);
    json_free(placements);
    json_free(variants);
    return rc;
}

int cmd_decide(struct cli *c)
{
    struct session s;
    struct decide d = {.id = cli_word(c, 0),
                       .placement = cli_option(c, OPTION_placement),
                       .user = cli_option(c, OPTION_user)};
    if (!d.user || !*d.user) {
        cli_error(c, ERR_MISSING, "decide needs a user: --user U");
        return CLI_BAD_INPUT;
    }
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = decide(&s, &d);
    session_close(&s);
    return rc;
}
