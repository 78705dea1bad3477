/* feedback_orphans.h: what the log says of events that belong to nothing known: one
 * line at most every 10 s, with how many came and one example. Pure. */
#ifndef BARKER_WORKERS_FEEDBACK_FEEDBACK_ORPHANS_H
#define BARKER_WORKERS_FEEDBACK_FEEDBACK_ORPHANS_H

#include "queues/keys.h"
#include <stdbool.h>
#include <stdint.h>

#define FEEDBACK_ORPHANS_PAUSE_MS 10000

/* All zero to begin with. */
struct feedback_orphans {
    int64_t count, told_ms; /* since the last line; when that was */
    bool has_told;
    char campaign[KEYS_ID_MAX + 1], variant[KEYS_ID_MAX + 1]; /* the first of them */
};

/* An example that is too long is cut. */
void feedback_orphans_add(struct feedback_orphans *o, int64_t count,
                          const char *campaign, const char *variant);
/* Logs `events.orphans` if it is time and there are any, and starts anew. True if so.
 */
bool feedback_orphans_tell(struct feedback_orphans *o, int64_t now_ms);

#endif
