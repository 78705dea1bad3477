/* idmap.h: tickets. Hands out a 64-bit id for a pointer and finds the pointer again,
 * or nothing once the id was removed: callbacks carry ids, never pointers.
 * id = slot in the low 32 bits, epoch of the slot in the high 32; never 0, not reused
 * before 2^32 uses of one slot. The map **borrows** the pointers. Not thread-safe. */
#ifndef BARKER_CORE_BASE_IDMAP_H
#define BARKER_CORE_BASE_IDMAP_H

#include "core/base/err.h"
#include <stdint.h>

struct idmap_slot;
struct idmap {
    struct idmap_slot *slots;
    uint32_t count, cap, free_head, live;
};

void idmap_init(struct idmap *m);
void idmap_fini(struct idmap *m);
uint64_t idmap_put(struct idmap *m, void *p); /* 0 when out of memory */
void *idmap_get(const struct idmap *m, uint64_t id);
void *idmap_take(struct idmap *m, uint64_t id); /* get and remove */

#endif
