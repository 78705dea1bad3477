/* who.h: who decided, for the audit: option --by, else the user of this shell. */
#ifndef BARKER_WORKERS_CLI_WHO_H
#define BARKER_WORKERS_CLI_WHO_H

#include "workers/cli/cli.h"

#define WHO_MAX 64

/* out: room for the name of the user; the option may be longer. */
const char *who_decides(const struct cli *c, char out[WHO_MAX]);

#endif
