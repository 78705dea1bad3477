/* cmd_control.c: pause, resume, cancel, approve, reject. */
#include "queues/control.h"
#include "workers/cli/view.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WHO_MAX 64

static void find_user(char out[WHO_MAX])
{
    const struct passwd *p = getpwuid(geteuid());
    if (p)
        (void)snprintf(out, WHO_MAX, "%s", p->pw_name);
    else
        (void)snprintf(out, WHO_MAX, "uid %u", (unsigned)geteuid());
}

static int check_state(const struct cli *c, const struct json *campaign,
                       const char *action)
{
    static const char *const ended[] = {"done", "failed", "cancelled", "over_budget",
                                        NULL};
    for (size_t i = 0; ended[i]; i++) {
        if (strcmp(view_str(campaign, "state"), ended[i]) != 0)
            continue;
        cli_error(c, ERR_STATE, "%s is %s; there is nothing to %s",
                  view_str(campaign, "id"), ended[i], action);
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int send_order(struct cli *c, struct session *s, const struct control_order *o)
{
    struct session_call call = {.session = s};
    int rc = session_end(&call, control_send(&s->queue, o, session_settle, &call, 0));
    if (!rc)
        cli_note(c, "%s %s%s%s: sent", o->action, o->campaign, o->variant ? " " : "",
                 o->variant ? o->variant : "");
    return rc;
}

/* One order for each pending variant. */
static int send_all(struct cli *c, struct session *s, struct control_order o,
                    const struct json *variants)
{
    int rc = CLI_OK, sent = 0;
    json_each (v, variants) {
        if (rc || strcmp(view_str(v, "state"), "pending") != 0)
            continue;
        o.variant = view_str(v, "id");
        rc = send_order(c, s, &o);
        sent++;
    }
    if (!rc && !sent)
        cli_note(c, "no variant of %s is pending", o.campaign);
    return rc;
}

static int send_orders(struct cli *c, struct session *s, const struct control_order *o)
{
    struct json *variants = NULL;
    if (!o->variant)
        return send_order(c, s, o);
    int rc = view_variants(s, o->campaign, &variants);
    if (!rc && strcmp(o->variant, "all") == 0) {
        rc = send_all(c, s, *o, variants);
    } else if (!rc && !view_find(variants, o->variant)) {
        cli_error(c, ERR_NOT_FOUND,
                  "%s has no variant '%s'; `barker result %s` lists them", o->campaign,
                  o->variant, o->campaign);
        rc = CLI_NOT_FOUND;
    } else if (!rc) {
        rc = send_order(c, s, o);
    }
    json_free(variants);
    return rc;
}

static int run_order(struct cli *c, struct session *s, const struct control_order *o)
{
    struct json *campaign = NULL;
    int rc = view_campaign(s, o->campaign, false, &campaign);
    rc = rc ? rc : check_state(c, campaign, o->action);
    json_free(campaign);
    return rc ? rc : send_orders(c, s, o);
}

static int order(struct cli *c)
{
    char user[WHO_MAX];
    struct session s;
    const char *by = cli_option(c, OPTION_by);
    find_user(user);
    struct control_order o = {.campaign = cli_word(c, 0),
                              .action = c->command->name,
                              .variant = cli_word(c, 1),
                              .by = by ? by : user,
                              .text = cli_option(c, OPTION_text),
                              .via = "cli"};
    if (o.text && o.variant && strcmp(o.variant, "all") == 0) {
        cli_error(c, ERR_BAD_VALUE, "--text is for one variant, not for all");
        return CLI_BAD_INPUT;
    }
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = run_order(c, &s, &o);
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
