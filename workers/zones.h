/* zones.h: the time zones of this machine by name, each read when it is first asked for
 * (some 3 KB, synchronously) and kept. */
#ifndef BARKER_WORKERS_ZONES_H
#define BARKER_WORKERS_ZONES_H

#include "core/base/zone.h"

struct zones;

enum err zones_new(struct zones **out) MUST_USE;
void zones_free(struct zones *z);
/* NULL: there is none of this name here, or no memory. Lives as long as z. */
const struct zone *zones_find(struct zones *z, const char *name);

#endif
