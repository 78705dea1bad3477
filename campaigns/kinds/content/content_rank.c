/* content_rank.c: stage `live`: count, rank, share, retire, and open the next round. */
#include "campaigns/kinds/content/content.h"
#include "campaigns/kinds/content/content_guard.h"
#include "campaigns/kinds/content/content_history.h"
#include "campaigns/ranking/policy.h"
#include "campaigns/ranking/retire.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BATCH_MIN 200 /* trials */

/* The arms of one placement, side by side with their variants. */
struct cell {
    struct variant *variants[POSTERIOR_ARMS_MAX];
    struct posterior_arm arms[POSTERIOR_ARMS_MAX];
    double shares[POSTERIOR_ARMS_MAX];
    int count, control; /* control: index or -1 */
    struct posterior_result ranked;
    int64_t used; /* trials of all variants, retired ones too */
    bool left;    /* somebody stopped serving since the last commit */
    bool frozen;  /* the shares are not what is served: they stand still */
};

static int64_t successes(const struct campaign *c, const struct variant *v)
{
    return c->spec->metric == SPEC_METRIC_CLICK ? v->clicks : v->conversions;
}

static void fill_cell(struct campaign *c, int placement, struct cell *cell)
{
    memset(cell, 0, sizeof *cell);
    cell->control = -1;
    for (int i = 0; i < c->variant_count; i++) {
        struct variant *v = &c->variants[i];
        if (v->placement != placement)
            continue;
        cell->used += campaign_trials(c, v);
        cell->left |= v->changed && !variant_serves(v);
        if (!variant_serves(v) || cell->count == POSTERIOR_ARMS_MAX)
            continue;
        if (v->state == VARIANT_CONTROL)
            cell->control = cell->count;
        cell->variants[cell->count] = v;
        cell->arms[cell->count].trials = campaign_trials(c, v);
        cell->arms[cell->count].successes = successes(c, v);
        cell->arms[cell->count].prior_mean = v->prior_mean;
        cell->arms[cell->count].prior_weight = v->prior_weight;
        cell->count++;
    }
}

static void publish_arm(struct cell *cell, int i)
{
    struct variant *v = cell->variants[i];
    const struct posterior_arm *arm = &cell->arms[i];
    v->p_best = arm->p_best;
    v->expected_loss = arm->expected_loss;
    v->rate = arm->mean;
    v->rate_lo = arm->lo;
    v->rate_hi = arm->hi;
    v->changed = true;
}

/* New shares open an epoch only when somebody's traffic changes visibly; whoever left
 * must leave the shares at once. */
static bool shares_moved(const struct cell *cell)
{
    if (cell->left)
        return true;
    if (cell->frozen)
        return false;
    for (int i = 0; i < cell->count; i++) {
        if (fabs(cell->variants[i]->weight - cell->shares[i]) > 0.002)
            return true;
    }
    return false;
}

/* At most one new epoch a commit. */
static void reallocate(struct campaign_placement *p, struct cell *cell)
{
    if (!shares_moved(cell))
        return;
    p->epoch += !p->reallocated;
    p->reallocated = true;
    for (int i = 0; i < cell->count; i++)
        cell->variants[i]->weight = cell->shares[i];
}

static void publish_placement(struct campaign *c, int placement, struct cell *cell)
{
    struct campaign_placement *p = &c->placements[placement];
    p->used = cell->used;
    p->evidence = cell->ranked.evidence;
    p->leader = (int)(cell->variants[cell->ranked.leader] - c->variants);
    p->tied = 0;
    for (int i = 0; i < cell->count; i++)
        p->tied += cell->arms[i].tied;
    p->lift = p->lift_lo = p->lift_hi = 0;
    if (cell->control >= 0 && p->evidence) {
        struct posterior_lift lift = posterior_lift(&cell->arms[cell->ranked.leader],
                                                    &cell->arms[cell->control]);
        p->lift = lift.lift;
        p->lift_lo = lift.lo;
        p->lift_hi = lift.hi;
    }
    p->changed = true;
    reallocate(p, cell);
}

/* Nobody serves any more: decide must not show what was rejected. */
static void publish_empty(struct campaign *c, int placement, struct cell *cell)
{
    struct campaign_placement *p = &c->placements[placement];
    if (!cell->left)
        return;
    p->used = cell->used;
    p->leader = -1;
    p->evidence = false;
    p->tied = 0;
    p->lift = p->lift_lo = p->lift_hi = 0;
    p->changed = true;
    reallocate(p, cell);
}

/* As they were; what left them goes to the others. */
static void keep_shares(struct cell *cell)
{
    double sum = 0;
    for (int i = 0; i < cell->count; i++)
        sum += cell->variants[i]->weight;
    for (int i = 0; i < cell->count; i++)
        cell->shares[i] = sum > 0 ? cell->variants[i]->weight / sum : 1.0 / cell->count;
}

static enum err rank(struct campaign *c, int placement, struct cell *cell)
{
    fill_cell(c, placement, cell);
    cell->frozen = content_guard_ratio(c, placement);
    if (!cell->count) {
        publish_empty(c, placement, cell);
        return ERR_OK;
    }
    enum err e = posterior_rank(cell->arms, cell->count, &posterior_prior_default,
                                &cell->ranked);
    if (e)
        return e;
    const struct policy *policy = policy_find(c->spec->policy);
    struct policy_input in = {.arms = cell->arms,
                              .count = cell->count,
                              .used = cell->used,
                              .horizon = c->spec->horizon};
    if (cell->frozen)
        keep_shares(cell);
    else
        policy->shares(&in, cell->shares);
    for (int i = 0; i < cell->count; i++)
        publish_arm(cell, i);
    publish_placement(c, placement, cell);
    return ERR_OK;
}

