/* run_image.c: the loaded image becomes a campaign in the job's arena. */
#include "workers/run/run.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *field(const struct port_field *fields, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return fields[i].value;
    }
    return "";
}

static int find_placement(const struct campaign *c, const char *name)
{
    for (int i = 0; i < c->placement_count; i++) {
        if (strcmp(c->placements[i].spec->name, name) == 0)
            return i;
    }
    return -1;
}

static void read_ranking(struct variant *v, const struct port_field *f, int n)
{
    v->weight = strtod(field(f, n, "weight"), NULL);
    v->p_best = strtod(field(f, n, "p_best"), NULL);
    v->expected_loss = strtod(field(f, n, "expected_loss"), NULL);
    v->rate = strtod(field(f, n, "rate"), NULL);
    v->rate_lo = strtod(field(f, n, "rate_lo"), NULL);
    v->rate_hi = strtod(field(f, n, "rate_hi"), NULL);
    v->prior_mean = strtod(field(f, n, "prior_mean"), NULL);
    v->prior_weight = strtod(field(f, n, "prior_weight"), NULL);
    v->losing_batches = (int)strtol(field(f, n, "losing_batches"), NULL, 10);
    v->impressions = strtoll(field(f, n, "impressions"), NULL, 10);
    v->delivered = strtoll(field(f, n, "delivered"), NULL, 10);
    v->clicks = strtoll(field(f, n, "clicks"), NULL, 10);
    v->conversions = strtoll(field(f, n, "conversions"), NULL, 10);
    v->complaints = strtoll(field(f, n, "complaints"), NULL, 10);
    v->unsubscribes = strtoll(field(f, n, "unsubscribes"), NULL, 10);
    v->bounces = strtoll(field(f, n, "bounces"), NULL, 10);
    v->refunds = strtoll(field(f, n, "refunds"), NULL, 10);
    v->first_impressions = strtoll(field(f, n, "first_impressions"), NULL, 10);
    v->first_expected = strtod(field(f, n, "first_expected"), NULL);
    v->usd_nano = strtoll(field(f, n, "usd_nano"), NULL, 10);
    v->round = (int)strtol(field(f, n, "round"), NULL, 10);
}

static enum err build_variant(struct campaign *c, const struct port_variant *from)
{
    const struct port_field *f = from->fields;
    int n = from->field_count;
    int placement = find_placement(c, field(f, n, "placement"));
    if (placement < 0) { /* its hash is gone, or its placement not in the spec */
        campaign_note_variant(c, from->id);
        return ERR_OK;
    }
    struct variant *v =
        campaign_restore_variant(c, from->id, placement, field(f, n, "text"));
    if (!v)
        return ERR_NOMEM;
    if (!variant_state_from(field(f, n, "state"), &v->state))
        v->state = VARIANT_REJECTED;
    v->angle = arena_strdup(c->arena, field(f, n, "angle"));
    v->parent = arena_strdup(c->arena, field(f, n, "parent"));
    v->reason = arena_strdup(c->arena, field(f, n, "reason"));
    v->reviewer = arena_strdup(c->arena, field(f, n, "reviewer"));
    read_ranking(v, f, n);
    return v->angle && v->parent && v->reason && v->reviewer ? ERR_OK : ERR_NOMEM;
}

static void build_placement(struct campaign *c, const struct port_placement *from)
{
    int i = find_placement(c, from->name);
    if (i < 0)
        return;
    struct campaign_placement *p = &c->placements[i];
    p->epoch = from->epoch;
    p->lift = strtod(field(from->fields, from->field_count, "lift"), NULL);
    p->lift_lo = strtod(field(from->fields, from->field_count, "lift_lo"), NULL);
    p->lift_hi = strtod(field(from->fields, from->field_count, "lift_hi"), NULL);
    const char *srm = field(from->fields, from->field_count, "srm");
    p->srm = strcmp(srm, "0") != 0 && srm[0] ? strtod(srm, NULL) : 1; /* 0: older */
    const char *leader = field(from->fields, from->field_count, "leader");
    for (int k = 0; k < c->variant_count; k++) {
        const struct variant *v = &c->variants[k];
        if (v->placement == i && strcmp(v->id, leader) == 0)
            p->leader = k;
    }
    p->evidence = p->leader >= 0;
    p->tied = (int)strtol(field(from->fields, from->field_count, "tied"), NULL, 10);
}

