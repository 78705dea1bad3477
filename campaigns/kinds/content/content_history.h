/* content_history.h: what readers did so far, as the next round's prompt tells it:
 * a list sorted worst to best (OPRO, arXiv 2309.03409), with shrunk lift over the
 * control in bands and how sure it is; never a raw ratio (RANKING §5.15). */
#ifndef BARKER_CAMPAIGNS_KINDS_CONTENT_HISTORY_H
#define BARKER_CAMPAIGNS_KINDS_CONTENT_HISTORY_H

#include "campaigns/kinds/content/content.h"

enum err content_history_write(struct campaign *c, int placement) MUST_USE;

#endif
