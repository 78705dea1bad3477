/* cmd_help.c: help and version. */
#include "workers/cli/cli.h"
#include <stdio.h>
#include <string.h>

#define HELP_MAX_BYTES ((size_t)64 * 1024)

static void put_options(struct buf *out, const char *allowed)
{
    for (int i = 0; option_at(i); i++) {
        const struct option_row *row = option_at(i);
        char head[64];
        struct options one = {.count = 0};
        one.value[i] = "";
        if (!row->global && options_stray(&one, allowed))
            continue;
        (void)snprintf(head, sizeof head, "--%s %s", row->flag, row->value);
        buf_printf(out, "  %-24s %s\n", head, row->meaning);
    }
}

static void put_command(struct buf *out, const struct cli_command *k)
{
    buf_printf(out, "barker %s %s\n%s%s\n", k->name, k->usage, k->meaning,
               k->run ? "" : " (not in this version)");
    buf_append_str(out, "\nOptions:\n");
    put_options(out, k->options);
}

static void put_all(struct buf *out)
{
    buf_append_str(out, "barker: campaigns written by a model, ranked by what people "
                        "do\n\nUsage: barker COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; cli_command_at(i); i++) {
        const struct cli_command *k = cli_command_at(i);
        if (k->run)
            buf_printf(out, "  %-10s %s\n", k->name, k->meaning);
    }
    buf_append_str(out, "\nOptions of every command:\n");
    put_options(out, "");
    buf_append_str(out, "\nExit codes: 0 ok, 1 failed, 2 bad input, 3 Redis "
                        "unreachable, 4 not found.\n`barker help COMMAND` says more. "
                        "`barker help config`: every setting, as a barker.ini.\n");
}

int cmd_help(struct cli *c)
{
    const struct cli_command *found = c->command;
    const char *topic = cli_word(c, 0);
    struct buf out;
    buf_init(&out, HELP_MAX_BYTES);
    if (found && found->run == cmd_help && topic && strcmp(topic, "config") == 0) {
        (void)config_sample(&out); /* a failure stays with the buf */
    } else if (found && found->run == cmd_help && cli_word(c, 0)) {
        found = NULL;
        for (size_t i = 0; cli_command_at(i) && !found; i++)
            if (strcmp(cli_command_at(i)->name, cli_word(c, 0)) == 0)
                found = cli_command_at(i);
        if (!found) {
            cli_error(c, ERR_BAD_VALUE,
                      "unknown command '%s'; `barker help` lists them", cli_word(c, 0));
            return CLI_BAD_INPUT;
        }
        put_command(&out, found);
    } else if (found && found->run != cmd_help) {
        put_command(&out, found);
    } else {
        put_all(&out);
    }
    return cli_print(c, &out);
}

int cmd_version(struct cli *c)
{
    struct buf out;
    buf_init(&out, HELP_MAX_BYTES);
    buf_printf(&out, cli_is_json(c) ? "{\"version\":\"%s\"}\n" : "barker %s\n",
               BARKER_VERSION);
    return cli_print(c, &out);
}
