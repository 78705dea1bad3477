/* commit_group.c: see commit_group.h. */
#include "workers/live/commit_group.h"
#include "workers/live/ports_live_state.h"

/* All of a group fit into one script's arguments; a larger one goes alone. */
#define GROUP_MAX_BYTES ((size_t)256 << 10)
#define MEMBERS_MAX                                                                    \
    (STORE_BATCH_MAX < RESULTS_COMMITS_MAX ? STORE_BATCH_MAX : RESULTS_COMMITS_MAX)

static struct store_op *first_waiting(const struct ports_live *p)
{
    struct list *node = p->commits.next;
    return node == &p->commits ? NULL : list_item(node, struct store_op, wait);
}

static void lead(struct store_op *op)
{
    op->members[0] = op;
    op->count = 1;
    op->owner->committing = op;
}

bool commit_group_join(struct store_op *op)
{
    if (!op->owner->committing) {
        lead(op);
        return false;
    }
    list_push(&op->owner->commits, &op->wait);
    return true;
}

/* As many of those that wait as fit, in their order. */
static void fill(struct store_op *first)
{
    struct store_op *op;
    size_t bytes = first->results.args.bytes.len;
    while (first->count < MEMBERS_MAX && (op = first_waiting(first->owner)) != NULL) {
        bytes += op->results.args.bytes.len;
        if (bytes > GROUP_MAX_BYTES)
            return;
        list_remove(&op->wait);
        first->members[first->count++] = op;
    }
}

struct store_op *commit_group_next(struct store_op *first)
{
    struct ports_live *p = first->owner;
    struct store_op *next = first_waiting(p);
    p->committing = NULL;
    if (!next)
        return NULL;
    list_remove(&next->wait);
    lead(next);
    fill(next);
    return next;
}

bool commit_group_rejoin(struct store_op *op)
{
    return op->owner->committing != op && commit_group_join(op);
}

enum err commit_group_send(struct store_op *first, queue_fn fn, void *arg,
                           uint64_t ticket)
{
    struct results_commit list[MEMBERS_MAX];
    for (int i = 0; i < first->count; i++) {
        const struct store_op *op = first->members[i];
        list[i] = (struct results_commit){
            .results = &op->results,
            .id = op->campaign,
            .fence = op->fence,
            .progress = op->progress,
        };
    }
    return results_commit(first->owner->queue, list, (size_t)first->count, fn, arg,
                          ticket);
}
