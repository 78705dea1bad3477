/* segment.c: `track` calls of Segment and of what speaks like it (RudderStack,
 * Dittofeed), one or a batch. Calls that tell no event (identify, page …) are passed
 * over. Segment spec, "Track", "V2 Ecommerce Events", "Email". */
#include "campaigns/formats/format_lookup.h"
#include "campaigns/formats/format_names.h"
#include <string.h>

static bool is_type(const struct json *j, const char *type)
{
    return strcmp(json_str(json_get(j, "type"), ""), type) == 0;
}

static bool is_other_call(const struct json *j)
{
    static const char *const others[] = {"identify", "page",  "screen",
                                         "group",    "alias", "merge"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (is_type(j, others[i]))
            return true;
    }
    return false;
}

static bool segment_detect(const struct json *j)
{
    return json_type(json_get(j, "batch")) == JSON_ARRAY ||
           (is_type(j, "track") && json_get(j, "event"));
}

static void take_origin(struct format_reading *r, const struct json *properties)
{
    const struct json *context = json_get(r->item, "context");
    const struct json *utm = json_get(context, "campaign");
    lookup_offer_ids(r, properties);
    lookup_offer(r, json_get(utm, "name"), json_get(utm, "content"));
    lookup_offer_address(r, json_get(json_get(context, "page"), "url"));
    lookup_offer_joint(r, json_get(properties, "email_id"));
    lookup_offer_joint(r, json_get(properties, "coupon"));
}

static enum err segment_read(struct format_reading *r, struct format_event *e)
{
    const struct json *event = json_get(r->item, "event");
    const struct json *properties = json_get(r->item, "properties");
    r->ignored = is_other_call(r->item);
    if (r->ignored)
        return ERR_OK;
    if (!is_type(r->item, "track"))
        return reading_refuse_member(r, r->item, "type", ERR_BAD_VALUE,
                                     "of the calls of Segment track tells an event");
    if (!event)
        return reading_refuse_member(r, r->item, "event", ERR_MISSING,
                                     "a track call names its event");
    e->type = names_type(r, reading_text(r, event), event);
    take_origin(r, properties);
    reading_take_member(r, FORMAT_ID, r->item, "messageId");
    reading_take_stamp(r, json_get(r->item, "timestamp"), STAMP_MS);
    reading_take_stamp(r, json_get(r->item, "originalTimestamp"), STAMP_MS);
    reading_take_stamp(r, json_get(r->item, "receivedAt"), STAMP_MS);
    reading_take_member(r, FORMAT_VALUE, properties, "revenue");
    reading_take_member(r, FORMAT_VALUE, properties, "total");
    reading_take_member(r, FORMAT_VALUE, properties, "value");
    reading_take_member(r, FORMAT_CURRENCY, properties, "currency");
    reading_take_quantity(r, json_get(properties, "quantity"));
    reading_take_pieces(r, json_get(properties, "products"), "quantity");
    reading_take_member(r, FORMAT_USER, r->item, "userId");
    reading_take_member(r, FORMAT_USER, r->item, "anonymousId");
    return r->err;
}

const struct format format_segment = {
    .name = "segment",
    .meaning = "track calls of Segment, RudderStack or Dittofeed, also in batch[]",
    .list = "batch",
    .home = "properties",
    .detect = segment_detect,
    .read = segment_read,
};
