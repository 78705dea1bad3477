/* replay_counts.h: the public counters of variants against the exact ones. */
#ifndef BARKER_WORKERS_CLI_REPLAY_COUNTS_H
#define BARKER_WORKERS_CLI_REPLAY_COUNTS_H

#include "core/io/reply.h"
#include "workers/replay/replay_state.h"

/* exact: flat "<epoch>:<variant>:<type>" → n. `wrong` gets the first difference in
 * words, or "". */
enum err replay_counts_check(const struct replay_state *stored,
                             const struct reply *exact, char *wrong,
                             size_t size) MUST_USE;

#endif
