/* cmd_decide.c: which variant a user sees. */
#include "core/base/json_out.h"
#include "core/base/rng.h"
#include "workers/cli/choice_view.h"
#include <stdio.h>
#include <string.h>

static void put_str_or_null(struct json_out *w, const char *key, const char *text)
{
    json_out_key(w, key);
    if (text)
        json_out_str(w, text);
    else
        json_out_null(w);
}

static int show(const struct cli *c, const struct choice_view *view, const char *user)
{
    const struct choice_set *s = &view->set;
    const struct choice d = choice_of(s, user);
    const struct json *v = d.variant ? view_find(view->variants, d.variant) : NULL;
    char impression[64];
    struct buf out;
    struct json_out w;
    (void)snprintf(impression, sizeof impression, "%lld-%016llx", (long long)s->epoch,
                   (unsigned long long)rng_entropy());
    buf_init(&out, (size_t)4 << 20);
    json_out_init(&w, &out);
    json_out_open(&w, '{');
    put_str_or_null(&w, "variant", d.variant);
    put_str_or_null(&w, "text", v ? view_str(v, "text") : NULL);
    json_out_kint(&w, "epoch", s->epoch);
    json_out_kstr(&w, "impression", impression);
    json_out_knum(&w, "weight", d.weight);
    json_out_kstr(&w, "placement", s->placement);
    if (d.reason)
        json_out_kstr(&w, "reason", d.reason);
    json_out_close(&w, '}');
    buf_append_char(&out, '\n');
    return cli_print(c, &out);
}

int cmd_decide(struct cli *c)
{
    struct session s;
    struct choice_view view;
    struct err_detail d = {.path = ""};
    const char *user = cli_option(c, OPTION_user);
    if (!user || !*user) {
        cli_error(c, ERR_MISSING, "decide needs a user: --user U");
        return CLI_BAD_INPUT;
    }
    if (choice_check_user(user, strlen(user), &d))
        return cli_refuse(c, &d);
    int rc = session_open(&s, c, SESSION_WAIT_MS, false);
    if (rc)
        return rc;
    rc = choice_view_read(&view, &s, cli_word(c, 0), cli_option(c, OPTION_placement));
    rc = rc ? rc : show(c, &view, user);
    choice_view_fini(&view);
    session_close(&s);
    return rc;
}
