/* content_guard.h: what stops a variant or a whole placement, whatever sells best. */
#ifndef BARKER_CAMPAIGNS_KINDS_CONTENT_CONTENT_GUARD_H
#define BARKER_CAMPAIGNS_KINDS_CONTENT_CONTENT_GUARD_H

#include "campaigns/campaign.h"

/* Retires the variants of a placement that do harm (ranking/guard.h), with words for
 * people and a line of the audit. Never the control. Returns how many. */
int content_guard_pause(struct campaign *c, int placement);
/* The test of sample ratios (ranking/srm.h) on the first impressions of users; its p is
 * published. True while it is an alarm: nothing is to be decided then. */
bool content_guard_ratio(struct campaign *c, int placement);

#endif
