/* doctor.h: what `barker doctor` looks at, one function per part, and how it reports:
 * one line per check, what was found, and what to do about it. */
#ifndef BARKER_WORKERS_CLI_DOCTOR_H
#define BARKER_WORKERS_CLI_DOCTOR_H

#include "core/base/json_out.h"
#include "workers/cli/session.h"

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAIL, DOCTOR_LEVELS };

struct doctor {
    struct cli *cli;
    struct session *session; /* borrows; NULL: there is no Redis */
    struct buf out;
    struct json_out json; /* with --json: the array of checks */
    int count[DOCTOR_LEVELS];
};

/* check: "redis.version". advice: what to do, or "". */
void doctor_say(struct doctor *d, enum doctor_level level, const char *name,
                const char *advice, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Waits for the call; an error is said as a failed check. */
bool doctor_ask(struct doctor *d, const char *name, struct session_call *call,
                enum err started);

bool doctor_config(struct doctor *d); /* false: there is none to go on with */
void doctor_endpoints(struct doctor *d);
void doctor_server(struct doctor *d); /* what INFO and CONFIG GET say */
void doctor_data(struct doctor *d);   /* scripts, bk:meta */
void doctor_queues(struct doctor *d); /* clock, workers, streams, backlog */
void doctor_tenants(struct doctor *d);
void doctor_users(struct doctor *d); /* the secret of their names */
void doctor_drift(struct doctor *d);

#endif
