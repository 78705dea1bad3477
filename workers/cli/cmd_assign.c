/* cmd_assign.c: variants of a whole list of users. The placement is read once, then
 * Redis is left alone: the list is streamed, whatever its length, in bounded memory. */
#include "core/base/json_out.h"
#include "workers/cli/choice_view.h"
#include "workers/cli/lines.h"
#include "workers/cli/user_secret.h"
#include "workers/users/pseudonym.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BAD_SHOWN 20
#define FLUSH_BYTES ((size_t)64 * 1024)
#define ROW_MAX_BYTES ((size_t)16 * 1024) /* 256 characters, escaped, and the rest */

struct assign {
    struct cli *cli;
    struct choice_view view;
    struct lines lines;
    struct buf out;
    const char *secret; /* borrows */
    int64_t assigned, bad;
    bool unwritten; /* stdout is gone */
};

static void refuse_line(struct assign *a, const char *why)
{
    a->bad++;
    if (a->bad <= BAD_SHOWN)
        cli_error(a->cli, ERR_BAD_VALUE, "line %lld: %s", (long long)a->lines.number,
                  why);
    if (a->bad == BAD_SHOWN + 1)
        cli_error(a->cli, ERR_BAD_VALUE, "more bad lines are only counted");
}

static void flush(struct assign *a)
{
    if (fwrite(buf_str(&a->out), 1, a->out.len, stdout) != a->out.len)
        a->unwritten = true;
    buf_clear(&a->out);
}

/* "" for whom nothing is shown and nothing is counted. */
static void print_impression(const struct assign *a, const char *user,
                             const struct choice *d, char out[64])
{
    const struct choice_set *s = &a->view.set;
    struct pseudonym_mark mark = {s->campaign, s->placement, d->variant, s->epoch};
    char hex[PSEUDONYM_MARK_SIZE];
    out[0] = '\0';
    if (!d->variant)
        return;
    pseudonym_mark(a->secret, user, &mark, hex);
    (void)snprintf(out, 64, "%lld-%s", (long long)s->epoch, hex);
}

static void put_json(struct assign *a, const char *user, const struct choice *d,
                     const char *impression)
{
    struct json_out w;
    json_out_init(&w, &a->out);
    json_out_open(&w, '{');
    json_out_kstr(&w, "user", user);
    json_out_key(&w, "variant");
    if (d->variant)
        json_out_str(&w, d->variant);
    else
        json_out_null(&w);
    json_out_knum(&w, "weight", d->weight);
    json_out_kint(&w, "epoch", a->view.set.epoch);
    json_out_kstr(&w, "impression", impression);
    if (d->reason)
        json_out_kstr(&w, "reason", d->reason);
    json_out_close(&w, '}');
}

static void put_row(struct assign *a, const char *user, const struct choice *d,
                    const char *impression)
{
    struct json_out w;
    json_out_init(&w, &a->out); /* for its numbers */
    buf_append_str(&a->out, user);
    buf_append_char(&a->out, '\t');
    buf_append_str(&a->out, d->variant ? d->variant : "");
    buf_append_char(&a->out, '\t');
    json_out_num(&w, d->weight);
    buf_printf(&a->out, "\t%lld\t%s\t%s", (long long)a->view.set.epoch, impression,
               d->reason ? d->reason : "");
}

static void assign_line(struct assign *a)
{
    struct err_detail d = {.path = ""};
    char impression[64];
    const struct buf *line = &a->lines.line;
    const char *user = buf_str(line);
    if (choice_check_user(user, line->len, &d)) {
        refuse_line(a, d.message);
        return;
    }
    for (const char *at = user; *at; at++) {
        if ((unsigned char)*at < ' ') {
            refuse_line(a, "a tab or another control character; one user per line");
            return;
        }
    }
    const struct choice choice = choice_of(&a->view.set, user);
    print_impression(a, user, &choice, impression);
    if (cli_is_json(a->cli))
        put_json(a, user, &choice, impression);
    else
        put_row(a, user, &choice, impression);
    buf_append_char(&a->out, '\n');
    a->assigned++;
    if (a->out.len >= FLUSH_BYTES)
        flush(a);
}

static int report(struct assign *a)
{
    const struct choice_set *s = &a->view.set;
    bool unread = lines_failed(&a->lines);
    flush(a);
    if (a->unwritten || fflush(stdout) != 0) {
        cli_error(a->cli, ERR_IO, "the output could not be written");
        return CLI_FAILED;
    }
    if (unread)
        cli_error(a->cli, ERR_IO, "the list could not be read after line %lld",
                  (long long)a->lines.number);
    if (s->reason)
        cli_note(a->cli, "%s: all have %s", s->reason,
                 s->all ? "the control" : "no variant");
    cli_note(a->cli, "%lld assigned, %lld bad; epoch %lld", (long long)a->assigned,
             (long long)a->bad, (long long)s->epoch);
    return unread ? CLI_FAILED : a->bad ? CLI_BAD_INPUT : CLI_OK;
}

static int assign_all(struct assign *a)
{
    enum lines_end end;
    if (!cli_is_json(a->cli))
        buf_append_str(&a->out, "user\tvariant\tweight\tepoch\timpression\treason\n");
    while (!a->unwritten && (end = lines_next(&a->lines)) != LINES_NONE) {
        if (end == LINES_LONG)
            refuse_line(a, "the line is too long for the id of a user");
        else if (!lines_is_blank(&a->lines))
            assign_line(a);
    }
    return report(a);
}

static int read_placement(struct assign *a)
{
    struct session s;
    struct cli *c = a->cli;
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc =
        choice_view_read(&a->view, &s, cli_word(c, 0), cli_option(c, OPTION_placement));
    rc = rc ? rc : user_secret_find(&s, c);
    session_close(&s);
    a->secret = config_str(c->config, "global", "user_secret");
    return rc;
}

int cmd_assign(struct cli *c)
{
    struct assign a = {.cli = c};
    struct err_detail d = {.path = ""};
    const char *path = cli_option(c, OPTION_users);
    if (!path) {
        cli_error(c, ERR_MISSING, "assign needs a list of users: --users FILE");
        return CLI_BAD_INPUT;
    }
    if (lines_open(&a.lines, path, (size_t)4 * CHOICE_USER_MAX, &d)) {
        cli_error(c, d.code, "%s: %s", d.path, d.message);
        return CLI_BAD_INPUT;
    }
    buf_init(&a.out, FLUSH_BYTES + ROW_MAX_BYTES);
    int rc = read_placement(&a);
    rc = rc ? rc : assign_all(&a);
    buf_fini(&a.out);
    lines_close(&a.lines);
    choice_view_fini(&a.view);
    return rc;
}
