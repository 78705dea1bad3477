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
    const struct channel_set *channels;
    struct zones *zones;
    struct publish_options publish;
    int64_t leave_ms;
    struct idmap ops_by_id;
    struct list ops;
    struct list settling;        /* first of each group under way */
    struct list commits;         /* those that wait for `committing` */
    struct store_op *committing; /* leads the group under way, or NULL */
    const struct reply *claim; /* that is started now and came with its spec, or NULL */
    int64_t claim_ms;          /* when it was claimed, by Redis */
    struct store_op *loading;  /* its load */
    struct purses *purses;     /* owns */
    struct rng rng;
};

#endif
