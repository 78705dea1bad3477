/* options.h: the words and options of a command line. Options may stand before or after
 * the command, as `--name value` or `--name=value`; `--` ends them; `-` is a word. */
#ifndef BARKER_WORKERS_CLI_OPTIONS_H
#define BARKER_WORKERS_CLI_OPTIONS_H

#include "core/base/err.h"
#include <stdbool.h>

#define OPTIONS_WORDS_MAX 34

enum option {
#define OPTION(field, flag, value, meaning, global) OPTION_##field,
#include "workers/cli/options.def"
#undef OPTION
    OPTION_COUNT
};

struct option_row {
    const char *flag, *value, *meaning;
    bool global;
};
const struct option_row *option_at(int i); /* NULL past the end */

struct options {
    const char *value[OPTION_COUNT]; /* borrows argv; NULL = not given, "" = flag */
    const char *word[OPTIONS_WORDS_MAX];
    int count;
};
/* ERR_BAD_VALUE with one sentence: unknown option, value missing, too many words. */
enum err options_parse(int argc, char *const *argv, struct options *out,
                       struct err_detail *d) MUST_USE;
/* The first option given that is neither global nor named in the list ("by text"), or
 * NULL. */
const char *options_stray(const struct options *o, const char *allowed);

#endif
