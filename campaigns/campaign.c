/* campaign.c: making a campaign in its arena, its variants and its audit lines. */
#include "campaigns/campaign.h"
#include "core/base/names.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX 1000000000 /* of a variant: one behind it can be counted on */

static const char *const names[] = {
    [CAMPAIGN_QUEUED] = "queued",           [CAMPAIGN_RUNNING] = "running",
    [CAMPAIGN_REVIEW] = "review",           [CAMPAIGN_LIVE] = "live",
    [CAMPAIGN_PAUSED] = "paused",           [CAMPAIGN_DONE] = "done",
    [CAMPAIGN_FAILED] = "failed",           [CAMPAIGN_CANCELLED] = "cancelled",
    [CAMPAIGN_OVER_BUDGET] = "over_budget",
};

const char *campaign_state_name(enum campaign_state s)
{
    return names[s];
}

bool campaign_state_from(const char *name, enum campaign_state *out)
{
    int i = names_index(names, name);
    if (i >= 0)
        *out = (enum campaign_state)i;
    return i >= 0;
}

bool campaign_state_is_terminal(enum campaign_state s)
{
    return s == CAMPAIGN_DONE || s == CAMPAIGN_FAILED || s == CAMPAIGN_CANCELLED ||
           s == CAMPAIGN_OVER_BUDGET;
}

struct campaign *campaign_new(struct arena *a, const struct spec *spec)
{
    struct campaign *c = arena_alloc(a, sizeof *c);
    if (!c)
        return NULL;
    c->arena = a;
    c->spec = spec;
    c->state = CAMPAIGN_QUEUED;
    c->paused_from = CAMPAIGN_RUNNING;
    c->error_text = "";
    c->stage = "";
    c->totals.usd = c->totals.revenue = "0";
    c->placement_count = spec->placement_count;
    c->placements =
        arena_array(a, (size_t)spec->placement_count + 1, sizeof *c->placements);
    c->memo = json_new_object();
    c->pins = json_new_object();
    if (!c->placements || !c->memo || !c->pins) {
        campaign_fini(c);
        return NULL;
    }
    for (int i = 0; i < c->placement_count; i++) {
        c->placements[i].spec = &spec->placement[i];
        c->placements[i].leader = -1;
        c->placements[i].srm = 1;
    }
    return c;
}

void campaign_fini(struct campaign *c)
{
    json_free(c->memo);
    json_free(c->pins);
    c->memo = c->pins = NULL;
}

/* Doubles an arena array; the old one stays in the arena until the job ends. */
static void *grow(struct arena *a, const void *old, int count, int *cap, size_t item)
{
    int wanted = *cap ? *cap * 2 : 16;
    void *fresh = arena_array(a, (size_t)wanted, item);
    if (!fresh)
        return NULL;
    if (count)
        memcpy(fresh, old, (size_t)count * item);
    *cap = wanted;
    return fresh;
}

static struct variant *add_variant(struct campaign *c, int placement, const char *text)
{
    if (c->variant_count == c->variant_cap) {
        struct variant *more = grow(c->arena, c->variants, c->variant_count,
                                    &c->variant_cap, sizeof *c->variants);
        if (!more)
            return NULL;
        c->variants = more;
    }
    struct variant *v = &c->variants[c->variant_count];
    memset(v, 0, sizeof *v);
    v->placement = placement;
    v->text = arena_strdup(c->arena, text);
    v->angle = v->parent = v->reason = v->reviewer = "";
    if (!v->text)
        return NULL;
    c->variant_count++;
    return v;
}

struct variant *campaign_add_variant(struct campaign *c, int placement,
                                     const char *text)
{
    struct variant *v = add_variant(c, placement, text);
    if (!v)
        return NULL;
    snprintf(v->id, sizeof v->id, "v%d", ++c->last_variant);
    v->round = c->round;
    v->is_new = v->changed = true;
    return v;
}

struct variant *campaign_restore_variant(struct campaign *c, const char *id,
                                         int placement, const char *text)
{
    struct variant *v = add_variant(c, placement, text);
    if (!v)
        return NULL;
    strncpy(v->id, id, sizeof v->id - 1);
    campaign_note_variant(c, id);
    return v;
}

void campaign_note_variant(struct campaign *c, const char *id)
{
    char *end;
    if (id[0] != 'v')
        return;
    long number = strtol(id + 1, &end, 10);
    if (number > c->last_variant && number < NUMBER_MAX && !*end)
        c->last_variant = (int)number;
}

struct variant *campaign_find_variant(struct campaign *c, const char *id)
{
    for (int i = 0; i < c->variant_count; i++) {
        if (strcmp(c->variants[i].id, id) == 0)
            return &c->variants[i];
    }
    return NULL;
}

int64_t campaign_trials(const struct campaign *c, const struct variant *v)
{
    return c->placements[v->placement].by_delivered ? v->delivered : v->impressions;
}

void campaign_count_trials(struct campaign *c)
{
    for (int i = 0; i < c->variant_count; i++) {
        const struct variant *v = &c->variants[i];
        struct campaign_placement *p = &c->placements[v->placement];
        p->by_delivered |=
            v->delivered > 0 && channel_is_message(p->spec->channel->name);
    }
    for (int i = 0; i < c->variant_count; i++)
        c->placements[c->variants[i].placement].used +=
            campaign_trials(c, &c->variants[i]);
}

struct campaign_audit *campaign_audit_add(struct campaign *c, const char *what)
{
    if (c->audit_count == c->audit_cap) {
        struct campaign_audit *more =
            grow(c->arena, c->audit, c->audit_count, &c->audit_cap, sizeof *c->audit);
        if (!more)
            return NULL;
        c->audit = more;
    }
    struct campaign_audit *line = &c->audit[c->audit_count++];
    memset(line, 0, sizeof *line);
    line->what = what;
    return line;
}

void campaign_audit_field(struct campaign_audit *a, const char *field,
                          const char *value)
{
    if (!a || a->count == CAMPAIGN_AUDIT_FIELDS)
        return;
    a->field[a->count] = field;
    a->value[a->count++] = value ? value : "";
}
