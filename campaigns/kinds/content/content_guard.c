/* content_guard.c: guards against harm and against shares that are not served. */
#include "campaigns/kinds/content/content_guard.h"
#include "campaigns/ranking/guard.h"
#include "campaigns/ranking/srm.h"
#include <stdio.h>
#include <string.h>

static int64_t events_of(const struct variant *v, const char *type)
{
    const struct {
        const char *type;
        int64_t count;
    } counts[] = {{"complaint", v->complaints}, {"unsubscribe", v->unsubscribes},
                  {"bounce", v->bounces},       {"refund", v->refunds},
                  {"delivered", v->delivered},  {"conversion", v->conversions}};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (strcmp(counts[i].type, type) == 0)
            return counts[i].count;
    return v->impressions;
}

static struct guard_count count_of(const struct guard_rule *rule,
                                   const struct variant *v)
{
    int64_t trials = events_of(v, rule->of);
    if (strcmp(rule->of, "delivered") == 0 && trials < v->impressions / 2)
        trials = v->impressions; /* hardly any are reported */
    return (struct guard_count){.trials = trials, .events = events_of(v, rule->type)};
}

static const struct variant *control_of(const struct campaign *c, int placement)
{
    for (int i = 0; i < c->variant_count; i++)
        if (c->variants[i].placement == placement &&
            c->variants[i].state == VARIANT_CONTROL)
            return &c->variants[i];
    return NULL;
}

static void pause_variant(struct campaign *c, struct variant *v, const char *words)
{
    char *reason = arena_strdup(c->arena, words);
    v->state = VARIANT_RETIRED;
    v->weight = 0;
    v->reason = reason ? reason : "paused";
    v->changed = true;
    struct campaign_audit *line = campaign_audit_add(c, "guard");
    campaign_audit_field(line, "variant", v->id);
    campaign_audit_field(line, "reason", v->reason);
}

/* True if one of the rules says so. */
static bool judge(struct campaign *c, struct variant *v, const struct variant *control)
{
    bool chinese = strncmp(c->spec->locale[0], "zh", 2) == 0;
    for (size_t i = 0; guard_at(i); i++) {
        const struct guard_rule *rule = guard_at(i);
        struct guard_count mine = count_of(rule, v), of_control;
        struct guard_verdict verdict;
        char words[GUARD_WORDS_MAX];
        if (control)
            of_control = count_of(rule, control);
        if (guard_judge(rule, &mine, control ? &of_control : NULL, &verdict) ||
            verdict.reason == GUARD_FINE)
            continue;
        guard_words(rule, &verdict, chinese, words);
        pause_variant(c, v, words);
        return true;
    }
    return false;
}

int content_guard_pause(struct campaign *c, int placement)
{
    const struct variant *control = control_of(c, placement);
    int paused = 0;
    for (int i = 0; i < c->variant_count; i++) {
        struct variant *v = &c->variants[i];
        if (v->placement == placement && v->state == VARIANT_LIVE)
            paused += judge(c, v, control);
    }
    return paused;
}

static void tell(struct campaign *c, const struct campaign_placement *p,
                 const struct variant *worst)
{
    char text[32];
    struct campaign_audit *line = campaign_audit_add(c, "srm");
    (void)snprintf(text, sizeof text, "%.3g", p->srm);
    const char *copy = arena_strdup(c->arena, text);
    campaign_audit_field(line, "placement", p->spec->name);
    campaign_audit_field(line, "p", copy ? copy : "");
    campaign_audit_field(line, "variant", worst ? worst->id : "");
}

bool content_guard_ratio(struct campaign *c, int placement)
{
    struct srm_arm arms[POSTERIOR_ARMS_MAX] = {{.observed = 0}};
    const struct variant *variants[POSTERIOR_ARMS_MAX];
    struct campaign_placement *p = &c->placements[placement];
    bool was_alarm = p->srm < SRM_ALARM;
    int n = 0;
    for (int i = 0; i < c->variant_count && n < POSTERIOR_ARMS_MAX; i++) {
        const struct variant *v = &c->variants[i];
        if (v->placement != placement ||
            (!v->first_impressions && !(v->first_expected > 0)))
            continue;
        variants[n] = v;
        arms[n++] = (struct srm_arm){.observed = v->first_impressions,
                                     .expected = v->first_expected};
    }
    if (!n)
        return false;
    struct srm_result result = srm_judge(arms, n);
    p->srm = result.p > 1e-300 ? result.p : 1e-300;
    p->changed = true;
    if (result.alarm && !was_alarm)
        tell(c, p, result.worst < 0 ? NULL : variants[result.worst]);
    return result.alarm;
}
