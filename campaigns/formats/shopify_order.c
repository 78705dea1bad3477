/* shopify_order.c: the webhook orders/create of Shopify. Money is text there. */
#include "campaigns/formats/shopify.h"

/* Checkouts and drafts have a price and an id too, but nobody has bought yet; what has
 * a type is an event of another format. */
static bool shopify_order_detect(const struct json *j)
{
    return json_get(j, "total_price") && json_get(j, "id") &&
           !json_get(j, "abandoned_checkout_url") && !json_get(j, "invoice_url") &&
           !json_get(j, "type");
}

static enum err shopify_order_read(struct format_reading *r, struct format_event *e)
{
    const struct json *test = json_get(r->item, "test");
    if (json_bool(test, false))
        return reading_refuse(r, test, ERR_BAD_VALUE, "an order that is only a test");
    e->type = "conversion";
    shopify_take_origin(r, r->item);
    shopify_take_id(r, "order");
    reading_take_stamp(r, json_get(r->item, "created_at"), STAMP_MS);
    reading_take_member(r, FORMAT_VALUE, r->item, "total_price");
    reading_take_member(r, FORMAT_CURRENCY, r->item, "currency");
    reading_take_pieces(r, json_get(r->item, "line_items"), "quantity");
    reading_take_member(r, FORMAT_USER, json_get(r->item, "customer"), "id");
    return r->err;
}

const struct format format_shopify_order = {
    .name = "shopify_order",
    .meaning = "the webhook orders/create of Shopify",
    .detect = shopify_order_detect,
    .read = shopify_order_read,
};
