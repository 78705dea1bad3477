/* feedback_batch.h: the entries of one read, on their way to be counted. Refusals are
 * answered before the batch is applied, since applying trims the entries: what is
 * refused is never lost, and at worst a bad event of an array stands twice in
 * `rejected`. */
#ifndef BARKER_WORKERS_FEEDBACK_FEEDBACK_BATCH_H
#define BARKER_WORKERS_FEEDBACK_FEEDBACK_BATCH_H

#include "workers/feedback/feedback_entry.h"

#define FEEDBACK_ID_MAX 48

struct feedback_batch;
/* All refusals of the batch are answered; batch->failed says how. */
typedef void (*feedback_settled_fn)(void *arg, struct feedback_batch *b);

struct feedback_batch {
    struct queue *queue; /* borrows */
    const char *secret;  /* borrows */
    feedback_settled_fn fn;
    void *arg;
    struct arena arena;
    struct events_item items[EVENTS_BATCH_MAX];
    int count, late, ts_fixed, window_h;
    int64_t entries; /* of the stream, that it covers */
    char cursor[FEEDBACK_ID_MAX], last[FEEDBACK_ID_MAX]; /* last "" = nothing in it */
    int refusals_open, refusals;
    enum err failed; /* a refusal was not answered: it must not be applied */
    struct feedback_entry entry;
};

/* secret: of the pseudonyms; **borrows** it. */
void feedback_batch_init(struct feedback_batch *b, struct queue *q, const char *secret,
                         int window_h, feedback_settled_fn fn, void *arg);
void feedback_batch_fini(struct feedback_batch *b);
/* Nothing in it; what is behind `cursor` comes next. */
void feedback_batch_clear(struct feedback_batch *b, const char *cursor);
/* Rows [id, size, fields or nil], or (plain) [id, fields]: as many as fit. Fails if not
 * even the first one can be read. Refusals may be under way afterwards. */
enum err feedback_batch_fill(struct feedback_batch *b, const struct reply *rows,
                             bool plain) MUST_USE;

#endif
