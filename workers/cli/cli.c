/* cli.c: from argv to a command. */
#include "workers/cli/cli.h"
#include "core/base/log.h"
#include "workers/cli/suggest.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const struct cli_command commands[] = {
#define COMMAND(name, usage, meaning, options, min, max)                               \
    {#name, usage, meaning, options, min, max, cmd_##name},
#define LATER(name, usage, meaning) {#name, usage, meaning, "", 0, 0, NULL},
#include "workers/cli/commands.def"
#undef COMMAND
#undef LATER
};
#define COMMAND_COUNT (sizeof commands / sizeof *commands)

const struct cli_command *cli_command_at(size_t i)
{
    return i < COMMAND_COUNT ? &commands[i] : NULL;
}

const char *cli_word(const struct cli *c, int i)
{
    return i + 1 < c->options.count ? c->options.word[i + 1] : NULL;
}

const char *cli_option(const struct cli *c, enum option o)
{
    return c->options.value[o];
}

bool cli_is_json(const struct cli *c)
{
    return c->options.value[OPTION_json] != NULL;
}

static int refuse_command(const struct cli *c)
{
    const char *names[COMMAND_COUNT], *typed = c->options.word[0];
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        names[i] = commands[i].name;
    const char *near = suggest_name(typed, names, COMMAND_COUNT);
    if (near)
        cli_error(c, ERR_BAD_VALUE, "unknown command '%s'; did you mean '%s'?", typed,
                  near);
    else
        cli_error(c, ERR_BAD_VALUE, "unknown command '%s'; `barker help` lists them",
                  typed);
    return CLI_BAD_INPUT;
}

static const struct cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int check_words(const struct cli *c)
{
    const struct cli_command *k = c->command;
    int words = c->options.count - 1;
    const char *stray = options_stray(&c->options, k->options);
    if (stray)
        cli_error(c, ERR_BAD_VALUE,
                  "`barker %s` has no option --%s; usage: barker %s %s", k->name, stray,
                  k->name, k->usage);
    else if (words < k->words_min || words > k->words_max)
        cli_error(c, ERR_BAD_VALUE, "too %s words; usage: barker %s %s",
                  words < k->words_min ? "few" : "many", k->name, k->usage);
    else
        return CLI_OK;
    return CLI_BAD_INPUT;
}

enum err cli_configure(struct cli *c, struct err_detail *d)
{
    static const struct {
        enum option option;
        const char *section, *key;
    } flags[] = {{OPTION_redis, "redis", "url"},
                 {OPTION_data, "server", "data"},
                 {OPTION_listen, "server", "listen"}};
    enum err e = config_load(cli_option(c, OPTION_config), &c->config, d);
    for (size_t i = 0; i < sizeof flags / sizeof *flags && !e; i++) {
        const char *value = cli_option(c, flags[i].option);
        if (value)
            e = config_override(c->config, flags[i].section, flags[i].key, value, d);
    }
    if (!e)
        log_init(log_level_from(config_str(c->config, "server", "log")),
                 c->command->name);
    return e;
}

static int load_config(struct cli *c)
{
    struct err_detail d;
    enum err e = cli_configure(c, &d);
    if (!e)
        return CLI_OK;
    (void)cli_refuse(c, &d);
    return e == ERR_NOMEM ? CLI_FAILED : CLI_BAD_INPUT;
}

/* The doctor looks at the configuration itself. */
static bool needs_config(const struct cli_command *k)
{
    return k->run != cmd_help && k->run != cmd_version && k->run != cmd_doctor;
}

static int run_command(struct cli *c)
{
    if (!c->command->run) {
        cli_error(c, ERR_NOT_SUPPORTED, "`barker %s` is not in this version",
                  c->command->name);
        return CLI_FAILED;
    }
    int rc = check_words(c);
    if (!rc && needs_config(c->command))
        rc = load_config(c);
    if (!rc)
        rc = c->command->run(c);
    config_free(c->config);
    return rc;
}

/* Where the options could not be read, --json still says how to complain. */
static void find_json(struct cli *c, int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--json") == 0)
            c->options.value[OPTION_json] = "";
}

int cli_main(int argc, char **argv)
{
    struct cli c = {0};
    struct err_detail d;
    (void)signal(SIGPIPE, SIG_IGN); /* a lost connection is a value, not a death */
    if (options_parse(argc, argv, &c.options, &d)) {
        find_json(&c, argc, argv);
        cli_error(&c, d.code, "%s; `barker help` lists all", d.message);
        return CLI_BAD_INPUT;
    }
    if (cli_option(&c, OPTION_version))
        return cmd_version(&c);
    if (c.options.count == 0) {
        (void)cmd_help(&c);
        return cli_option(&c, OPTION_help) ? CLI_OK : CLI_BAD_INPUT;
    }
    c.command = find_command(c.options.word[0]);
    if (!c.command)
        return refuse_command(&c);
    return cli_option(&c, OPTION_help) ? cmd_help(&c) : run_command(&c);
}
