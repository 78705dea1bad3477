/* zones.h: the time zones of this machine by name, each read when it is first asked for
 * (some 3 KB, synchronously) and kept. */
#ifndef BARKER_WORKERS_ZONES_H
#define BARKER_WORKERS_ZONES_H

#include "core/base/err.h"
#include "core/base/zone.h"

struct zones;

enum err zones_new(struct zones **out) MUST_USE;
void zones_free(struct zones *z);
/* Lives as long as z. NULL: d (may be NULL) has why, as of zone_file_load(); ERR_BUSY
 * and ERR_NOMEM pass: the same name may be found later. */
const struct zone *zones_find(struct zones *z, const char *name, struct err_detail *d);

#endif
