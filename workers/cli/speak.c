/* speak.c: the ways in which commands speak, see cli.h. */
#include "core/base/json_out.h"
#include "workers/cli/cli.h"
#include "workers/cli/escape.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

static void put_line(struct buf *line)
{
    buf_append_char(line, '\n');
    (void)fputs(buf_str(line), stderr);
    buf_fini(line);
}

static void put_text(const char *text)
{
    struct buf line;
    buf_init(&line, (size_t)8 * LINE_MAX_BYTES);
    buf_append_str(&line, "barker: ");
    escape_text(&line, text, strlen(text));
    put_line(&line);
}

/* Members without a value are left out; ended by a NULL name. */
static void put_json(const char *const (*members)[2])
{
    struct json_out w;
    struct buf line;
    buf_init(&line, (size_t)8 * LINE_MAX_BYTES);
    json_out_init(&w, &line);
    json_out_open(&w, '{');
    for (; (*members)[0]; members++)
        if ((*members)[1])
            json_out_kstr(&w, (*members)[0], (*members)[1]);
    json_out_close(&w, '}');
    put_line(&line);
}

void cli_error(const struct cli *c, enum err code, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *const members[][2] = {
        {"code", err_code(code)}, {"message", text}, {NULL, NULL}};
    if (cli_is_json(c))
        put_json(members);
    else
        put_text(text);
}

void cli_note(const struct cli *c, const char *fmt, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    if (cli_option(c, OPTION_quiet))
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char *const members[][2] = {{"note", text}, {NULL, NULL}};
    if (cli_is_json(c))
        put_json(members);
    else
        put_text(text);
}

int cli_exit_of(enum err e)
{
    switch (e) {
    case ERR_OK:
        return CLI_OK;
    case ERR_NOT_FOUND:
        return CLI_NOT_FOUND;
    case ERR_REDIS_DOWN:
    case ERR_UNSENT:
    case ERR_UNKNOWN_OUTCOME:
    case ERR_DEADLINE:
        return CLI_NO_REDIS;
    case ERR_NOMEM:
    case ERR_INTERNAL:
    case ERR_REDIS:
    case ERR_BUSY:
    case ERR_CANCELLED:
        return CLI_FAILED;
    default:
        return CLI_BAD_INPUT;
    }
}

int cli_refuse(const struct cli *c, const struct err_detail *d)
{
    const char *code = err_code(d->code);
    const char *message = *d->message ? d->message : err_meaning(d->code);
    const char *const members[][2] = {
        {"code", code}, {"pointer", d->path}, {"message", message}, {NULL, NULL}};
    if (cli_is_json(c))
        put_json(members);
    else
        cli_error(c, d->code, "%s%s%s (%s)", d->path, *d->path ? ": " : "", message,
                  code);
    return cli_exit_of(d->code);
}

int cli_print(const struct cli *c, struct buf *b)
{
    int rc = CLI_OK;
    if (buf_status(b) || fwrite(buf_str(b), 1, b->len, stdout) != b->len ||
        fflush(stdout) != 0) {
        cli_error(c, ERR_IO, "the output could not be written");
        rc = CLI_FAILED;
    }
    buf_fini(b);
    return rc;
}
