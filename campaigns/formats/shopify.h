/* shopify.h: what orders and refunds of Shopify share. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_SHOPIFY_H
#define BARKER_CAMPAIGNS_FORMATS_SHOPIFY_H

#include "campaigns/formats/format_lookup.h"

/* Whose order it is: ids of ours that were added to it, its note_attributes, properties
 * of its lines, the address that the buyer landed on, its discount codes. */
void shopify_take_origin(struct format_reading *r, const struct json *order);
/* "order" or "refund" and the number of it, or its global id where the number is too
 * long for a double. */
void shopify_take_id(struct format_reading *r, const char *what);

#endif
