/* cmd_events.c: import of events, one JSON value per line, with a bounded number of
 * lines on their way. */
#include "core/base/json_out.h"
#include "queues/events.h"
#include "workers/cli/lines.h"
#include "workers/cli/session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IN_FLIGHT_MAX 256
#define BAD_SHOWN 20

struct import {
    struct cli *cli;
    struct session session;
    struct lines lines;
    int64_t sent, accepted, bad;
    int in_flight;
    bool room; /* in_flight is under the bound, or an error came */
    enum err failed;
    char message[160];
};

static void on_sent(void *arg, uint64_t ticket, enum err e, const struct reply *r)
{
    struct import *m = arg;
    (void)ticket;
    m->in_flight--;
    m->accepted += e == ERR_OK;
    if (e && !m->failed) {
        m->failed = e;
        (void)snprintf(m->message, sizeof m->message, "%s",
                       e == ERR_REDIS ? reply_str(r, NULL) : err_meaning(e));
    }
    m->room = true;
}

/* Until at most `most` lines are on their way; each has its own deadline. */
static void wait_for(struct import *m, int most)
{
    while (m->in_flight > most) {
        m->room = false;
        enum err e = loop_run_until(m->session.loop, &m->room, 60000);
        check(e == ERR_OK);
    }
}

static void refuse_line(struct import *m, const char *why)
{
    m->bad++;
    if (m->bad <= BAD_SHOWN)
        cli_error(m->cli, ERR_BAD_VALUE, "line %lld: %s", (long long)m->lines.number,
                  why);
    if (m->bad == BAD_SHOWN + 1)
        cli_error(m->cli, ERR_BAD_VALUE, "more bad lines are only counted");
}

static void send_line(struct import *m)
{
    struct err_detail d = {.path = ""};
    struct json *j = NULL;
    const char *text = buf_str(&m->lines.line);
    enum err e = json_parse(text, m->lines.line.len, &json_limits_spec, &j, &d);
    enum json_type type = json_type(j);
    json_free(j);
    if (e || (type != JSON_OBJECT && type != JSON_ARRAY)) {
        refuse_line(m, e ? d.message : "an event is a JSON object");
        return;
    }
    wait_for(m, IN_FLIGHT_MAX - 1);
    if (m->failed)
        return;
    e = events_send_text(&m->session.queue, text, m->lines.line.len, on_sent, m, 0);
    if (e) {
        m->failed = e;
        return;
    }
    m->in_flight++;
    m->sent++;
}

static int report(struct import *m)
{
    struct buf out;
    struct json_out w;
    buf_init(&out, 1024);
    if (cli_is_json(m->cli)) {
        json_out_init(&w, &out);
        json_out_open(&w, '{');
        json_out_kint(&w, "lines", m->lines.number);
        json_out_kint(&w, "accepted", m->accepted);
        json_out_kint(&w, "bad", m->bad);
        json_out_close(&w, '}');
        buf_append_char(&out, '\n');
    } else {
        buf_printf(&out, "%lld accepted, %lld bad\n", (long long)m->accepted,
                   (long long)m->bad);
    }
    int rc = cli_print(m->cli, &out);
    if (m->failed) {
        cli_error(m->cli, m->failed,
                  "stopped at line %lld: %s (%s); events that carry an id may be "
                  "imported again, they count once",
                  (long long)m->lines.number,
                  *m->message ? m->message : err_meaning(m->failed),
                  err_code(m->failed));
        return m->failed == ERR_REDIS ? CLI_FAILED : cli_exit_of(m->failed);
    }
    return rc ? rc : m->bad ? CLI_BAD_INPUT : CLI_OK;
}

static int import(struct import *m)
{
    int rc = session_open(&m->session, m->cli, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    enum lines_end end = LINES_OK;
    while (!m->failed && (end = lines_next(&m->lines)) != LINES_NONE) {
        if (end == LINES_LONG)
            refuse_line(m, "over 32 KiB");
        else if (!lines_is_blank(&m->lines))
            send_line(m);
    }
    bool unread = lines_failed(&m->lines);
    wait_for(m, 0);
    rc = report(m);
    if (unread) {
        cli_error(m->cli, ERR_IO, "the input could not be read after line %lld",
                  (long long)m->lines.number);
        rc = rc ? rc : CLI_FAILED;
    }
    session_close(&m->session);
    return rc;
}

int cmd_events(struct cli *c)
{
    struct err_detail d = {.path = ""};
    if (strcmp(cli_word(c, 0), "import") != 0) {
        cli_error(c, ERR_BAD_VALUE, "usage: barker events import FILE|-");
        return CLI_BAD_INPUT;
    }
    struct import m = {.cli = c};
    if (lines_open(&m.lines, cli_word(c, 1), EVENTS_ENTRY_MAX - 64, &d)) {
        cli_error(c, d.code, "%s: %s", d.path, d.message);
        return CLI_BAD_INPUT;
    }
    int rc = import(&m);
    lines_close(&m.lines);
    return rc;
}
