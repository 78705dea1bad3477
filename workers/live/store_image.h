/* store_image.h: the reply of jobs_load as a port_image. Internal to ports_live. */
#ifndef BARKER_WORKERS_LIVE_STORE_IMAGE_H
#define BARKER_WORKERS_LIVE_STORE_IMAGE_H

#include "core/base/arena.h"
#include "core/io/reply.h"
#include "workers/run/ports.h"

/* Arrays come from the arena, strings are borrowed from the reply. */
enum err store_image_read(const struct reply *r, const char *id, struct arena *a,
                          struct port_image *out) MUST_USE;
/* Of a claim that came with its spec (queues/jobs.h): nothing else is there yet.
 * `fields` must live as long as the image. */
#define STORE_IMAGE_FRESH_FIELDS 3
void store_image_fresh(const struct reply *claim, const char *id, int64_t now_ms,
                       struct port_field fields[STORE_IMAGE_FRESH_FIELDS],
                       struct port_image *out);

#endif
