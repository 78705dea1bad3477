/* cli.h: what every command gets, and how it speaks: results on stdout, errors and
 * notes on stderr, one line each. */
#ifndef BARKER_WORKERS_CLI_CLI_H
#define BARKER_WORKERS_CLI_CLI_H

#include "core/base/buf.h"
#include "core/base/config.h"
#include "workers/cli/options.h"

enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_BAD_INPUT = 2,
    CLI_NO_REDIS = 3,
    CLI_NOT_FOUND = 4,
};

struct cli;
struct cli_command {
    const char *name, *usage, *meaning, *options;
    int words_min, words_max;
    int (*run)(struct cli *c); /* an enum cli_exit; NULL = not in this version */
};
const struct cli_command *cli_command_at(size_t i); /* NULL past the end */

struct cli {
    const struct cli_command *command;
    struct options options;
    struct config *config; /* owns; NULL for help and version */
};

int cli_main(int argc, char **argv);

/* Reads file, environment and options into c->config, and sets the log up. */
enum err cli_configure(struct cli *c, struct err_detail *d) MUST_USE;

/* Word i after the command, or NULL. */
const char *cli_word(const struct cli *c, int i);
const char *cli_option(const struct cli *c, enum option o); /* NULL = not given */
bool cli_is_json(const struct cli *c);

/* speak.c. "barker: …" on stderr, control characters escaped; with --json a line
 * {"code","message"}, of a note {"note"}. */
void cli_error(const struct cli *c, enum err code, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
void cli_note(const struct cli *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Says what a detail says (with --json "pointer" too), and the exit code of its error.
 */
int cli_refuse(const struct cli *c, const struct err_detail *d);
int cli_exit_of(enum err e);
/* Writes the text to stdout and ends the buf. CLI_FAILED if that is not possible. */
int cli_print(const struct cli *c, struct buf *b);

#define COMMAND(name, usage, meaning, options, min, max) int cmd_##name(struct cli *c);
#define LATER(name, usage, meaning)
#include "workers/cli/commands.def"
#undef COMMAND
#undef LATER

#endif
