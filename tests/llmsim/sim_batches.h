/* sim_batches.h: files and batches of barker-llmsim, in both dialects, on one loop.
 *
 *   POST   /v1/files (multipart, purpose=batch)      GET /v1/files/{id}[/content]
 *   DELETE /v1/files/{id}
 *   POST   /v1/batches      GET /v1/batches?after=&limit=      GET /v1/batches/{id}
 *   POST   /v1/batches/{id}/cancel
 *   POST   /v1/messages/batches        GET the same ?after_id=&limit=, …/{id},
 *   …/{id}/results                     POST …/{id}/cancel
 *
 * At most 512 files and 256 batches, 256 MiB with what running batches may still
 * write; over it 429. The oldest batch that has ended goes for a new one. */
#ifndef BARKER_TESTS_LLMSIM_SIM_BATCHES_H
#define BARKER_TESTS_LLMSIM_SIM_BATCHES_H

#include "core/io/loop.h"
#include "tests/llmsim/sim_batch.h"

struct sim_batches;
struct sim_batches_request {
    const char *method, *path, *content_type, *host; /* the last two may be NULL */
    const char *after, *limit;                       /* of the query; or NULL */
    const char *body;
    size_t len;
};

enum err sim_batches_new(struct loop *l, const struct sim_batch_world *world,
                         struct sim_batches **out) MUST_USE;
void sim_batches_free(struct sim_batches *s);
/* Appends the body, *type its type; 0: no route of theirs. */
int sim_batches_serve(struct sim_batches *s, const struct sim_batches_request *q,
                      const char **type, struct buf *out);

#endif
