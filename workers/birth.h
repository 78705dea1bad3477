/* birth.h: what the queue is told of a campaign that begins, from the inbox or from its
 * parent. */
#ifndef BARKER_WORKERS_BIRTH_H
#define BARKER_WORKERS_BIRTH_H

#include "campaigns/spec.h"
#include "queues/inbox.h"
#include "workers/llm/llm.h"

/* All but entry, id, spec and its hash. **borrows** the spec; llm NULL: no price is
 * known. The clocks of one that repeats are those of its children. */
struct inbox_admission birth_admission(const struct spec *s, const struct llm *llm);

#endif
