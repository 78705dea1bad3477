/* channels.h: the channels of this installation: the shipped table and, with
 * content.channels in the configuration, the user's own file. Start-up only: reads it.
 */
#ifndef BARKER_WORKERS_CHANNELS_H
#define BARKER_WORKERS_CHANNELS_H

#include "campaigns/checks/channel.h"
#include "core/base/config.h"

/* *out is the caller's (channel_set_free). A fault in the user's file carries its path
 * and the JSON pointer inside it. */
enum err channels_load(const struct config *c, struct channel_set **out,
                       struct err_detail *d) MUST_USE;

#endif
