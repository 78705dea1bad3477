/* cmd_control.c: pause, resume, cancel, approve, reject. */
#include "core/base/names.h"
#include "workers/cli/order.h"
#include "workers/cli/who.h"
#include <string.h>

static int check_state(const struct cli *c, const struct json *campaign,
                       const char *action)
{
    static const char *const ended[] = {"done", "failed", "cancelled", "over_budget"};
    const char *state = view_str(campaign, "state");
    if (names_index(ended, state) < 0)
        return CLI_OK;
    cli_error(c, ERR_STATE,
              "%s has ended (%s), so you cannot %s it any more; start it anew under "
              "another id",
              view_str(campaign, "id"), state, action);
    return CLI_FAILED;
}

/* A variant named must be there, and the order must be able to do something. */
static int check_variant(const struct order *o)
{
    const char *id = o->control.variant, *campaign = o->control.campaign;
    const struct json *v = view_find(o->before, id);
    const char *state = view_str(v, "state");
    bool is_approval = strcmp(o->control.action, "approve") == 0;
    if (strcmp(id, "all") == 0)
        return CLI_OK;
    if (!v) {
        cli_error(o->cli, ERR_NOT_FOUND,
                  "%s has no variant '%s'; `barker result %s` lists them", campaign, id,
                  campaign);
        return CLI_NOT_FOUND;
    }
    if (strcmp(state, "pending") == 0)
        return CLI_OK;
    if (!is_approval && strcmp(state, "rejected") != 0 && strcmp(state, "retired") != 0)
        return CLI_OK;
    cli_error(o->cli, ERR_STATE, "%s is %s; there is nothing to %s", id, state,
              o->control.action);
    return CLI_FAILED;
}

static int read_order(struct order *o)
{
    const char *id = o->control.campaign;
    int rc = view_campaign(o->session, id, false, &o->campaign);
    rc = rc ? rc : check_state(o->cli, o->campaign, o->control.action);
    if (rc || !o->control.variant)
        return rc;
    rc = view_variants(o->session, id, &o->before);
    return rc ? rc : check_variant(o);
}

static int run_order(struct order *o)
{
    int rc = read_order(o);
    rc = rc ? rc : order_send(o);
    if (!rc && !*o->entry.id) {
        cli_note(o->cli, "no variant of %s is pending", o->control.campaign);
        return CLI_OK;
    }
    rc = rc ? rc : order_wait(o);
    return rc ? rc : order_report(o);
}

static int order(struct cli *c)
{
    char user[WHO_MAX];
    struct session s;
    struct order o = {.cli = c,
                      .session = &s,
                      .control = {.campaign = cli_word(c, 0),
                                  .action = c->command->name,
                                  .variant = cli_word(c, 1),
                                  .by = who_decides(c, user),
                                  .text = cli_option(c, OPTION_text),
                                  .via = "cli"}};
    if (o.control.text && strcmp(o.control.variant, "all") == 0) {
        cli_error(c, ERR_BAD_VALUE, "--text is for one variant, not for all");
        return CLI_BAD_INPUT;
    }
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = run_order(&o);
    json_free(o.campaign);
    json_free(o.before);
    json_free(o.now);
    session_close(&s);
    return rc;
}

int cmd_pause(struct cli *c)
{
    return order(c);
}

int cmd_resume(struct cli *c)
{
    return order(c);
}

int cmd_cancel(struct cli *c)
{
    return order(c);
}

int cmd_approve(struct cli *c)
{
    return order(c);
}

int cmd_reject(struct cli *c)
{
    return order(c);
}
