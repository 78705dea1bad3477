/* cmd_dead.c: jobs that gave up: list, show, retry, drop. */
#include "core/base/clock.h"
#include "core/base/json_out.h"
#include "core/base/names.h"
#include "workers/cli/escape.h"
#include "workers/cli/table.h"
#include "workers/cli/view.h"
#include "workers/cli/who.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUT_MAX_BYTES ((size_t)16 << 20)
#define AGE_MAX_S 1000000000LL

enum verb { VERB_LIST, VERB_SHOW, VERB_RETRY, VERB_DROP };
static const char *const verbs[] = {"list", "show", "retry", "drop"};
static const char *const done[] = {"", "", "queued again", "dropped"};

struct dead {
    struct cli *cli;
    struct session session;
    enum verb verb;
    struct dead_filter filter;
    bool filtered; /* by --all too */
    char user[WHO_MAX];
    const char *by;
};

static int refuse(const struct cli *c, const char *why)
{
    cli_error(c, ERR_BAD_VALUE, "%s; usage: barker dead %s", why, c->command->usage);
    return CLI_BAD_INPUT;
}

static int read_age(const struct cli *c, int64_t *ms)
{
    const char *text = cli_option(c, OPTION_older);
    size_t digits = text ? strspn(text, "0123456789") : 0;
    *ms = 0;
    if (!text)
        return CLI_OK;
    if (digits == 0 || digits > 10 || text[digits] ||
        strtoll(text, NULL, 10) > AGE_MAX_S)
        return refuse(c, "--older takes whole seconds");
    *ms = strtoll(text, NULL, 10) * 1000;
    return CLI_OK;
}

static int read_filter(struct dead *d)
{
    const struct cli *c = d->cli;
    const char *tenant = cli_option(c, OPTION_tenant);
    const char *reason = cli_option(c, OPTION_reason);
    d->filter.tenant = tenant ? tenant : "";
    d->filter.reason = reason ? reason : "";
    d->filtered =
        tenant || reason || cli_option(c, OPTION_older) || cli_option(c, OPTION_all);
    return read_age(c, &d->filter.age_ms);
}

/* Which of them: by name or by filter, never both, so that nobody takes one for the
 * other. */
static int check_words(const struct dead *d)
{
    bool named = cli_word(d->cli, 1) != NULL;
    if (d->verb == VERB_LIST)
        return named ? refuse(d->cli, "list takes no names") : CLI_OK;
    if (d->verb == VERB_SHOW)
        return named && !cli_word(d->cli, 2) && !d->filtered
                   ? CLI_OK
                   : refuse(d->cli, "show takes the name of one campaign");
    if (named == d->filtered)
        return refuse(d->cli, named ? "names or a filter, not both" : "which of them?");
    return CLI_OK;
}

static void add_row(struct table *t, const struct json *o, int64_t now_ms)
{
    static const char *const texts[] = {"id",    "tenant", "reason",
                                        "stage", "owner",  NULL};
    char word[VIEW_WORD_MAX];
    double hours = ((double)now_ms - view_num(o, "ms")) / 3600000;
    for (size_t i = 0; texts[i]; i++)
        table_add_text(t, view_str(o, texts[i]));
    view_print_num(o, "crashes", 0, word);
    table_add(t, word);
    (void)snprintf(word, sizeof word, "%.1f h", hours > 0 ? hours : 0.0);
    table_add(t, word);
}

