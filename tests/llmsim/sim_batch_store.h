/* sim_batch_store.h: what is kept of files and batches. Private to sim_batches. */
#ifndef BARKER_TESTS_LLMSIM_SIM_BATCH_STORE_H
#define BARKER_TESTS_LLMSIM_SIM_BATCH_STORE_H

#include "tests/llmsim/sim_batch.h"

struct sim_file {
    struct list node;
    char id[40], name[64];
    const char *purpose; /* "batch", "batch_output" */
    int64_t created_ms;
    struct buf data;
};
/* **owns** files and batches, oldest first. */
struct sim_store {
    struct list files, batches;
    uint64_t number; /* of the last one of either */
};

void sim_store_init(struct sim_store *s);
void sim_store_fini(struct sim_store *s);
/* Room for so many bytes more, and a batch? Makes room for the batch. */
bool sim_store_has_room(struct sim_store *s, size_t bytes);
/* data is **taken**; NULL: too many, or no memory. */
struct sim_file *sim_store_add_file(struct sim_store *s, struct buf *data,
                                    const char *name, const char *purpose,
                                    int64_t now_ms);
struct sim_file *sim_store_file(const struct sim_store *s,
                                const char *id); /* or NULL */
void sim_store_drop_file(struct sim_file *f);
struct sim_batch *sim_store_batch(const struct sim_store *s, bool is_messages,
                                  const char *id); /* or NULL */
/* input is **taken**, also when it fails. */
struct sim_batch *sim_store_add_batch(struct sim_store *s, bool is_messages,
                                      struct buf *input, int64_t now_ms);
/* The results of an OpenAI batch that has ended become files, once; false: the output
 * is still to become one. */
bool sim_store_keep_results(struct sim_store *s, struct sim_batch *b, bool with_output);

/* sim_batch_json.c: what the routes say. All append. */
void sim_batch_put_file(const struct sim_file *f, struct buf *out);
/* host: of results_url. */
void sim_batch_put(const struct sim_batch *b, const char *host, struct buf *out);
/* Newest first, after that id. */
void sim_batch_put_list(const struct sim_store *s, bool is_messages, const char *after,
                        int64_t limit, const char *host, struct buf *out);

#endif
