/* cmd_check.h: reading and judging a spec, for check and enqueue. */
#ifndef BARKER_WORKERS_CLI_CMD_CHECK_H
#define BARKER_WORKERS_CLI_CMD_CHECK_H

#include "campaigns/spec.h"
#include "workers/cli/cli.h"

struct judgement;
typedef int (*check_show_fn)(struct cli *c, struct judgement *j);
/* Reads and judges the spec that the first word names; a good one is shown. */
int check_then(struct cli *c, check_show_fn show);

struct check_verdict {
    struct err_detail detail;
    char id[SPEC_ID_MAX + 1]; /* "" = made from the stream entry */
};
/* Both return an exit code, and have said why. text has its cap already. */
int check_read(const struct cli *c, const char *path, struct buf *text);
/* Price and endpoint are judged by this command's configuration, if it names endpoints.
 * The verdict goes to stdout; with `quiet_when_good` a bad one to stderr, warnings as
 * notes. */
int check_refuse(const struct cli *c, const struct err_detail *d); /* CLI_BAD_INPUT */
int check_judge(struct cli *c, const struct buf *text, struct check_verdict *v,
                bool quiet_when_good);

#endif
