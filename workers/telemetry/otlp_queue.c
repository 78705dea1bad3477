/* otlp_queue.c: see otlp_queue.h. */
#include "workers/telemetry/otlp_queue.h"
#include <stdlib.h>
#include <string.h>

struct waiting_span {
    struct list node;
    size_t len;
    char json[];
};

static size_t size_of(size_t len)
{
    return sizeof(struct waiting_span) + len;
}

void otlp_queue_init(struct otlp_queue *q, size_t max_bytes)
{
    *q = (struct otlp_queue){.max_bytes = max_bytes};
    list_init(&q->spans);
}

void otlp_queue_fini(struct otlp_queue *q)
{
    otlp_queue_drop(q, q->count);
}

bool otlp_queue_push(struct otlp_queue *q, const char *json, size_t len)
{
    if (size_of(len) > q->max_bytes - q->bytes)
        return false;
    struct waiting_span *s = malloc(size_of(len));
    if (!s)
        return false;
    s->len = len;
    memcpy(s->json, json, len);
    list_push(&q->spans, &s->node);
    q->bytes += size_of(len);
    q->count++;
    return true;
}

int otlp_queue_peek(const struct otlp_queue *q, int most, size_t max_bytes,
                    struct buf *out)
{
    int taken = 0;
    size_t start = out->len;
    list_each (node, &q->spans) {
        const struct waiting_span *s = list_item(node, struct waiting_span, node);
        if (taken == most || (taken && out->len - start + s->len + 1 > max_bytes))
            break;
        if (taken)
            buf_append_char(out, ',');
        buf_append(out, s->json, s->len);
        taken++;
    }
    return taken;
}

void otlp_queue_drop(struct otlp_queue *q, int count)
{
    list_each_safe (node, after, &q->spans) {
        struct waiting_span *s = list_item(node, struct waiting_span, node);
        if (count-- == 0)
            break;
        q->bytes -= size_of(s->len);
        q->count--;
        list_remove(&s->node);
        free(s);
    }
}
