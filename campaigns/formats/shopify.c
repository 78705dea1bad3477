/* shopify.c: see shopify.h. */
#include "campaigns/formats/shopify.h"

void shopify_take_origin(struct format_reading *r, const struct json *order)
{
    lookup_offer_ids(r, order);
    lookup_offer_pairs(r, json_get(order, "note_attributes"));
    json_each (line, json_get(order, "line_items")) {
        lookup_offer_pairs(r, json_get(line, "properties"));
    }
    lookup_offer_address(r, json_get(order, "landing_site"));
    json_each (discount, json_get(order, "discount_codes")) {
        lookup_offer_joint(r, json_get(discount, "code"));
    }
}

void shopify_take_id(struct format_reading *r, const char *what)
{
    const struct json *id = json_get(r->item, "id");
    const struct json *global = json_get(r->item, "admin_graphql_api_id");
    bool is_exact = json_type(id) != JSON_NUMBER || json_is_int(id);
    const struct json *used = is_exact ? id : global;
    const char *parts[] = {what, reading_text(r, used)};
    if (!*parts[1])
        (void)reading_refuse_member(r, r->item,
                                    is_exact ? "id" : "admin_graphql_api_id",
                                    ERR_MISSING, "what is counted once has an id");
    reading_take_id(r, parts, 2, used);
}
