/* inbox.c: arguments of peek, admit and refuse. */
#include "queues/inbox.h"
#include "queues/args.h"
#include <stdbool.h>

#define PEEK_LEASE_MS 500
#define PEEK_BYTES (4 << 20)
#define ARGS_BYTES ((size_t)INBOX_SPEC_MAX + 65536)
#define AMOUNT_MAX (INT64_C(1) << 53) /* Lua counts in doubles */

enum err inbox_peek(struct queue *q, const char *worker, int count, queue_fn fn,
                    void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, 4096);
    args_str(&a, worker);
    args_int(&a, count);
    args_int(&a, PEEK_LEASE_MS);
    args_int(&a, INBOX_SPEC_MAX);
    args_int(&a, INBOX_KEPT_MAX);
    args_int(&a, PEEK_BYTES);
    return queue_run(q, QUEUE_inbox_peek, &a, fn, arg, ticket);
}

static bool is_bound(int64_t n)
{
    return n >= -1 && n < AMOUNT_MAX;
}

enum err inbox_admit(struct queue *q, const struct inbox_admission *m, queue_fn fn,
                     void *arg, uint64_t ticket)
{
    if (!is_bound(m->calls_max) || !is_bound(m->tokens_max) ||
        !is_bound(m->usd_nano_max))
        return ERR_OUT_OF_RANGE;
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, m->entry);
    args_str(&a, m->id);
    args_str(&a, m->tenant);
    args_str(&a, m->kind);
    args_str(&a, m->priority);
    args_add(&a, m->spec, m->spec_len);
    args_str(&a, m->spec_sha256);
    args_int(&a, m->calls_max);
    args_int(&a, m->tokens_max);
    args_int(&a, m->usd_nano_max);
    args_int(&a, m->usd_known);
    args_int(&a, m->not_before_ms);
    args_str(&a, m->parent);
    args_str(&a, m->state);
    args_str(&a, m->error);
    args_int(&a, m->start_within_ms);
    args_int(&a, m->deadline_ms);
    args_int(&a, m->parent_fence);
    return queue_run(q, QUEUE_admit, &a, fn, arg, ticket);
}

enum err inbox_refuse(struct queue *q, const struct inbox_refusal *f, queue_fn fn,
                      void *arg, uint64_t ticket)
{
    struct args a;
    args_init(&a, ARGS_BYTES);
    args_str(&a, f->stream);
    args_str(&a, f->entry);
    args_str(&a, f->code);
    args_str(&a, f->pointer);
    args_str(&a, f->message);
    args_add(&a, f->raw, f->raw_len < INBOX_KEPT_MAX ? f->raw_len : INBOX_KEPT_MAX);
    args_int(&a, f->size_bytes);
    args_str(&a, f->sha256);
    return queue_run(q, QUEUE_refuse, &a, fn, arg, ticket);
}
