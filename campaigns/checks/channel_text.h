/* channel_text.h: the text of a variant as its channel carries it: slots filled in,
 * fields in the order of the table, and the body that a model wrote.
 *
 * facts is `facts` of the spec, an object or NULL. Results live in the arena; NULL when
 * it is full. A text that is no JSON object where the channel wants one comes back as
 * it is: channel_judge() says what is wrong with it. An empty field stays empty. */
#ifndef BARKER_CAMPAIGNS_CHECKS_CHANNEL_TEXT_H
#define BARKER_CAMPAIGNS_CHECKS_CHANNEL_TEXT_H

#include "campaigns/checks/channel.h"
#include "core/base/arena.h"

/* Can the slots of this channel be filled from these facts, and do they leave room for
 * at least one character? ERR_MISSING and ERR_BAD_TYPE with the pointer of the fact;
 * ERR_UNSATISFIABLE with `path`, the pointer of the channel. */
enum err channel_text_check(const struct channel *c, const struct json *facts,
                            struct arena *a, const char *path,
                            struct err_detail *d) MUST_USE;
/* Spaces at both ends go (of items too), then every slot that does not stand
 * at its own end yet is put in. Filling twice changes nothing. */
const char *channel_text_fill(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text) MUST_USE;
/* The same of what a model wrote: of a field of several items those that its limits
 * refuse, and those that are there twice, are left out as long as enough remain. Who
 * asked for 3 to 15 headlines need not pay again for one of seven that is too long. */
const char *channel_text_mend(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text) MUST_USE;
/* What differs from variant to variant: values of all fields, a line each, without the
 * slots. For comparing and for searching words. */
const char *channel_text_body(struct arena *a, const struct channel *c,
                              const struct json *facts, const char *text) MUST_USE;
/* A length in characters to ask a model for, so that what it writes will fit with the
 * slots of the field; 0 = the channel has no limit. Wide scripts fit fewer. */
int64_t channel_text_room(const struct channel_field *f, const struct json *facts,
                          const char *locale);

#endif