static void retire_variant(struct campaign *c, struct variant *v, double level)
{
    v->state = VARIANT_RETIRED;
    v->weight = 0;
    v->reason = arena_printf(c->arena,
                             "retired: P(best) %.1f %%, expected loss %.1f %% of the "
                             "placement's rate",
                             100 * v->p_best, 100 * v->expected_loss / level);
    if (!v->reason)
        v->reason = "retired";
    v->changed = true;
    struct campaign_audit *line = campaign_audit_add(c, "retire");
    campaign_audit_field(line, "variant", v->id);
    campaign_audit_field(line, "reason", v->reason);
}

/* A batch is a hundredth of the traffic, planned or seen (RANKING §5.5): ranking more
 * often than that must not retire an arm for one unlucky hour. */
static bool is_batch(const struct campaign *c, int placement, const struct cell *cell)
{
    int64_t size = (c->spec->horizon ? c->spec->horizon : cell->used) / 100;
    if (size < BATCH_MIN)
        size = BATCH_MIN;
    return cell->used >= content_memo_int(c, "seen", placement) + size;
}

/* Judges the arms once per batch of evidence. Returns how many were retired. */
static int retire(struct campaign *c, struct cell *cell)
{
    struct retire_arm arms[POSTERIOR_ARMS_MAX];
    int retired = 0;
    if (cell->count < 2)
        return 0;
    for (int i = 0; i < cell->count; i++)
        arms[i] =
            (struct retire_arm){.posterior = &cell->arms[i],
                                .is_control = i == cell->control,
                                .losing_batches = cell->variants[i]->losing_batches};
    retire_judge(arms, cell->count, &cell->ranked, c->spec->min_impressions);
    for (int i = 0; i < cell->count; i++) {
        cell->variants[i]->losing_batches = arms[i].losing_batches;
        if (!arms[i].retire)
            continue;
        retire_variant(c, cell->variants[i], cell->ranked.level);
        retired++;
    }
    return retired;
}

static enum err remember_parents(struct campaign *c, int placement, struct cell *cell)
{
    double mean, weight;
    char prior[32];
    const struct posterior_arm *best = &cell->arms[cell->ranked.leader];
    retire_child_prior(best, cell->ranked.level, &posterior_prior_default, &mean,
                       &weight);
    snprintf(prior, sizeof prior, "%.9g", mean);
    enum err e = content_memo_set_text(c, "parents", placement,
                                       cell->variants[cell->ranked.leader]->id);
    if (!e)
        e = content_memo_set_text(c, "prior", placement, prior);
    return e ? e : content_history_write(c, placement);
}

/* Children wanted in this placement after `retired` arms left. */
static int children(struct campaign *c, const struct cell *cell, int retired)
{
    struct posterior_arm live[POSTERIOR_ARMS_MAX];
    struct content_input input;
    struct err_detail d;
    int live_count = 0;
    if (json_bool(json_get(c->memo, "frozen"), false) ||
        content_input_read(c->spec, &input, &d))
        return 0;
    for (int i = 0; i < cell->count; i++) {
        if (variant_serves(cell->variants[i]))
            live[live_count++] = cell->arms[i];
    }
    struct retire_plan_input in = {.live = live,
                                   .live_count = live_count,
                                   .retired = retired,
                                   .wanted = input.n,
                                   .horizon = c->spec->horizon,
                                   .used = cell->used,
                                   .level = cell->ranked.level,
                                   .round = c->round,
                                   .max_rounds = c->spec->max_rounds};
    return retire_children(&in);
}

static enum err turn(struct campaign *c, int placement, struct cell *cell, int *want)
{
    int paused = content_guard_pause(c, placement);
    enum err e = rank(c, placement, cell);
    c->inputs.decided |= paused > 0;
    *want = 0;
    if (e || !cell->count || cell->frozen)
        return e;
    if (!paused && !is_batch(c, placement, cell))
        return ERR_OK;
    c->inputs.decided = true;
    int retired = retire(c, cell);
    *want = children(c, cell, retired + paused);
    if (*want)
        e = remember_parents(c, placement, cell);
    if (!e)
        e = content_memo_set_int(c, "seen", placement, cell->used);
    if (!e && retired)
        e = rank(c, placement, cell); /* their traffic goes to the rest at once */
    return e;
}

static bool horizon_reached(const struct campaign *c)
{
    for (int p = 0; p < c->placement_count; p++) {
        if (!c->spec->horizon || c->placements[p].used < c->spec->horizon)
            return false;
    }
    return true;
}

enum err content_live_finish(struct campaign *c, const struct answers *a,
                             struct next *next)
{
    (void)a;
    int want[SPEC_PLACEMENTS_MAX], total = 0;
    content_apply_reviews(c);
    c->state = CAMPAIGN_LIVE;
    c->progress = 100;
    struct cell *cell = arena_alloc(c->arena, sizeof *cell);
    if (!cell)
        return ERR_NOMEM;
    for (int p = 0; p < c->placement_count; p++) {
        enum err e = turn(c, p, cell, &want[p]);
        if (e)
            return e;
        total += want[p];
    }
    if (horizon_reached(c)) {
        next_done(next);
        return ERR_OK;
    }
    if (total && c->round < c->spec->max_rounds) {
        next_goto(next, "generate", (c->round + 1) * CONTENT_ROUND_STRIDE);
        return content_open_round(c, c->round + 1, want);
    }
    next_wait(next, "live", c->round, WAKE_MAIL | WAKE_EVENTS, 0);
    return ERR_OK;
}
