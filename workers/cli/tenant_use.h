/* tenant_use.h: how a tenant stands in its max_in_flight and tpm, over all workers. */
#ifndef BARKER_WORKERS_CLI_TENANT_USE_H
#define BARKER_WORKERS_CLI_TENANT_USE_H

#include "workers/cli/session.h"

struct tenant_use {
    int64_t under_way, tokens; /* calls; in the last minute, what is reserved too */
    bool waits;                /* some call does, for room */
};

/* Has it any of the two? t may be NULL. */
bool tenant_use_is_limited(const struct config_tenant *t);
/* Starts to ask, as session_end() and session_wait() take it; fills *out. */
enum err tenant_use_ask(struct session *s, const struct config_tenant *t,
                        struct session_call *call, struct tenant_use *out) MUST_USE;
/* The limit that its calls wait for: "max_in_flight", "tpm", or NULL: none waits. */
const char *tenant_use_lack(const struct config_tenant *t, const struct tenant_use *u);
/* One note if a campaign of this tenant may wait for that. */
void tenant_use_note(struct session *s, const char *tenant);

#endif
