/* wheel.h: a timing wheel: many instants of which few come true, because what is waited
 * for comes first. To add, move or remove one costs the same however many there are.
 * Turned every WHEEL_STEP_MS it gives what is due, never early. Pure: the caller has
 * the clock and the timer. */
#ifndef BARKER_CORE_BASE_WHEEL_H
#define BARKER_CORE_BASE_WHEEL_H

#include "core/base/list.h"
#include <stdint.h>

#define WHEEL_STEP_MS 32
/* What is due later than all of them is looked at once a lap. */
#define WHEEL_SLOTS 256

struct wheel_item {
    struct list node;
    int64_t due_ms; /* 0 = in no wheel */
};
struct wheel { /* **borrows** the items */
    struct list slots[WHEEL_SLOTS];
    int64_t step; /* slots up to this one have been looked at */
    size_t count;
};

void wheel_init(struct wheel *w, int64_t now_ms);
void wheel_item_init(struct wheel_item *i);
/* Adds it, or moves it there. due_ms > 0. */
void wheel_set(struct wheel *w, struct wheel_item *i, int64_t due_ms);
void wheel_remove(struct wheel *w, struct wheel_item *i); /* in none: no-op */
/* Takes out what is due and pushes it on `due`, in no order. */
void wheel_turn(struct wheel *w, int64_t now_ms, struct list *due);

#endif
