/* store_image.c: a job as a worker loads it. */
#include "tests/sim/store.h"
#include <string.h>

#define MAIL_PAGE 2 /* letters: so that there often are more */

static void *fresh(struct arena *a, size_t bytes)
{
    void *p = arena_alloc(a, bytes ? bytes : 1);
    check(p);
    return p;
}

/* Copies, so that a reader who keeps a pointer is caught by the sanitizer. */
static const char *copy(struct arena *a, const char *text)
{
    char *p = arena_strdup(a, text);
    check(p);
    return p;
}

static const struct port_field *fields(struct arena *a, const struct store_thing *t)
{
    struct port_field *f = fresh(a, (size_t)t->field_count * sizeof *f);
    for (int i = 0; i < t->field_count; i++) {
        f[i].name = copy(a, t->fields[i].name);
        f[i].value = copy(a, t->fields[i].value);
    }
    return f;
}

static void put_things(const struct store_campaign *c, struct arena *a,
                       struct port_image *image)
{
    struct port_variant *v = fresh(a, (size_t)c->variants.count * sizeof *v);
    struct port_placement *p = fresh(a, (size_t)c->placements.count * sizeof *p);
    for (int i = 0; i < c->variants.count; i++) {
        const struct store_thing *t = c->variants.items[i];
        v[i] = (struct port_variant){copy(a, t->id), fields(a, t), t->field_count};
    }
    for (int i = 0; i < c->placements.count; i++) {
        const struct store_thing *t = c->placements.items[i];
        p[i] = (struct port_placement){copy(a, t->id), t->epoch, fields(a, t),
                                       t->field_count};
    }
    image->variants = v;
    image->variant_count = c->variants.count;
    image->placements = p;
    image->placement_count = c->placements.count;
}

static void put_mail(const struct store_campaign *c, struct arena *a,
                     struct port_image *image)
{
    int page = c->mail_count < MAIL_PAGE ? c->mail_count : MAIL_PAGE;
    const char **mail = fresh(a, (size_t)page * sizeof *mail);
    struct campaign_child *kids = fresh(a, (size_t)c->kid_count * sizeof *kids);
    for (int i = 0; i < page; i++)
        mail[i] = copy(a, c->mail[i]);
    for (int i = 0; i < c->kid_count; i++)
        kids[i] =
            (struct campaign_child){copy(a, c->kids[i].id), copy(a, c->kids[i].state)};
    image->mail = mail;
    image->mail_count = page;
    image->more_mail = page < c->mail_count;
    image->children = kids;
    image->child_count = c->kid_count;
}

/* Before the first checkpoint only the first stage can have been journaled. */
static bool is_wanted(const struct store_campaign *c, const struct store_record *r)
{
    return !c->stage[0] || (r->place.iteration == c->iteration &&
                            strcmp(r->place.stage, c->stage) == 0);
}

static void put_journal(const struct store_campaign *c, struct arena *a,
                        struct port_image *image)
{
    int n = 0;
    for (const struct store_record *r = c->journal; r; r = r->next)
        n += is_wanted(c, r);
    struct port_record *out = fresh(a, (size_t)n * sizeof *out);
    n = 0;
    for (const struct store_record *r = c->journal; r; r = r->next) {
        if (is_wanted(c, r))
            out[n++] = (struct port_record){r->place.index, r->attempt,
                                            copy(a, r->text), strlen(r->text)};
    }
    image->journal = out;
    image->journal_count = n;
}

enum err store_load(struct store_campaign *c, int64_t fence, struct arena *a,
                    struct port_image *image)
{
    if (!store_holds(c, fence))
        return ERR_FENCED;
    store_lose(c, fence);
    c->is_loaded = true;
    c->dirty = 0;
    c->pending_events = 0;
    *image = (struct port_image){.now_ms = world_now_ms(c->world),
                                 .spec = copy(a, c->spec),
                                 .spec_len = strlen(c->spec),
                                 .checkpoint = copy(a, c->checkpoint),
                                 .checkpoint_len = strlen(c->checkpoint),
                                 .id = copy(a, c->id),
                                 .progress = c->commits};
    put_things(c, a, image);
    put_mail(c, a, image);
    put_journal(c, a, image);
    return ERR_OK;
}
