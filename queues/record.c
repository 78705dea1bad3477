/* record.c: see record.h. */
#include "queues/record.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum err record_read(struct queue *q, const char *id, queue_fn fn, void *arg,
                     uint64_t ticket)
{
    struct redis_arg argv[] = {redis_text(id)};
    return queue_script(q, QUEUE_read_record, argv, 1, fn, arg, ticket);
}

enum err record_inputs(struct queue *q, const char *id, const char *after, queue_fn fn,
                       void *arg, uint64_t ticket)
{
    struct key key = keys_campaign_part(&q->keys, id, "inputs");
    char from[64], count[16];
    bool first = strcmp(after, "-") == 0;
    (void)snprintf(from, sizeof from, "%s%s", first ? "" : "(", after);
    (void)snprintf(count, sizeof count, "%d", RECORD_PAGE);
    return redis_do(q->redis, fn, arg, ticket, "XRANGE", key.name, from, "+", "COUNT",
                    count, NULL);
}

enum err record_journal(struct queue *q, const char *id, const char *stage,
                        int iteration, queue_fn fn, void *arg, uint64_t ticket)
{
    struct key key = keys_journal(&q->keys, id, stage, iteration);
    return redis_do(q->redis, fn, arg, ticket, "HGETALL", key.name, NULL);
}
