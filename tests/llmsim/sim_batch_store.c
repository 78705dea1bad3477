/* sim_batch_store.c: see sim_batch_store.h. */
#include "tests/llmsim/sim_batch_store.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 512
#define BATCHES_MAX 256
#define STORE_MAX_BYTES ((size_t)256 << 20)

void sim_store_init(struct sim_store *s)
{
    list_init(&s->files);
    list_init(&s->batches);
    s->number = 0;
}

void sim_store_drop_file(struct sim_file *f)
{
    list_remove(&f->node);
    buf_fini(&f->data);
    free(f);
}

void sim_store_fini(struct sim_store *s)
{
    list_each_safe (node, after, &s->files) {
        sim_store_drop_file(list_item(node, struct sim_file, node));
    }
    list_each_safe (node, after, &s->batches) {
        sim_batch_free(list_item(node, struct sim_batch, node));
    }
}

bool sim_store_has_room(struct sim_store *s, size_t bytes)
{
    size_t used = bytes, count = 0;
    struct sim_batch *ended = NULL;
    list_each (node, &s->files) {
        used += list_item(node, struct sim_file, node)->data.len;
    }
    list_each (node, &s->batches) {
        struct sim_batch *b = list_item(node, struct sim_batch, node);
        bool running = !sim_batch_ended(b);
        ended = ended || running ? ended : b;
        count++;
        used += running ? b->input.len + 2 * SIM_BATCH_RESULT_MAX_BYTES
                        : b->output.len + b->errors.len;
    }
    if (count >= BATCHES_MAX && ended) {
        sim_batch_free(ended);
        count--;
    }
    return count < BATCHES_MAX && used <= STORE_MAX_BYTES;
}

struct sim_file *sim_store_add_file(struct sim_store *s, struct buf *data,
                                    const char *name, const char *purpose,
                                    int64_t now_ms)
{
    size_t count = 0;
    list_each (node, &s->files) {
        count++;
    }
    struct sim_file *f = count < FILES_MAX ? calloc(1, sizeof(*f)) : NULL;
    if (!f) {
        return NULL;
    }
    f->data = *data;
    buf_init(data, data->max_bytes);
    f->purpose = purpose;
    f->created_ms = now_ms;
    snprintf(f->name, sizeof(f->name), "%s", name);
    snprintf(f->id, sizeof(f->id), "file-sim-%llu", (unsigned long long)++s->number);
    list_push(&s->files, &f->node);
    return f;
}

struct sim_file *sim_store_file(const struct sim_store *s, const char *id)
{
    list_each (node, &s->files) {
        struct sim_file *f = list_item(node, struct sim_file, node);
        if (strcmp(f->id, id) == 0) {
            return f;
        }
    }
    return NULL;
}

struct sim_batch *sim_store_batch(const struct sim_store *s, bool is_messages,
                                  const char *id)
{
    list_each (node, &s->batches) {
        struct sim_batch *b = list_item(node, struct sim_batch, node);
        if (b->is_messages == is_messages && strcmp(b->id, id) == 0) {
            return b;
        }
    }
    return NULL;
}

struct sim_batch *sim_store_add_batch(struct sim_store *s, bool is_messages,
                                      struct buf *input, int64_t now_ms)
{
    struct sim_batch *b = sim_batch_new(++s->number, is_messages, input, now_ms);
    if (b) {
        snprintf(b->id, sizeof(b->id), "%s_sim_%llu",
                 is_messages ? "msgbatch" : "batch", (unsigned long long)b->number);
        list_push(&s->batches, &b->node);
    }
    buf_fini(input);
    return b;
}

static void keep(struct sim_store *s, struct buf *data, char *id, size_t size,
                 int64_t now_ms)
{
    if (data->len > 0) {
        struct sim_file *f =
            sim_store_add_file(s, data, "results.jsonl", "batch_output", now_ms);
        snprintf(id, size, "%s", f ? f->id : "");
        buf_fini(data);
    }
}

bool sim_store_keep_results(struct sim_store *s, struct sim_batch *b, bool with_output)
{
    int64_t now_ms = b->at_ms[b->state];
    keep(s, &b->errors, b->errors_id, sizeof(b->errors_id), now_ms);
    if (with_output) {
        keep(s, &b->output, b->output_id, sizeof(b->output_id), now_ms);
    }
    return b->output.len == 0;
}
