/* format_field.h: fields of an event, set from text or number. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_FIELD_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_FIELD_H

#include "campaigns/formats/format.h"

/* Where a text field is kept, or NULL if the field is a number. */
const char **format_field_text(struct format_event *e, enum format_field f);
/* The text is borrowed. *why is a sentence if the result is not ERR_OK. */
enum err format_field_set_text(struct format_event *e, enum format_field f,
                               const char *text, size_t n, const char **why) MUST_USE;
/* A JSON number. Money is exact: up to 10^9 with six places a double is nearer to its
 * decimal than to any other. */
enum err format_field_set_number(struct format_event *e, enum format_field f,
                                 const struct json *number, const char **why) MUST_USE;
/* A refund is money back, whichever sign it came with. */
void format_field_turn_refund(struct format_event *e);

#endif
