/* shopify_refund.c: the webhook refunds/create of Shopify. It does not say where its
 * order came from: whoever passes it on adds campaign and variant, or the order. */
#include "campaigns/formats/shopify.h"
#include "campaigns/formats/format_field.h"
#include <string.h>

static bool shopify_refund_detect(const struct json *j)
{
    return json_get(j, "order_id") && json_get(j, "id") &&
           (json_type(json_get(j, "refund_line_items")) == JSON_ARRAY ||
            json_type(json_get(j, "transactions")) == JSON_ARRAY);
}

/* Money went back; pending or failed transactions, and those of other kinds, did not.
 */
static bool is_paid_back(const struct json *t)
{
    const char *status = json_str(json_get(t, "status"), "success");
    return strcmp(json_str(json_get(t, "kind"), ""), "refund") == 0 &&
           strcmp(status, "success") == 0;
}

/* Adds one amount; false if r->err is set. */
static bool add(struct format_reading *r, int64_t *sum, const struct json *amount)
{
    struct format_event one = {.value_micro = 0};
    struct format_event *whole = r->event;
    if (json_type(amount) == JSON_NULL)
        return true;
    r->event = &one;
    r->from[FORMAT_VALUE] = NULL;
    reading_take(r, FORMAT_VALUE, amount);
    r->event = whole;
    if (!r->err && (one.value_micro > FORMAT_VALUE_MAX_MICRO ||
                    one.value_micro < -FORMAT_VALUE_MAX_MICRO))
        (void)reading_refuse(r, amount, ERR_OUT_OF_RANGE, "at most 1000000000");
    *sum += r->err ? 0 : one.value_micro;
    return !r->err;
}

static void take_money(struct format_reading *r)
{
    const char *currency = "";
    int64_t sum = 0, lines = 0;
    bool paid = false;
    json_each (t, json_get(r->item, "transactions")) {
        const struct json *code = json_get(t, "currency");
        if (!is_paid_back(t) || !add(r, &sum, json_get(t, "amount")))
            continue;
        paid = true;
        if (*currency && strcmp(currency, json_str(code, currency)) != 0)
            (void)reading_refuse(r, code, ERR_BAD_VALUE,
                                 "a refund in two currencies is not added up");
        reading_take(r, FORMAT_CURRENCY, code);
        currency = json_str(code, currency);
    }
    json_each (line, json_get(r->item, "refund_line_items")) {
        (void)add(r, &lines, json_get(line, "subtotal"));
        (void)add(r, &lines, json_get(line, "total_tax"));
    }
    r->event->value_micro = paid ? sum : lines;
    reading_take_member(r, FORMAT_CURRENCY, r->item, "currency");
}

static void take_origin(struct format_reading *r, const struct json *order)
{
    shopify_take_origin(r, r->item);
    shopify_take_origin(r, order);
    json_each (line, json_get(r->item, "refund_line_items")) {
        lookup_offer_pairs(r, json_get(json_get(line, "line_item"), "properties"));
    }
}

static enum err shopify_refund_read(struct format_reading *r, struct format_event *e)
{
    const struct json *order = json_get(r->item, "order");
    e->type = "refund";
    take_origin(r, order);
    if (!*e->campaign)
        return reading_refuse_member(
            r, r->item, "campaign", ERR_MISSING,
            "a refund does not say where its order came from: "
            "add campaign and variant, or the order as `order`");
    shopify_take_id(r, "refund");
    reading_take_stamp(r, json_get(r->item, "created_at"), STAMP_MS);
    take_money(r);
    reading_take_pieces(r, json_get(r->item, "refund_line_items"), "quantity");
    reading_take_member(r, FORMAT_CURRENCY, order, "currency");
    reading_take_member(r, FORMAT_USER, json_get(order, "customer"), "id");
    return r->err;
}

const struct format format_shopify_refund = {
    .name = "shopify_refund",
    .meaning = "the webhook refunds/create of Shopify, with campaign or order added",
    .detect = shopify_refund_detect,
    .read = shopify_refund_read,
};
