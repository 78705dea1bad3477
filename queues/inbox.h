/* inbox.h: specs come in. A worker peeks, parses, and admits or refuses each entry;
 * the entry's removal and its effect are one script, so two workers cannot both act. */
#ifndef BARKER_QUEUES_INBOX_H
#define BARKER_QUEUES_INBOX_H

#include "queues/queue.h"

#define INBOX_SPEC_MAX (1024 * 1024) /* bytes; larger ones are never shipped */
#define INBOX_KEPT_MAX (64 * 1024)   /* bytes kept of refused input */

/* Reply (array of entries): [entry id, size_bytes, spec or its first 64 KiB,
 * 1 if whole, number of fields, name of an unknown field or nil]. At most `count`
 * entries and 4 MiB. A soft lease of 500 ms keeps other workers from the same work. */
enum err inbox_peek(struct queue *q, const char *worker, int count, queue_fn fn,
                    void *arg, uint64_t ticket) MUST_USE;

struct inbox_admission {
    const char *entry; /* stream entry, removed with the admission; "" = none */
    const char *id, *tenant, *kind, *priority, *spec, *spec_sha256;
    size_t spec_len;
    int64_t calls_max, tokens_max, usd_nano_max; /* -1 = no bound */
    int usd_known;
    int64_t not_before_ms; /* Unix time; 0 = now */
    /* How long it may take to begin, from now or not_before_ms; to end, from now; 0 =
     * as long as it takes. */
    int64_t start_within_ms, deadline_ms;
    const char *parent;   /* "" = none */
    int64_t parent_fence; /* of the claim by which it is said; 0 = by none */
    const char *state;    /* "queued", or "over_budget" for a zero budget (terminal) */
    const char *error;
};
/* Reply: ["admitted"|"same"|"conflict"|"gone"|"full"|"fenced"|"unusable", why]. "same":
 * the id exists with the same spec hash and tenant: the entry is removed, nothing else
 * changes. "conflict": nothing changed at all; the caller refuses with ERR_ID_CONFLICT.
 * "gone": somebody else handled the entry. "full": Redis has used nine tenths of its
 * maxmemory; the entry stays, nothing changed. "fenced": the claim of the parent is
 * over. "unusable": damaged keys of it, its lane or its parent, nothing changed.
 * ERR_REDIS: what all campaigns share is damaged; nothing changed, the entry stays. */
enum err inbox_admit(struct queue *q, const struct inbox_admission *m, queue_fn fn,
                     void *arg, uint64_t ticket) MUST_USE;

struct inbox_refusal {
    const char *stream; /* "inbox", "events", "control" */
    const char *entry;  /* "" = none */
    const char *code, *pointer, *message;
    const char *raw;
    size_t raw_len; /* cut to INBOX_KEPT_MAX */
    int64_t size_bytes;
    const char *sha256; /* of the raw bytes that were seen */
};
/* Reply ["refused"], or ["gone"]: somebody else removed the entry. */
enum err inbox_refuse(struct queue *q, const struct inbox_refusal *f, queue_fn fn,
                      void *arg, uint64_t ticket) MUST_USE;

#endif
