/* replay_read.h: the record of a campaign, read from Redis for a replay. */
#ifndef BARKER_WORKERS_CLI_REPLAY_READ_H
#define BARKER_WORKERS_CLI_REPLAY_READ_H

#include "core/base/arena.h"
#include "workers/cli/session.h"
#include "workers/replay/replay.h"

struct replay_record {
    struct session *session; /* borrows */
    struct arena arena;      /* all texts */
    struct replay_source source;
    char prompts[80], release[64]; /* pinned; "" = nothing is pinned */
    char counts_wrong[256];        /* public counters and exact ones differ; "" = no */
    bool there;
    char newest[64]; /* entry of the newest inputs, "" = none */
};
/* Exit codes; has said what is wrong, but CLI_NOT_FOUND. End it in any case. */
int replay_read(struct session *s, const char *id, struct replay_record *out);
void replay_record_fini(struct replay_record *r);

#endif
