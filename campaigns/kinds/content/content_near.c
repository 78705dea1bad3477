/* content_near.c: grams of texts without what their channel adds to all of them. */
#include "campaigns/kinds/content/content_near.h"
#include "campaigns/checks/channel_text.h"
#include <stdlib.h>
#include <string.h>

#define SCRATCH_MAX_BYTES ((size_t)64 << 20)

void content_near_init(struct content_near *n, const struct campaign *c)
{
    *n = (struct content_near){.campaign = c};
}

void content_near_fini(struct content_near *n)
{
    for (int i = 0; i < n->cap; i++)
        if (n->ready[i])
            grams_fini(&n->sets[i]);
    free(n->sets);
    free(n->ready);
    *n = (struct content_near){.cap = 0};
}

/* Room for all variants there are by now. */
static enum err grow(struct content_near *n)
{
    int count = n->campaign->variant_count;
    if (count <= n->cap)
        return ERR_OK;
    int cap = 2 * count;
    struct grams *sets = reallocarray(n->sets, (size_t)cap, sizeof *sets);
    if (!sets)
        return ERR_NOMEM;
    n->sets = sets;
    bool *ready = reallocarray(n->ready, (size_t)cap, sizeof *ready);
    if (!ready)
        return ERR_NOMEM;
    n->ready = ready;
    memset(ready + n->cap, 0, (size_t)(cap - n->cap) * sizeof *ready);
    n->cap = cap;
    return ERR_OK;
}

/* Signatures and names of fields, which all texts share, make none of them alike. */
static enum err grams_of(const struct campaign *c, int placement, const char *text,
                         struct grams *out)
{
    struct arena scratch;
    arena_init(&scratch, SCRATCH_MAX_BYTES);
    const char *body = channel_text_body(
        &scratch, c->placements[placement].spec->channel, c->spec->facts, text);
    *out = (struct grams){.count = 0};
    enum err e = body ? grams_init(out, body, strlen(body)) : ERR_NOMEM;
    arena_fini(&scratch);
    return e;
}

/* An empty set for a text that cannot be compared. */
static enum err prepare(struct content_near *n, int i)
{
    const struct variant *v = &n->campaign->variants[i];
    if (n->ready[i])
        return ERR_OK;
    enum err e = grams_of(n->campaign, v->placement, v->text, &n->sets[i]);
    if (e == ERR_LIMIT)
        e = ERR_OK;
    n->ready[i] = e == ERR_OK;
    return e;
}

enum err content_near_find(struct content_near *n, int placement, const char *text,
                           const struct variant **near)
{
    const struct campaign *c = n->campaign;
    struct grams mine;
    *near = NULL;
    enum err e = grams_of(c, placement, text, &mine);
    if (!e)
        e = grow(n);
    for (int i = 0; i < c->variant_count && !e && !*near; i++) {
        if (c->variants[i].placement != placement)
            continue;
        e = prepare(n, i);
        if (e || (n->sets[i].count == 0 && mine.count > 0))
            continue;
        double distance = grams_distance(&mine, &n->sets[i]);
        if (distance < c->spec->min_distance || distance == 0)
            *near = &c->variants[i];
    }
    grams_fini(&mine);
    return e;
}
