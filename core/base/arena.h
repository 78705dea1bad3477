/* arena.h: memory of one job, freed in one call.
 *
 * The arena **owns** all it hands out. Not thread-safe; may be handed to a thread pool
 * worker as a whole. Allocations are zeroed and aligned for any type. Over `max_bytes`,
 * or when the machine has no memory, NULL comes back and `failed` stays set. */
#ifndef BARKER_CORE_BASE_ARENA_H
#define BARKER_CORE_BASE_ARENA_H

#include "core/base/err.h"
#include <stdarg.h>
#include <stdbool.h>

struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used_bytes, max_bytes;
    bool failed;
};

void arena_init(struct arena *a, size_t max_bytes);
void arena_fini(struct arena *a);
void *arena_alloc(struct arena *a, size_t bytes) MUST_USE;
void *arena_array(struct arena *a, size_t count, size_t item_bytes) MUST_USE;
char *arena_strdup(struct arena *a, const char *s) MUST_USE;
char *arena_strndup(struct arena *a, const char *s, size_t n) MUST_USE;
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3) MUST_USE;

#endif
