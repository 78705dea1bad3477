/* format_lookup.c: see format_lookup.h. */
#include "campaigns/formats/format_lookup.h"
#include "core/base/query.h"
#include "core/base/utf8.h"
#include <string.h>

#define QUERY_MAX_BYTES 512 /* of a value; ids are shorter */

struct offer {
    const char *campaign, *variant; /* "" = it does not tell */
    const struct json *campaign_at, *variant_at;
};

static void set(struct format_reading *r, enum format_field f, const char **place,
                const char *text, const struct json *at)
{
    *place = text;
    r->from[f] = at;
}

static void consider(struct format_reading *r, const struct offer *o)
{
    struct format_event *e = r->event;
    bool is_complete = *o->campaign && *o->variant;
    if (*e->campaign && *e->variant)
        return;
    if (*e->campaign && *o->campaign && strcmp(e->campaign, o->campaign) != 0) {
        if (!is_complete)
            return;
        set(r, FORMAT_CAMPAIGN, &e->campaign, o->campaign, o->campaign_at);
        set(r, FORMAT_VARIANT, &e->variant, o->variant, o->variant_at);
    }
    if (!*e->campaign && *o->campaign)
        set(r, FORMAT_CAMPAIGN, &e->campaign, o->campaign, o->campaign_at);
    if (!*e->variant && *o->variant)
        set(r, FORMAT_VARIANT, &e->variant, o->variant, o->variant_at);
}

void lookup_offer(struct format_reading *r, const struct json *campaign,
                  const struct json *variant)
{
    struct offer o = {.campaign = reading_soft_text(r, campaign),
                      .variant = reading_soft_text(r, variant),
                      .campaign_at = campaign,
                      .variant_at = variant};
    consider(r, &o);
}

static const struct json *either(const struct json *object, const char *name,
                                 const char *other)
{
    const struct json *member = json_get(object, name);
    return json_type(member) == JSON_NULL ? json_get(object, other) : member;
}

void lookup_offer_ids(struct format_reading *r, const struct json *object)
{
    lookup_offer(r, either(object, "campaign_id", "campaign"),
                 either(object, "variant_id", "variant"));
    reading_take_member(r, FORMAT_EPOCH, object, "epoch");
    reading_take_member(r, FORMAT_IMPRESSION, object, "impression");
}

/* "" if it is absent or no text. */
static const char *query_text(struct format_reading *r, const char *address,
                              const char *name)
{
    struct buf value;
    const char *text = "";
    buf_init(&value, QUERY_MAX_BYTES);
    (void)query_find(address, name, &value);
    const char *bytes = buf_str(&value);
    if (!buf_status(&value) && strlen(bytes) == value.len &&
        utf8_invalid_at(bytes, value.len) == value.len)
        text = arena_strdup(r->arena, bytes);
    buf_fini(&value);
    if (text)
        return text;
    (void)reading_refuse(r, NULL, ERR_NOMEM, err_meaning(ERR_NOMEM));
    return "";
}

void lookup_offer_address(struct format_reading *r, const struct json *address)
{
    const char *text = json_str(address, "");
    struct offer o = {.campaign = query_text(r, text, "utm_campaign"),
                      .variant = query_text(r, text, "utm_content"),
                      .campaign_at = address,
                      .variant_at = address};
    consider(r, &o);
}

static bool offer_both(struct format_reading *r, const struct json *at,
                       const char *text)
{
    const char *slash = strchr(text, '/');
    if (!slash || slash == text || !slash[1])
        return false;
    const char *campaign = arena_strndup(r->arena, text, (size_t)(slash - text));
    struct offer o = {.campaign = campaign ? campaign : "",
                      .variant = slash + 1,
                      .campaign_at = at,
                      .variant_at = at};
    if (!campaign)
        (void)reading_refuse(r, NULL, ERR_NOMEM, err_meaning(ERR_NOMEM));
    consider(r, &o);
    return true;
}

void lookup_offer_subject(struct format_reading *r, const struct json *text)
{
    (void)offer_both(r, text, json_str(text, ""));
}

void lookup_offer_joint(struct format_reading *r, const struct json *text)
{
    const char *word = reading_soft_text(r, text);
    if (!offer_both(r, text, word) && *r->event->campaign) {
        struct offer o = {.campaign = "", .variant = word, .variant_at = text};
        consider(r, &o);
    }
}

static const struct json *value_of(const struct json *pairs, const char *name)
{
    json_each (pair, pairs) {
        if (strcmp(json_str(json_get(pair, "name"), ""), name) == 0)
            return json_get(pair, "value");
    }
    return NULL;
}

void lookup_offer_pairs(struct format_reading *r, const struct json *pairs)
{
    lookup_offer(r, value_of(pairs, "campaign_id"), value_of(pairs, "variant_id"));
    lookup_offer(r, value_of(pairs, "utm_campaign"), value_of(pairs, "utm_content"));
}
