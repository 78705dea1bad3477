/* batch_reader.h: the results of a batch as they come: lines split anywhere, in any
 * order, and what each means, as of a live call. A call is given out once, whatever the
 * lines say; lines that are not JSON, too long, of others or told twice are counted and
 * read over, so that what they were to answer counts as missing. Memory is one line. */
#ifndef BARKER_WORKERS_LLM_BATCH_READER_H
#define BARKER_WORKERS_LLM_BATCH_READER_H

#include "workers/llm/batch.h"

#define BATCH_LINE_MAX_BYTES ((size_t)4 << 20)

/* One call that went into the batch. */
struct batch_slot {
    int index, attempt;
    bool is_settled; /* a result was given out */
};
/* slot: of the reader; reply is **borrowed**. An error ends the reading. */
typedef enum err (*batch_result_fn)(void *arg, int slot,
                                    const struct provider_reply *reply);

/* **borrows** all but `line`. */
struct batch_reader {
    const struct provider *provider;
    const char *key; /* hidden in messages; or NULL */
    const char *campaign, *stage;
    int iteration;
    struct batch_slot *slots;
    int count;
    int64_t now_ms;
    batch_result_fn fn;
    void *arg;
    struct buf line; /* the start of one whose end is not here yet */
    bool is_overlong;
    int broken, foreign, twice; /* lines read over */
    enum err failed;
};

/* The caller has set provider to arg. */
void batch_reader_init(struct batch_reader *r);
void batch_reader_fini(struct batch_reader *r);
/* ERR_NOMEM or what fn returned; from then on always that. */
enum err batch_reader_feed(struct batch_reader *r, const char *bytes,
                           size_t n) MUST_USE;
/* The transfer came to its end: what follows the last line feed is a line too. Once for
 * each file of results. */
enum err batch_reader_end(struct batch_reader *r) MUST_USE;
int batch_reader_missing(const struct batch_reader *r); /* calls without a result */

#endif
