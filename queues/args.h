/* args.h: a growing list of arguments for one script. **owns** the bytes; bounded. */
#ifndef BARKER_QUEUES_ARGS_H
#define BARKER_QUEUES_ARGS_H

#include "core/base/buf.h"
#include "core/io/redis.h"
#include <stdint.h>

struct args {
    struct buf bytes;
    size_t *ends; /* end offset of each argument */
    size_t count, cap;
    enum err failed;
};
void args_init(struct args *a, size_t max_bytes);
void args_fini(struct args *a);
void args_clear(struct args *a);
void args_add(struct args *a, const void *p, size_t n);
void args_str(struct args *a, const char *s);
void args_int(struct args *a, int64_t n);
void args_num(struct args *a, double n); /* %.9g; NaN and infinity become 0 */
/* All of another list, in order; a list that failed makes this one fail. */
void args_append(struct args *a, const struct args *from);
/* The list as redis arguments: malloc'd array, free() it; NULL if failed. */
struct redis_arg *args_view(const struct args *a, size_t *argc);

#endif
