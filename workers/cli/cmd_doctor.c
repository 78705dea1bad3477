/* cmd_doctor.c: the order of the checks, and their report. */
#include "workers/cli/doctor.h"
#include "workers/cli/escape.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OUT_MAX_BYTES ((size_t)4 << 20)

static const char *const level_words[] = {"ok", "warning", "FAIL"};
static const char *const level_names[] = {"ok", "warning", "fail"};

static void put_json(struct doctor *d, enum doctor_level level, const char *name,
                     const char *found, const char *advice)
{
    json_out_open(&d->json, '{');
    json_out_kstr(&d->json, "check", name);
    json_out_kstr(&d->json, "level", level_names[level]);
    json_out_kstr(&d->json, "found", found);
    json_out_kstr(&d->json, "advice", advice);
    json_out_close(&d->json, '}');
}

void doctor_say(struct doctor *d, enum doctor_level level, const char *name,
                const char *advice, const char *fmt, ...)
{
    char found[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(found, sizeof found, fmt, args);
    va_end(args);
    d->count[level]++;
    if (cli_is_json(d->cli)) {
        put_json(d, level, name, found, advice);
        return;
    }
    buf_printf(&d->out, "%-8s ", level_words[level]);
    escape_text(&d->out, name, strlen(name));
    for (size_t n = strlen(name); n < 20; n++)
        buf_append_char(&d->out, ' ');
    buf_append_char(&d->out, ' ');
    escape_text(&d->out, found, strlen(found));
    if (*advice) {
        buf_append_str(&d->out, "; ");
        escape_text(&d->out, advice, strlen(advice));
    }
    buf_append_char(&d->out, '\n');
}

bool doctor_ask(struct doctor *d, const char *name, struct session_call *call,
                enum err started)
{
    enum err e = session_wait(call, started);
    if (!e)
        return true;
    if (e == ERR_REDIS)
        doctor_say(d, DOCTOR_FAIL, name, "", "Redis refused: %s", call->message);
    else
        doctor_say(d, DOCTOR_FAIL, name, "try again", "no answer from Redis: %s",
                   err_meaning(e));
    return false;
}

static int report(struct doctor *d, int rc)
{
    if (cli_is_json(d->cli)) {
        json_out_close(&d->json, ']');
        json_out_kbool(&d->json, "ok", rc == CLI_OK);
        json_out_kint(&d->json, "failed", d->count[DOCTOR_FAIL]);
        json_out_kint(&d->json, "warnings", d->count[DOCTOR_WARNING]);
        json_out_close(&d->json, '}');
        buf_append_char(&d->out, '\n');
    } else {
        buf_printf(&d->out, "%d ok, %d warnings, %d failed\n", d->count[DOCTOR_OK],
                   d->count[DOCTOR_WARNING], d->count[DOCTOR_FAIL]);
    }
    int printed = cli_print(d->cli, &d->out);
    return rc ? rc : printed;
}

/* An exit code: of the connection only. */
static int look_at_redis(struct doctor *d)
{
    struct session s;
    struct err_detail why;
    if (session_connect(&s, d->cli, SESSION_WAIT_MS, &why)) {
        doctor_say(d, DOCTOR_FAIL, "redis", "", "%s%s%s", why.path,
                   *why.path ? ": " : "",
                   *why.message ? why.message : err_meaning(why.code));
        return cli_exit_of(why.code) == CLI_NO_REDIS ? CLI_NO_REDIS : CLI_FAILED;
    }
    d->session = &s;
    doctor_server(d);
    doctor_data(d);
    doctor_queues(d);
    doctor_tenants(d);
    doctor_users(d);
    doctor_drift(d);
    d->session = NULL;
    session_close(&s);
    return CLI_OK;
}

int cmd_doctor(struct cli *c)
{
    struct doctor d = {.cli = c};
    buf_init(&d.out, OUT_MAX_BYTES);
    if (cli_is_json(c)) {
        json_out_init(&d.json, &d.out);
        json_out_open(&d.json, '{');
        json_out_key(&d.json, "checks");
        json_out_open(&d.json, '[');
    }
    if (!doctor_config(&d))
        return report(&d, CLI_FAILED);
    doctor_endpoints(&d);
    int rc = look_at_redis(&d);
    if (!rc && d.count[DOCTOR_FAIL])
        rc = CLI_FAILED;
    return report(&d, rc);
}
