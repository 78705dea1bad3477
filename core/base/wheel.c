/* wheel.c: see wheel.h. */
#include "core/base/wheel.h"

void wheel_init(struct wheel *w, int64_t now_ms)
{
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        list_init(&w->slots[i]);
    w->step = now_ms / WHEEL_STEP_MS;
    w->count = 0;
}

void wheel_item_init(struct wheel_item *i)
{
    list_init(&i->node);
    i->due_ms = 0;
}

/* The slot that is looked at when it is due for certain; of what is due after a lap,
 * the last one there is. */
static void put(struct wheel *w, struct wheel_item *i)
{
    int64_t step = i->due_ms / WHEEL_STEP_MS + 1;
    if (step <= w->step)
        step = w->step + 1;
    if (step >= w->step + WHEEL_SLOTS)
        step = w->step + WHEEL_SLOTS - 1;
    list_push(&w->slots[step % WHEEL_SLOTS], &i->node);
}

void wheel_set(struct wheel *w, struct wheel_item *i, int64_t due_ms)
{
    wheel_remove(w, i);
    i->due_ms = due_ms;
    put(w, i);
    w->count++;
}

void wheel_remove(struct wheel *w, struct wheel_item *i)
{
    if (!i->due_ms)
        return;
    list_remove(&i->node);
    i->due_ms = 0;
    w->count--;
}

static void take_due(struct wheel *w, struct list *slot, int64_t now_ms,
                     struct list *due)
{
    struct list seen; /* apart, as what is not due may come back to this slot */
    list_init(&seen);
    while (!list_empty(slot)) {
        struct list *node = slot->next;
        list_remove(node);
        list_push(&seen, node);
    }
    while (!list_empty(&seen)) {
        struct wheel_item *i = list_item(seen.next, struct wheel_item, node);
        list_remove(&i->node);
        if (i->due_ms > now_ms) {
            put(w, i);
            continue;
        }
        i->due_ms = 0;
        w->count--;
        list_push(due, &i->node);
    }
}

void wheel_turn(struct wheel *w, int64_t now_ms, struct list *due)
{
    int64_t from = w->step + 1, to = now_ms / WHEEL_STEP_MS;
    if (to < from)
        return;
    if (to - from >= WHEEL_SLOTS)
        from = to - WHEEL_SLOTS + 1; /* each slot once */
    w->step = to;
    for (; from <= to; from++)
        take_due(w, &w->slots[from % WHEEL_SLOTS], now_ms, due);
}
