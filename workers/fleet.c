/* fleet.c: rooms for those that want one. */
#include "workers/fleet.h"

int64_t fleet_desired(const struct fleet *f)
{
    int64_t each = f->workers ? f->slots / f->workers : f->slots_per_worker;
    int64_t want = f->jobs + (f->oldest_ms >= FLEET_YOUNG_MS ? f->backlog : 0);
    if (each < 1)
        each = 1;
    int64_t desired = want / each + (want % each > 0);
    return desired > 1 ? desired : 1;
}
