/* cmd_status.h: parts of `barker status`. */
#ifndef BARKER_WORKERS_CLI_CMD_STATUS_H
#define BARKER_WORKERS_CLI_CMD_STATUS_H

#include "workers/cli/session.h"

/* Workers, what waits, and how many workers there should be. Returns an exit code. */
int status_fleet(struct cli *c, struct session *s);

#endif
