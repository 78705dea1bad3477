/* cmd_status.c: table of campaigns. */
#include "workers/cli/cmd_status.h"
#include "core/base/json_out.h"
#include "core/base/names.h"
#include "workers/cli/table.h"
#include "workers/cli/tenant_use.h"
#include "workers/cli/view.h"
#include <stdio.h>
#include <string.h>

#define LIST_MAX 1000
#define OUT_MAX_BYTES ((size_t)16 << 20)

static void add_row(struct table *t, const struct json *c)
{
    static const char *const stopped[] = {"cancelled", "failed"};
    static const char *const counts[] = {"pending", "calls", NULL};
    static const char *const traffic[] = {"impressions", "clicks", "conversions", NULL};
    char word[VIEW_WORD_MAX];
    table_add_text(t, view_str(c, "id"));
    table_add_text(t, view_str(c, "kind"));
    view_print_state(c, word);
    table_add_text(t, word);
    view_print_num(c, "round", 0, word);
    table_add(t, word);
    view_print_num(c, "progress", 0, word);
    size_t n = strlen(word);
    (void)snprintf(word + n, sizeof word - n, " %%");
    table_add(t, word);
    view_print_num(c, "live", 0, word);
    table_add(t, names_index(stopped, view_str(c, "state")) < 0 ? word : "0");
    for (size_t i = 0; counts[i]; i++) {
        view_print_num(c, counts[i], 0, word);
        table_add(t, word);
    }
    view_print_usd(c, word);
    table_add(t, word);
    for (size_t i = 0; traffic[i]; i++) {
        view_print_num(c, traffic[i], 0, word);
        table_add(t, word);
    }
    view_print_lift(c, word);
    table_add(t, word);
}

static enum err put_table(const struct json *list, struct buf *out)
{
    static const char *const heads[] = {
        "ID",      "KIND",         "STATE",  ">ROUND", ">PROGRESS",
        ">LIVE",   ">PENDING",     ">CALLS", ">USD",   ">IMPRESSIONS",
        ">CLICKS", ">CONVERSIONS", "LIFT",   NULL};
    struct table t;
    table_init(&t, heads);
    json_each (campaign, list)
        add_row(&t, campaign);
    enum err e = table_print(&t, out);
    table_fini(&t);
    return e;
}

static int show_list(struct cli *c, const struct json *list)
{
    struct buf out;
    buf_init(&out, OUT_MAX_BYTES);
    if (cli_is_json(c)) {
        (void)json_print(list, &out);
        buf_append_char(&out, '\n');
    } else if (json_count(list) == 0) {
        cli_note(c, "no campaigns yet; `barker enqueue FILE` sends one");
    } else if (put_table(list, &out)) {
        buf_fini(&out);
        cli_error(c, ERR_LIMIT, "the table is too large; name a campaign");
        return CLI_FAILED;
    }
    return cli_print(c, &out);
}

static int show_one(struct cli *c, struct session *s, const char *id)
{
    struct json *campaign = NULL, *list = NULL;
    int rc = view_campaign(s, id, false, &campaign);
    if (rc)
        return rc;
    if (cli_is_json(c)) {
        rc = show_list(c, campaign);
        json_free(campaign);
        return rc;
    }
    list = json_new_array();
    if (!list) {
        json_free(campaign);
        return CLI_FAILED;
    }
    rc = json_push(list, campaign) ? CLI_FAILED : show_list(c, list);
    if (!rc && strcmp(view_str(campaign, "state"), "running") == 0)
        tenant_use_note(s, view_str(campaign, "tenant"));
    json_free(list);
    return rc;
}

int cmd_status(struct cli *c)
{
    struct session s;
    struct json *list = NULL;
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    if (cli_option(c, OPTION_fleet) && cli_word(c, 0)) {
        cli_error(c, ERR_BAD_VALUE, "--fleet is not of one campaign");
        rc = CLI_BAD_INPUT;
    } else if (cli_option(c, OPTION_fleet)) {
        rc = status_fleet(c, &s);
    } else if (cli_word(c, 0)) {
        rc = show_one(c, &s, cli_word(c, 0));
    } else {
        rc = view_list(&s, LIST_MAX, &list);
        rc = rc ? rc : show_list(c, list);
        json_free(list);
    }
    session_close(&s);
    return rc;
}
