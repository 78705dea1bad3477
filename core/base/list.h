/* list.h: intrusive doubly linked list. Nodes live in their owner's struct; the list
 * **borrows** them. A node that is in no list points to itself after list_init(). */
#ifndef BARKER_CORE_BASE_LIST_H
#define BARKER_CORE_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *prev, *next;
};

/* NOLINTBEGIN(bugprone-macro-parentheses): types and names that are declared here */
#define list_item(node, type, member) ((type *)((char *)(node)-offsetof(type, member)))
#define list_each(node, head)                                                          \
    for (struct list *node = (head)->next; node != (head); node = node->next)
#define list_each_safe(node, after, head)                                              \
    for (struct list *node = (head)->next, *after = node->next; node != (head);        \
         node = after, after = node->next)
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}
static inline void list_push(struct list *head, struct list *node) /* at the end */
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#endif
