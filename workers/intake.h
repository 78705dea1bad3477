/* intake.h: inbox entries become campaigns, or stand in `rejected` with code, pointer
 * and message. Used by the worker for the inbox stream and by `barker check` for the
 * same verdict on a file. */
#ifndef BARKER_WORKERS_INTAKE_H
#define BARKER_WORKERS_INTAKE_H

#include "campaigns/spec.h"
#include "queues/queue.h"
#include "workers/llm/llm.h"
#include "workers/zones.h"

struct intake;

/* **borrows** all of them. */
enum err intake_new(struct queue *q, const struct channel_set *channels,
                    struct llm *llm, struct zones *zones, const char *worker,
                    struct intake **out) MUST_USE;
void intake_free(struct intake *i); /* after redis settled everything */
/* There are entries: admits or refuses them until the inbox is empty. No-op when busy.
 */
void intake_kick(struct intake *i);
bool intake_is_busy(const struct intake *i);

/* The verdict on one spec text, the same everywhere. llm NULL: price and endpoint are
 * not judged; an llm without endpoints: any endpoint passes. zones NULL: any name of a
 * zone passes. */
enum err intake_judge(const char *text, size_t n, const struct channel_set *channels,
                      const struct llm *llm, struct zones *zones, struct arena *arena,
                      struct spec *out, struct err_detail *d) MUST_USE;

#endif
