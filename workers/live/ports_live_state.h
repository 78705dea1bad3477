/* ports_live_state.h: the struct behind ports_live.h. Internal to ports_live, store_op.
 */
#ifndef BARKER_WORKERS_LIVE_PORTS_LIVE_STATE_H
#define BARKER_WORKERS_LIVE_PORTS_LIVE_STATE_H

#include "core/base/idmap.h"
#include "core/base/list.h"
#include "core/base/rng.h"
#include "workers/live/ports_live.h"
#include "workers/live/publish.h"
#include "workers/live/purse.h"

struct ports_live {
    struct queue *queue;
    struct llm *llm;
    struct loop *loop;
    struct publish_options publish;
    struct idmap ops_by_id;
    struct list ops;
    struct list settling;  /* first of each group under way */
    struct purses *purses; /* owns */
    struct rng rng;
};

#endif