static enum err put_table(const struct json *list, struct buf *out)
{
    static const char *const heads[] = {"ID",    "TENANT",   "REASON", "STAGE",
                                        "OWNER", ">CRASHES", ">AGE",   NULL};
    struct table t;
    table_init(&t, heads);
    json_each (o, list)
        add_row(&t, o, clock_wall_ms());
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

static int print(const struct dead *d, const struct json *what, bool as_list)
{
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    enum err e = ERR_OK;
    if (cli_is_json(d->cli) || !as_list) {
        e = json_print(what, &out);
        buf_append_char(&out, '\n');
    } else if (json_count(what) == 0) {
        cli_note(d->cli, "nothing gave up%s", d->filtered ? " that fits" : "");
    } else {
        e = put_table(what, &out);
    }
    if (!e)
        return cli_print(d->cli, &out);
    buf_fini(&out);
    cli_error(d->cli, e, "the list is too large; --tenant or --reason make it shorter");
    return CLI_FAILED;
}

static int list(struct dead *d)
{
    struct json *all = NULL;
    int rc = view_dead(&d->session, &d->filter, &all);
    rc = rc ? rc : print(d, all, true);
    json_free(all);
    return rc;
}

static int show(struct dead *d)
{
    struct json *one = NULL;
    int rc = view_dead_one(&d->session, cli_word(d->cli, 1), &one);
    rc = rc ? rc : print(d, one, false);
    json_free(one);
    return rc;
}

static enum err take_verdict(void *arg, const struct reply *r)
{
    (void)snprintf(arg, 16, "%s", reply_str(reply_at(r, 0), NULL));
    return ERR_OK;
}

static int report(const struct dead *d, const char *id, const char *verdict)
{
    const struct cli *c = d->cli;
    struct buf out;
    struct json_out w;
    if (strcmp(verdict, "not_dead") == 0) {
        cli_error(c, ERR_NOT_FOUND,
                  "'%s' is not among those that gave up; `barker dead list` names them",
                  id);
        return CLI_NOT_FOUND;
    }
    if (strcmp(verdict, "gone") == 0) {
        cli_error(c, ERR_STATE, "there is nothing left of %s to go on with; drop it",
                  id);
        return CLI_FAILED;
    }
    buf_init(&out, 4096);
    if (cli_is_json(c)) {
        json_out_init(&w, &out);
        json_out_open(&w, '{');
        json_out_kstr(&w, "id", id);
        json_out_kstr(&w, "action", verbs[d->verb]);
        json_out_close(&w, '}');
    } else {
        escape_text(&out, id, strlen(id));
        buf_printf(&out, " %s", done[d->verb]);
    }
    buf_append_char(&out, '\n');
    return cli_print(c, &out);
}

static int act(struct dead *d, const char *id)
{
    char verdict[16] = "not_dead";
    struct queue *q = &d->session.queue;
    struct session_call call = {
        .session = &d->session, .take = take_verdict, .arg = verdict};
    int rc = CLI_OK;
    if (view_id_is_valid(id))
        rc = session_end(&call, d->verb == VERB_RETRY
                                    ? dead_retry(q, id, d->by, session_settle, &call, 0)
                                    : dead_drop(q, id, session_settle, &call, 0));
    return rc ? rc : report(d, id, verdict);
}

/* One that somebody else has dealt with meanwhile is passed over. */
static int act_on_all(struct dead *d)
{
    struct json *all = NULL;
    int rc = view_dead(&d->session, &d->filter, &all);
    if (!rc && json_count(all) == 0) {
        cli_note(d->cli, "nothing gave up that fits");
    } else if (!rc && !cli_option(d->cli, OPTION_yes)) {
        cli_error(
            d->cli, ERR_BAD_VALUE,
            "that would %s %zu campaigns (`barker dead list` with the same filter "
            "names them); --yes does it",
            verbs[d->verb], json_count(all));
        rc = CLI_BAD_INPUT;
    } else if (!rc) {
        json_each (o, all) {
            int one = act(d, view_str(o, "id"));
            rc = one && one != CLI_NOT_FOUND ? one : rc;
        }
    }
    json_free(all);
    return rc;
}

static int act_on_named(struct dead *d)
{
    int worst = CLI_OK;
    for (int i = 1; cli_word(d->cli, i); i++) {
        int rc = act(d, cli_word(d->cli, i));
        worst = rc ? rc : worst;
    }
    return worst;
}

static int run(struct dead *d)
{
    switch (d->verb) {
    case VERB_LIST:
        return list(d);
    case VERB_SHOW:
        return show(d);
    default:
        return d->filtered ? act_on_all(d) : act_on_named(d);
    }
}

int cmd_dead(struct cli *c)
{
    struct dead d = {.cli = c};
    int verb = names_index(verbs, cli_word(c, 0));
    if (verb < 0)
        return refuse(c, "list, show, retry or drop");
    d.verb = (enum verb)verb;
    d.by = who_decides(c, d.user);
    int rc = read_filter(&d);
    rc = rc ? rc : check_words(&d);
    rc = rc ? rc : session_open(&d.session, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = run(&d);
    session_close(&d.session);
    return rc;
}
