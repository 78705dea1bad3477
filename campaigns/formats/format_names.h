/* format_names.h: what others call an event, and which type it is here. Pure. */
#ifndef BARKER_CAMPAIGNS_FORMATS_FORMAT_NAMES_H
#define BARKER_CAMPAIGNS_FORMATS_FORMAT_NAMES_H

#include "campaigns/formats/format_reading.h"

/* The type of a name. All spellings of one name are alike ("Order Completed",
 * "order_completed", "OrderCompleted"); what is not known becomes a custom type of this
 * form, order_completed. Refuses an empty name, and one that is too long, at `at`. */
const char *names_type(struct format_reading *r, const char *name,
                       const struct json *at);

#endif
