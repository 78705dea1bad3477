/* feedback_orphans.c: a log line that cannot flood. */
#include "workers/feedback/feedback_orphans.h"
#include "core/base/log.h"
#include <inttypes.h>
#include <stdio.h>

void feedback_orphans_add(struct feedback_orphans *o, int64_t count,
                          const char *campaign, const char *variant)
{
    if (count <= 0)
        return;
    if (!o->count) {
        snprintf(o->campaign, sizeof o->campaign, "%s", campaign);
        snprintf(o->variant, sizeof o->variant, "%s", variant);
    }
    o->count += count; /* a batch has 200 at most */
}

bool feedback_orphans_tell(struct feedback_orphans *o, int64_t now_ms)
{
    if (!o->count || (o->has_told && now_ms - o->told_ms < FEEDBACK_ORPHANS_PAUSE_MS))
        return false;
    char count[24];
    snprintf(count, sizeof count, "%" PRId64, o->count);
    log_event(LOG_WARN, "events.orphans", "count", count, "campaign", o->campaign,
              "variant", o->variant, NULL);
    *o = (struct feedback_orphans){.told_ms = now_ms, .has_told = true};
    return true;
}
