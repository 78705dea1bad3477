/* otlp_queue.h: spans that wait for the collector, oldest first, bounded in bytes.
 * Internal to otlp.c. */
#ifndef BARKER_WORKERS_TELEMETRY_OTLP_QUEUE_H
#define BARKER_WORKERS_TELEMETRY_OTLP_QUEUE_H

#include "core/base/buf.h"
#include "core/base/list.h"

struct otlp_queue { /* **owns** */
    struct list spans;
    size_t bytes, max_bytes;
    int count;
};

void otlp_queue_init(struct otlp_queue *q, size_t max_bytes);
void otlp_queue_fini(struct otlp_queue *q);
/* A copy of one span's JSON; false if it does not fit (or no memory). */
bool otlp_queue_push(struct otlp_queue *q, const char *json, size_t len) MUST_USE;
/* Appends the first spans, with commas between: at most `most`, and at most max_bytes
 * of text unless one alone has more. Returns how many; they stay. */
int otlp_queue_peek(const struct otlp_queue *q, int most, size_t max_bytes,
                    struct buf *out);
void otlp_queue_drop(struct otlp_queue *q, int count); /* the first ones */

#endif