static enum err build_mail(struct campaign *c, const struct port_image *image)
{
    size_t n = (size_t)image->mail_count;
    c->inputs.letters = arena_array(c->arena, n + 1, sizeof *c->inputs.letters);
    if (!c->inputs.letters)
        return ERR_NOMEM;
    c->inputs.more_letters = image->more_mail;
    c->inputs.timed_out = image->timed_out;
    for (int i = 0; i < image->mail_count; i++) {
        struct json *j = NULL;
        struct err_detail d;
        const char *text = image->mail[i];
        enum err e = json_parse(text, strlen(text), &json_limits_spec, &j, &d);
        if (!e)
            e = campaign_parse_mail(c, j);
        json_free(j);
        if (e == ERR_NOMEM)
            return e;
        char *copy = arena_strdup(c->arena, text); /* the image is gone at the commit */
        if (!copy)
            return ERR_NOMEM;
        if (e ==
            ERR_LIMIT) /* left in the box it would keep the orders behind it unread */
            campaign_audit_field(campaign_audit_add(c, "review_dropped"), "mail", copy);
        c->mail_taken++;
        c->inputs.letters[i] = copy;
        c->inputs.letter_count++;
    }
    return ERR_OK;
}

static enum err build_parts(struct campaign *c, const struct port_image *image)
{
    enum err e = ERR_OK;
    for (int i = 0; i < image->variant_count && !e; i++)
        e = build_variant(c, &image->variants[i]);
    campaign_count_trials(c);
    for (int i = 0; i < image->placement_count; i++)
        build_placement(c, &image->placements[i]);
    if (!e)
        e = build_mail(c, image);
    c->children =
        arena_array(c->arena, (size_t)image->child_count + 1, sizeof *c->children);
    if (!c->children)
        return ERR_NOMEM;
    for (int i = 0; i < image->child_count; i++) {
        c->children[i].id = arena_strdup(c->arena, image->children[i].id);
        c->children[i].state = arena_strdup(c->arena, image->children[i].state);
    }
    c->child_count = image->child_count;
    return e;
}

static enum err build_totals(struct campaign *c, const struct port_image *image)
{
    const struct port_field *f = image->fields;
    int n = image->field_count;
    c->created_ms = strtoll(field(f, n, "created_ms"), NULL, 10);
    c->totals.calls = strtoll(field(f, n, "calls"), NULL, 10);
    c->totals.impressions = strtoll(field(f, n, "impressions"), NULL, 10);
    c->totals.clicks = strtoll(field(f, n, "clicks"), NULL, 10);
    c->totals.conversions = strtoll(field(f, n, "conversions"), NULL, 10);
    c->totals.usd = arena_strdup(c->arena, n ? field(f, n, "usd") : "0");
    c->totals.revenue = arena_strdup(c->arena, n ? field(f, n, "revenue") : "0");
    return c->totals.usd && c->totals.revenue ? ERR_OK : ERR_NOMEM;
}

static enum err pin(struct campaign *c)
{
    if (json_get(c->pins, "prompts") || !c->kind->version)
        return ERR_OK;
    char version[65];
    c->kind->version(version);
    enum err e = json_set_str(c->pins, "prompts", version);
    return e ? e : json_set_str(c->pins, "release", BARKER_VERSION);
}

enum err run_build(struct run *run, const struct port_image *image,
                   struct err_detail *d)
{
    enum err e = spec_parse(image->spec, image->spec_len, run->runner->options.channels,
                            &run->arena, &run->spec, d);
    if (e)
        return e;
    run->has_spec = true;
    const struct ports *p = &run->runner->ports;
    const struct zone *zone = NULL;
    if (run->spec.repeat.cron && !(zone = p->zone(p->self, run->spec.repeat.zone)))
        return err_set(d, ERR_NOT_FOUND, "/repeat/zone", "no time zone %s here",
                       run->spec.repeat.zone);
    if (run->spec.id[0] == '\0')
        snprintf(run->spec.id, sizeof run->spec.id, "%s", image->id);
    run->campaign = campaign_new(&run->arena, &run->spec);
    if (!run->campaign)
        return err_set(d, ERR_NOMEM, "", "the job does not fit its memory");
    struct campaign *c = run->campaign;
    c->now_ms = image->now_ms;
    c->inputs.zone = zone;
    e = campaign_restore(c, image->checkpoint, image->checkpoint_len, d);
    if (!e)
        e = build_parts(c, image);
    if (!e)
        e = build_totals(c, image);
    return e ? e : pin(c);
}
