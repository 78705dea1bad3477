/* content_review.c: what reviewers decide, and the stage that waits for them. */
#include "campaigns/checks/channel_text.h"
#include "campaigns/kinds/content/content.h"
#include <string.h>

#define EDIT_REFUSED "edit refused: "

static void record(struct campaign *c, const struct campaign_mail *m,
                   const struct variant *v, const char *verdict)
{
    struct campaign_audit *line = campaign_audit_add(c, verdict);
    campaign_audit_field(line, "variant", v->id);
    campaign_audit_field(line, "by", m->by);
    campaign_audit_field(line, "via", m->via);
    campaign_audit_field(line, "text", m->text);
}

static bool is_control_of(const struct campaign *c, const struct variant *v)
{
    return strcmp(content_memo_text(c, "control", v->placement), v->id) == 0;
}

/* An edited text is completed and checked like one of the model; what fails stays
 * pending, with the reason to be read by the reviewer. */
static bool edit(struct campaign *c, const struct campaign_mail *m, struct variant *v)
{
    struct objection o = {.raised = false, .message = ""};
    const struct channel *channel = c->placements[v->placement].spec->channel;
    const char *text = channel_text_fill(c->arena, channel, c->spec->facts, m->text);
    if (!text || content_judge_text(c->arena, c->spec, channel, text, &o))
        objection_raise(&o, "no memory to check it");
    if (o.raised) {
        v->reason = arena_printf(c->arena, EDIT_REFUSED "%s", o.message);
        if (!v->reason)
            v->reason = EDIT_REFUSED;
        v->changed = true;
        record(c, m, v, "edit_refused");
        return false;
    }
    v->text = text;
    v->reason = "edited by the reviewer";
    return true;
}

static void approve(struct campaign *c, const struct campaign_mail *m,
                    struct variant *v)
{
    if (v->state != VARIANT_PENDING || (m->text[0] && !edit(c, m, v)))
        return;
    v->state = is_control_of(c, v) ? VARIANT_CONTROL : VARIANT_LIVE;
    if (strncmp(v->reason, EDIT_REFUSED, strlen(EDIT_REFUSED)) == 0)
        v->reason = is_control_of(c, v) ? "control_generated" : "";
    v->reviewer = m->by;
    v->changed = true;
    record(c, m, v, "approve");
}

static void reject(struct campaign *c, const struct campaign_mail *m, struct variant *v)
{
    if (v->state == VARIANT_REJECTED || v->state == VARIANT_RETIRED)
        return;
    v->state = VARIANT_REJECTED;
    v->weight = 0;
    v->reviewer = m->by;
    v->reason = "rejected by the reviewer";
    v->changed = true;
    c->rejected++;
    record(c, m, v, "reject");
}

static void judge(struct campaign *c, const struct campaign_mail *m, struct variant *v)
{
    if (m->kind == MAIL_APPROVE)
        approve(c, m, v);
    else
        reject(c, m, v);
}

/* A rejected control leaves its place to the next variant that serves. */
static void replace_controls(struct campaign *c)
{
    for (int p = 0; p < c->placement_count; p++) {
        struct variant *old =
            campaign_find_variant(c, content_memo_text(c, "control", p));
        if (!old || old->state != VARIANT_REJECTED)
            continue;
        for (int i = 0; i < c->variant_count; i++) {
            struct variant *v = &c->variants[i];
            if (v->placement != p || v->state != VARIANT_LIVE)
                continue;
            if (content_memo_set_text(c, "control", p, v->id) == ERR_OK) {
                v->state = VARIANT_CONTROL;
                v->reason = "control_promoted"; /* the first one was rejected */
                v->changed = true;
            }
            break;
        }
    }
}

int content_count_pending(const struct campaign *c)
{
    int n = 0;
    for (int i = 0; i < c->variant_count; i++)
        n += c->variants[i].state == VARIANT_PENDING;
    return n;
}

int content_apply_reviews(struct campaign *c)
{
    for (int i = 0; i < c->mail_count; i++) {
        const struct campaign_mail *m = &c->mail[i];
        if (strcmp(m->variant, "all") == 0) {
            for (int k = 0; k < c->variant_count; k++) {
                if (c->variants[k].state == VARIANT_PENDING)
                    judge(c, m, &c->variants[k]);
            }
            continue;
        }
        struct variant *v = campaign_find_variant(c, m->variant);
        if (v)
            judge(c, m, v);
        else
            campaign_audit_field(campaign_audit_add(c, "review_unknown_variant"),
                                 "variant", m->variant);
    }
    c->mail_count = 0;
    replace_controls(c);
    return content_count_pending(c);
}

enum err content_review_plan(struct campaign *c, struct ask_list *asks)
{
    (void)c;
    (void)asks;
    return ERR_OK; /* nothing to ask: people and events decide */
}

static bool placement_serves(const struct campaign *c, int placement)
{
    for (int i = 0; i < c->variant_count; i++) {
        if (c->variants[i].placement == placement && variant_serves(&c->variants[i]))
            return true;
    }
    return false;
}

enum err content_review_finish(struct campaign *c, const struct answers *a,
                               struct next *next)
{
    (void)a;
    if (content_apply_reviews(c) > 0) {
        c->state = CAMPAIGN_REVIEW;
        c->progress = 95;
        next_wait(next, "review", c->iteration, WAKE_MAIL, 0);
        return ERR_OK;
    }
    for (int p = 0; p < c->placement_count; p++) {
        if (!placement_serves(c, p)) {
            next_fail(next, ERR_ALL_REJECTED);
            return ERR_OK;
        }
    }
    next_goto(next, "live", c->round);
    return ERR_OK;
}
