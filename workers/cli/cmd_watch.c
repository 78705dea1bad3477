/* cmd_watch.c: follows a campaign until it needs a person, is live, or has ended. */
#include "core/base/clock.h"
#include "workers/cli/tenant_use.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 250
#define APPEAR_MS 3000   /* a campaign just sent may not be admitted yet */
#define SILENCE_MS 10000 /* without a change: a word on where to look */
#define BAR_CELLS 24
#define LINE_SIZE 512

struct watch {
    struct cli *cli;
    const char *id;
    bool tty;
    char last[LINE_SIZE]; /* last line printed */
    int64_t last_ms;      /* when */
    bool said;            /* that nothing happens */
};

static void put_bar(double percent, char out[BAR_CELLS + 1])
{
    int full = percent <= 0     ? 0
               : percent >= 100 ? BAR_CELLS
                                : (int)(percent * BAR_CELLS / 100);
    memset(out, '.', BAR_CELLS);
    memset(out, '#', (size_t)full);
    out[BAR_CELLS] = '\0';
}

/* Once: a backlog, no worker, no model, an endpoint or a tenant without room. */
static void say_silence(struct watch *w, struct session *s, const struct json *c)
{
    if (w->said || clock_mono_ms() - w->last_ms < SILENCE_MS)
        return;
    w->said = true;
    if (w->tty)
        (void)putchar('\n');
    (void)fflush(stdout);
    cli_note(w->cli, "nothing has changed for %d s; `barker doctor` looks for a reason",
             SILENCE_MS / 1000);
    tenant_use_note(s, view_str(c, "tenant"));
}

static void show(struct watch *w, struct session *s, const struct json *c)
{
    char line[LINE_SIZE], state[VIEW_WORD_MAX], usd[VIEW_WORD_MAX], bar[BAR_CELLS + 1];
    view_print_state(c, state);
    view_print_usd(c, usd);
    put_bar(view_num(c, "progress"), bar);
    (void)snprintf(line, sizeof line,
                   "%s%s%s%3.0f %%  %s  round %.0f  live %.0f  pending %.0f  calls "
                   "%.0f  usd %s",
                   w->tty ? "[" : "", w->tty ? bar : "", w->tty ? "] " : "",
                   view_num(c, "progress"), state, view_num(c, "round"),
                   view_num(c, "live"), view_num(c, "pending"), view_num(c, "calls"),
                   usd);
    if (strcmp(line, w->last) == 0) {
        say_silence(w, s, c);
        return;
    }
    memcpy(w->last, line, sizeof w->last);
    w->last_ms = clock_mono_ms();
    if (cli_option(w->cli, OPTION_quiet) || cli_is_json(w->cli))
        return;
    (void)printf(w->tty ? "\r%s\033[K" : "%s\n", line);
    (void)fflush(stdout);
}

static int look(struct watch *w, struct session *s, int64_t start_ms, struct json **out)
{
    int rc = view_campaign(s, w->id, true, out);
    while (rc == CLI_NOT_FOUND && clock_mono_ms() - start_ms < APPEAR_MS) {
        session_sleep(s, LOOK_MS);
        rc = view_campaign(s, w->id, true, out);
    }
    if (rc == CLI_NOT_FOUND)
        (void)view_campaign(s, w->id, false, out);
    return rc;
}

static bool is_one_of(const char *word, const char *const *list)
{
    while (*list && strcmp(*list, word) != 0)
        list++;
    return *list != NULL;
}

/* True when there is nothing more to wait for. */
static bool is_over(const struct json *c, int *rc)
{
    static const char *const good[] = {"done", "live", "review", NULL};
    static const char *const bad[] = {"failed", "cancelled", "over_budget", NULL};
    const char *state = view_str(c, "state");
    *rc = is_one_of(state, bad) ? CLI_FAILED : CLI_OK;
    return *rc || is_one_of(state, good);
}

static void say_next(const struct watch *w, const struct json *c)
{
    const char *state = view_str(c, "state"), *error = view_str(c, "error");
    enum err e = err_from_code(error);
    if (strcmp(state, "review") == 0)
        cli_note(w->cli,
                 "%.0f variants wait for approval: `barker result %s`, then "
                 "`barker approve %s VARIANT|all`",
                 view_num(c, "pending"), w->id, w->id);
    else if (strcmp(state, "live") == 0 || strcmp(state, "done") == 0)
        cli_note(w->cli, "the variants are ranked in `barker result %s`", w->id);
    else
        cli_error(w->cli, ERR_STATE, "%s is %s%s%s", w->id, state, *error ? ": " : "",
                  !*error          ? ""
                  : e == ERR_COUNT ? error
                                   : err_meaning(e));
}

static int finish(struct watch *w, const struct json *c, int rc)
{
    struct buf out;
    if (w->tty && *w->last)
        (void)putchar('\n');
    if (cli_is_json(w->cli)) {
        buf_init(&out, 64 * 1024);
        (void)json_print(c, &out);
        buf_append_char(&out, '\n');
        int printed = cli_print(w->cli, &out);
        return rc ? rc : printed;
    }
    (void)fflush(stdout);
    say_next(w, c);
    return rc;
}

static int follow(struct watch *w, struct session *s)
{
    int64_t start_ms = clock_mono_ms();
    for (;;) {
        struct json *c = NULL;
        int rc = look(w, s, start_ms, &c);
        if (rc)
            return rc;
        show(w, s, c);
        bool over = is_over(c, &rc);
        if (over)
            rc = finish(w, c, rc);
        json_free(c);
        if (over)
            return rc;
        session_sleep(s, LOOK_MS);
    }
}

int cmd_watch(struct cli *c)
{
    struct session s;
    struct watch w = {.cli = c, .id = cli_word(c, 0)};
    w.tty = isatty(STDOUT_FILENO) == 1;
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = follow(&w, &s);
    session_close(&s);
    return rc;
}
