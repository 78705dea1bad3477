/* settle_group.c: see settle_group.h. */
#include "workers/live/settle_group.h"
#include "workers/live/ports_live_state.h"
#include <string.h>

/* All of a group fit into one script's arguments; a larger one goes alone. */
#define GROUP_MAX_BYTES ((size_t)1 << 20)
#define WORDS_BYTES 4096 /* of one settlement, beside its record: the audit row */

static bool same_place(const struct store_op *a, const struct store_op *b)
{
    return a->fence == b->fence && a->iteration == b->iteration &&
           strcmp(a->campaign, b->campaign) == 0 && strcmp(a->stage, b->stage) == 0;
}

bool settle_group_join(struct store_op *op)
{
    struct list *groups = &op->owner->settling;
    list_each (node, groups) {
        struct store_op *first = list_item(node, struct store_op, group);
        if (same_place(first, op)) {
            list_push(&first->waiting, &op->wait);
            return true;
        }
    }
    op->members[0] = op;
    op->count = 1;
    list_push(groups, &op->group);
    return false;
}

int settle_group_results(const struct store_op *first,
                         const struct journal_result *out[STORE_BATCH_MAX])
{
    for (int i = 0; i < first->count; i++)
        out[i] = &first->members[i]->result;
    return first->count;
}

static size_t bytes_of(const struct store_op *op)
{
    return op->record.len + WORDS_BYTES;
}

static struct store_op *first_waiting(const struct store_op *first)
{
    struct list *node = first->waiting.next;
    return node == &first->waiting ? NULL : list_item(node, struct store_op, wait);
}

/* As many of those that waited as fit, in their order. */
static void fill(struct store_op *first)
{
    struct store_op *op;
    size_t bytes = bytes_of(first);
    while (first->count < STORE_BATCH_MAX && (op = first_waiting(first)) != NULL) {
        bytes += bytes_of(op);
        if (bytes > GROUP_MAX_BYTES)
            return;
        list_remove(&op->wait);
        first->members[first->count++] = op;
    }
}

struct store_op *settle_group_next(struct store_op *first)
{
    struct store_op *next = first_waiting(first), *op;
    list_remove(&first->group);
    if (!next)
        return NULL;
    list_remove(&next->wait);
    while ((op = first_waiting(first)) != NULL) {
        list_remove(&op->wait);
        list_push(&next->waiting, &op->wait);
    }
    next->members[0] = next;
    next->count = 1;
    fill(next);
    list_push(&next->owner->settling, &next->group);
    return next;
}
