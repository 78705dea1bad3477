/* server_check.h: may a worker trust this Redis? One that evicts would delete campaigns
 * and leases without a word (guides/QUEUES.md §2, no. 14). */
#ifndef BARKER_WORKERS_CLI_SERVER_CHECK_H
#define BARKER_WORKERS_CLI_SERVER_CHECK_H

#include "workers/cli/session.h"

/* An exit code, and has said why; a level below standard is only logged. What the
 * server does not tell is not held against it. */
int server_check(struct session *s);

#endif
