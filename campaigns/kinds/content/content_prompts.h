/* content_prompts.h: the asks of a content campaign as chat messages. */
#ifndef BARKER_CAMPAIGNS_KINDS_CONTENT_PROMPTS_H
#define BARKER_CAMPAIGNS_KINDS_CONTENT_PROMPTS_H

#include "campaigns/kinds/content/content.h"

/* What all asks of one plan share. */
enum err content_prompts_prepare(const struct campaign *c,
                                 struct content_input *in) MUST_USE;
enum err content_prompts_angles(const struct campaign *c,
                                const struct content_input *in,
                                struct ask *ask) MUST_USE;
/* ask->tag: placement, number of the text; sets tag[2] when it shows the history. */
enum err content_prompts_write(const struct campaign *c, const struct content_input *in,
                               struct ask *ask) MUST_USE;

#endif
