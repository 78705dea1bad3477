/* ways.h: the targets that a call may go to, in their order: its own endpoint and the
 * fallbacks of that, but for those that cannot answer in its place, that have no price
 * where one is needed, or that cost more than there is. Pure. Internal to workers/llm.
 */
#ifndef BARKER_WORKERS_LLM_WAYS_H
#define BARKER_WORKERS_LLM_WAYS_H

#include "workers/llm/endpoints.h"

#define WAYS_MAX (CONFIG_FALLBACKS_MAX + 1)

struct way {
    const struct endpoint *endpoint;
    const char *model;
    int64_t most_nano; /* what it costs at most; 0 where no money is bounded */
    bool single;       /* it may not be asked twice there: that costs too much */
};
struct ways {
    struct way items[WAYS_MAX];
    size_t count;
    int64_t least_nano; /* of all, also of those that cost too much */
    enum err
        refused; /* there are none, as they cost too much or nobody knows how much */
};

void ways_list(const struct endpoints *list, const struct port_call *call,
               struct ways *out);

#endif
