/* store_image.c: walks the nested reply of jobs_load (queues/jobs.h). */
#include "workers/live/store_image.h"
#include <stdlib.h>
#include <string.h>

enum {
    AT_NOW,
    AT_SPEC,
    AT_CHECKPOINT,
    AT_HASH,
    AT_VARIANTS,
    AT_MAIL,
    AT_BUDGET,
    AT_JOURNAL,
    AT_CHILDREN,
    AT_PLACEMENTS,
    AT_PROGRESS,
    AT_MORE_MAIL,
    AT_COUNT
};

static const char *text_at(const struct reply *r, size_t i)
{
    return reply_str(reply_at(r, i), NULL);
}

static struct port_field *read_fields(struct arena *a, const struct reply *flat,
                                      int *count)
{
    size_t n = reply_count(flat) / 2;
    struct port_field *fields = arena_array(a, n + 1, sizeof *fields);
    for (size_t i = 0; i < n && fields; i++) {
        fields[i].name = text_at(flat, 2 * i);
        fields[i].value = text_at(flat, 2 * i + 1);
    }
    *count = (int)n;
    return fields;
}

static enum err read_variants(struct arena *a, const struct reply *r,
                              struct port_image *out)
{
    size_t n = reply_count(r);
    struct port_variant *items = arena_array(a, n + 1, sizeof *items);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct reply *pair = reply_at(r, i);
        items[i].id = text_at(pair, 0);
        items[i].fields = read_fields(a, reply_at(pair, 1), &items[i].field_count);
        if (!items[i].fields)
            return ERR_NOMEM;
    }
    out->variants = items;
    out->variant_count = (int)n;
    return ERR_OK;
}

static enum err read_placements(struct arena *a, const struct reply *r,
                                struct port_image *out)
{
    size_t n = reply_count(r);
    struct port_placement *items = arena_array(a, n + 1, sizeof *items);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const struct reply *row = reply_at(r, i);
        items[i].name = text_at(row, 0);
        items[i].fields = read_fields(a, reply_at(row, 1), &items[i].field_count);
        items[i].epoch = reply_int(reply_get(reply_at(row, 1), "epoch"));
        if (!items[i].fields)
            return ERR_NOMEM;
    }
    out->placements = items;
    out->placement_count = (int)n;
    return ERR_OK;
}

static enum err read_journal(struct arena *a, const struct reply *flat,
                             struct port_image *out)
{
    size_t n = reply_count(flat) / 2;
    struct port_record *items = arena_array(a, n + 1, sizeof *items);
    if (!items)
        return ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        char *end = NULL;
        items[i].index = (int)strtol(text_at(flat, 2 * i), &end, 10);
        items[i].attempt = *end == '/' ? (int)strtol(end + 1, NULL, 10) : 0;
        items[i].text = reply_str(reply_at(flat, 2 * i + 1), &items[i].len);
    }
    out->journal = items;
    out->journal_count = (int)n;
    return ERR_OK;
}

static enum err read_lists(struct arena *a, const struct reply *r,
                           struct port_image *out)
{
    const struct reply *mail = reply_at(r, AT_MAIL), *kids = reply_at(r, AT_CHILDREN);
    size_t letters = reply_count(mail), n = reply_count(kids) / 2;
    const char **texts = arena_array(a, letters + 1, sizeof *texts);
    struct campaign_child *children = arena_array(a, n + 1, sizeof *children);
    if (!texts || !children)
        return ERR_NOMEM;
    for (size_t i = 0; i < letters; i++)
        texts[i] = text_at(mail, i);
    for (size_t i = 0; i < n; i++) {
        children[i].id = text_at(kids, 2 * i);
        children[i].state = text_at(kids, 2 * i + 1);
    }
    out->mail = texts;
    out->mail_count = (int)letters;
    out->more_mail = reply_int(reply_at(r, AT_MORE_MAIL)) != 0;
    out->children = children;
    out->child_count = (int)n;
    return ERR_OK;
}

enum err store_image_read(const struct reply *r, const char *id, struct arena *a,
                          struct port_image *out)
{
    memset(out, 0, sizeof *out);
    if (reply_count(r) < AT_COUNT)
        return ERR_INTERNAL;
    out->id = id;
    out->now_ms = reply_int(reply_at(r, AT_NOW));
    out->spec = reply_str(reply_at(r, AT_SPEC), &out->spec_len);
    out->checkpoint = reply_str(reply_at(r, AT_CHECKPOINT), &out->checkpoint_len);
    out->progress = reply_int(reply_at(r, AT_PROGRESS));
    out->fields = read_fields(a, reply_at(r, AT_HASH), &out->field_count);
    enum err e = out->fields ? ERR_OK : ERR_NOMEM;
    if (!e)
        e = read_variants(a, reply_at(r, AT_VARIANTS), out);
    if (!e)
        e = read_placements(a, reply_at(r, AT_PLACEMENTS), out);
    if (!e)
        e = read_journal(a, reply_at(r, AT_JOURNAL), out);
    return e ? e : read_lists(a, r, out);
}

void store_image_fresh(const struct reply *claim, const char *id, int64_t now_ms,
                       struct port_field fields[STORE_IMAGE_FRESH_FIELDS],
                       struct port_image *out)
{
    enum { SPEC = 2, CREATED_MS };
    fields[0] = (struct port_field){"created_ms", text_at(claim, CREATED_MS)};
    fields[1] = (struct port_field){"usd", "0"};
    fields[2] = (struct port_field){"revenue", "0"};
    *out = (struct port_image){.now_ms = now_ms,
                               .id = id,
                               .checkpoint = "",
                               .fields = fields,
                               .field_count = STORE_IMAGE_FRESH_FIELDS};
    out->spec = reply_str(reply_at(claim, SPEC), &out->spec_len);
}
