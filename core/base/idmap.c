/* idmap.c: slots with an epoch; free slots form a list through `next_free`. */
#include "core/base/idmap.h"

#include <stdbool.h>
#include <stdlib.h>

#define NO_SLOT UINT32_MAX
#define SLOTS_FIRST 16

struct idmap_slot {
    void *p; /* NULL = free */
    uint32_t epoch, next_free;
};

void idmap_init(struct idmap *m)
{
    *m = (struct idmap){.free_head = NO_SLOT};
}

void idmap_fini(struct idmap *m)
{
    free(m->slots);
    idmap_init(m);
}

static bool idmap_grow(struct idmap *m)
{
    if (m->cap >= UINT32_MAX / 2)
        return false;
    uint32_t cap = m->cap ? m->cap * 2 : SLOTS_FIRST;
    struct idmap_slot *slots = reallocarray(m->slots, cap, sizeof *slots);
    if (!slots)
        return false;
    m->slots = slots;
    m->cap = cap;
    return true;
}

uint64_t idmap_put(struct idmap *m, void *p)
{
    check(p);
    uint32_t at = m->free_head;
    if (at != NO_SLOT) {
        m->free_head = m->slots[at].next_free;
    } else {
        if (m->count == m->cap && !idmap_grow(m))
            return 0;
        at = m->count++;
        m->slots[at].epoch = 1; /* so that no id is ever 0 */
    }
    m->slots[at].p = p;
    m->live++;
    return (uint64_t)m->slots[at].epoch << 32 | at;
}

static struct idmap_slot *slot_of(const struct idmap *m, uint64_t id)
{
    uint32_t at = (uint32_t)id;
    if (at >= m->count || m->slots[at].epoch != id >> 32)
        return NULL;
    return &m->slots[at];
}

void *idmap_get(const struct idmap *m, uint64_t id)
{
    const struct idmap_slot *slot = slot_of(m, id);
    return slot ? slot->p : NULL;
}

void *idmap_take(struct idmap *m, uint64_t id)
{
    struct idmap_slot *slot = slot_of(m, id);
    void *p = slot ? slot->p : NULL;
    if (!p)
        return NULL;
    slot->p = NULL;
    m->live--;
    /* a slot whose epochs are used up is given up, so that an id never comes back */
    if (++slot->epoch != 0) {
        slot->next_free = m->free_head;
        m->free_head = (uint32_t)id;
    }
    return p;
}
