/* campaign_mail.c: orders and reviews that people sent to a campaign. */
#include "campaigns/campaign.h"
#include "core/base/names.h"
#include <string.h>

#define HELD_BYTES ((size_t)1 << 20)
#define LEAST_BYTES 200 /* names and JSON of a letter without text */
#define MAIL_MAX 4096

static const char *const names[] = {
    [MAIL_PAUSE] = "pause",     [MAIL_RESUME] = "resume", [MAIL_CANCEL] = "cancel",
    [MAIL_APPROVE] = "approve", [MAIL_REJECT] = "reject", [MAIL_DEADLINE] = "deadline",
};

const char *campaign_mail_name(enum campaign_mail_kind k)
{
    return names[k];
}

bool campaign_mail_from(const char *name, enum campaign_mail_kind *out)
{
    int i = names_index(names, name);
    if (i >= 0)
        *out = (enum campaign_mail_kind)i;
    return i >= 0;
}

/* Orders always fit: a mailbox full of reviews must not keep a campaign paused. */
static enum err make_room(struct campaign *c, bool is_review)
{
    if (c->mail_count < c->mail_cap)
        return ERR_OK;
    if (is_review && c->mail_count >= MAIL_MAX)
        return ERR_LIMIT;
    int cap = c->mail_cap ? c->mail_cap * 2 : 16;
    struct campaign_mail *more = arena_array(c->arena, (size_t)cap, sizeof *more);
    if (!more)
        return ERR_NOMEM;
    if (c->mail_count)
        memcpy(more, c->mail, (size_t)c->mail_count * sizeof *more);
    c->mail = more;
    c->mail_cap = cap;
    return ERR_OK;
}

/* The same verdict on the same variant again replaces the first. */
static struct campaign_mail *find_same(struct campaign *c,
                                       const struct campaign_mail *m)
{
    for (int i = 0; i < c->mail_count; i++) {
        if (c->mail[i].kind == m->kind && strcmp(c->mail[i].variant, m->variant) == 0)
            return &c->mail[i];
    }
    return NULL;
}

enum err campaign_add_mail(struct campaign *c, const struct campaign_mail *m)
{
    bool is_review = m->kind == MAIL_APPROVE || m->kind == MAIL_REJECT;
    struct campaign_mail *slot = is_review ? find_same(c, m) : NULL;
    struct campaign_mail copy = {.kind = m->kind,
                                 .variant = arena_strdup(c->arena, m->variant),
                                 .by = arena_strdup(c->arena, m->by),
                                 .text = arena_strdup(c->arena, m->text),
                                 .via = arena_strdup(c->arena, m->via)};
    if (!copy.variant || !copy.by || !copy.text || !copy.via)
        return ERR_NOMEM;
    if (!slot) {
        enum err e = make_room(c, is_review);
        if (e)
            return e;
        slot = &c->mail[c->mail_count++];
    }
    *slot = copy;
    return ERR_OK;
}

bool campaign_can_hold_mail(const struct campaign *c)
{
    size_t bytes = 0;
    for (int i = 0; i < c->mail_count; i++)
        bytes += LEAST_BYTES + strlen(c->mail[i].text);
    return bytes < HELD_BYTES;
}

enum err campaign_parse_mail(struct campaign *c, const struct json *j)
{
    struct campaign_mail m = {
        .variant = json_str(json_get(j, "v"), ""),
        .by = json_str(json_get(j, "by"), ""),
        .text = json_str(json_get(j, "text"), ""),
        .via = json_str(json_get(j, "via"), ""),
    };
    if (!campaign_mail_from(json_str(json_get(j, "do"), ""), &m.kind))
        return ERR_OK; /* an order of a newer release: not ours to judge, dropped */
    return campaign_add_mail(c, &m);
}
