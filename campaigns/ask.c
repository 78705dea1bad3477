/* ask.c: growing lists of asks, and objections. */
#include "campaigns/ask.h"
#include <stdarg.h>
#include <stdio.h>

struct ask *ask_add(struct ask_list *list, enum ask_type type)
{
    if (!list->items)
        list->items = arena_array(list->arena, ASK_LIST_MAX, sizeof(struct ask));
    if (!list->items || list->count == ASK_LIST_MAX) {
        list->failed = true;
        return NULL;
    }
    struct ask *a = &list->items[list->count];
    a->type = type;
    a->index = list->count++;
    return a;
}

void objection_raise(struct objection *o, const char *fmt, ...)
{
    if (o->raised)
        return; /* the first objection is the one that is told */
    o->raised = true;
    va_list args;
    va_start(args, fmt);
    vsnprintf(o->message, sizeof o->message, fmt, args);
    va_end(args);
}
