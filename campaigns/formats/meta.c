/* meta.c: server events of the Conversions API of Meta, one or data[]. */
#include "campaigns/formats/format_lookup.h"
#include "campaigns/formats/format_names.h"

static bool is_event(const struct json *j)
{
    return json_get(j, "event_name") && json_get(j, "event_time");
}

static bool meta_detect(const struct json *j)
{
    const struct json *data = json_get(j, "data");
    if (json_type(data) != JSON_ARRAY)
        return is_event(j);
    json_each (item, data) { /* a bad one among them is refused later */
        if (json_get(item, "event_name"))
            return true;
    }
    return false;
}

static void take_user(struct format_reading *r)
{
    const struct json *id = json_get(json_get(r->item, "user_data"), "external_id");
    reading_take(r, FORMAT_USER, json_type(id) == JSON_ARRAY ? json_first(id) : id);
}

static enum err meta_read(struct format_reading *r, struct format_event *e)
{
    const struct json *name = json_get(r->item, "event_name");
    const struct json *time = json_get(r->item, "event_time");
    const struct json *id = json_get(r->item, "event_id");
    const struct json *data = json_get(r->item, "custom_data");
    if (!name)
        return reading_refuse_member(r, r->item, "event_name", ERR_MISSING,
                                     "a server event has event_name and event_time");
    if (!time)
        return reading_refuse_member(r, r->item, "event_time", ERR_MISSING,
                                     "a server event has event_name and event_time");
    const char *parts[] = {reading_text(r, id), reading_text(r, name)};
    e->type = names_type(r, parts[1], name);
    reading_take_id(r, parts, 2, id);
    reading_take_stamp(r, time, STAMP_S);
    lookup_offer_ids(r, data);
    lookup_offer(r, json_get(data, "utm_campaign"), json_get(data, "utm_content"));
    lookup_offer_address(r, json_get(r->item, "event_source_url"));
    lookup_offer_joint(r, json_get(data, "email_id"));
    lookup_offer_joint(r, json_get(data, "coupon"));
    reading_take_member(r, FORMAT_VALUE, data, "value");
    reading_take_member(r, FORMAT_CURRENCY, data, "currency");
    reading_take_quantity(r, json_get(data, "num_items"));
    reading_take_pieces(r, json_get(data, "contents"), "quantity");
    take_user(r);
    return r->err;
}

const struct format format_meta = {
    .name = "meta",
    .meaning = "server events of Meta's Conversions API, also in data[]",
    .list = "data",
    .home = "custom_data",
    .detect = meta_detect,
    .read = meta_read,
};
