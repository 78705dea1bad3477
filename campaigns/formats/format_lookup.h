/* format_lookup.h: whose event it is. Each source is offered in the order of FIELD §4:
 * ids of ours, utm_campaign and utm_content, email_id, a coupon. The first that tells
 * both campaign and variant counts; sources that tell one each are put together as long
 * as none names another campaign. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_LOOKUP_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_LOOKUP_H

#include "campaigns/formats/format_reading.h"

/* Two members, either may be NULL. */
void lookup_offer(struct format_reading *r, const struct json *campaign,
                  const struct json *variant);
/* campaign_id or campaign, variant_id or variant, epoch and impression of an object. */
void lookup_offer_ids(struct format_reading *r, const struct json *object);
/* The query string of an address. */
void lookup_offer_address(struct format_reading *r, const struct json *address);
/* One text, "<campaign>/<variant>"; or, once the campaign is known, the variant. */
void lookup_offer_joint(struct format_reading *r, const struct json *text);
/* The same, but only with both. */
void lookup_offer_subject(struct format_reading *r, const struct json *text);
/* [{"name": "campaign_id", "value": …}, …], also utm_campaign and utm_content. */
void lookup_offer_pairs(struct format_reading *r, const struct json *pairs);

#endif
