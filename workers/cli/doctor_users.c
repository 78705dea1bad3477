/* doctor_users.c: under which secret users are known. It is never read here. */
#include "workers/cli/doctor.h"
#include "workers/cli/user_secret.h"

static enum err take_flag(void *arg, const struct reply *r)
{
    *(bool *)arg = reply_int(r) == 1;
    return ERR_OK;
}

void doctor_users(struct doctor *d)
{
    bool kept = false;
    struct session_call call = {.session = d->session, .take = take_flag, .arg = &kept};
    if (*config_str(d->cli->config, "global", "user_secret")) {
        doctor_say(d, DOCTOR_OK, "users.secret", "", "configured");
        return;
    }
    if (!doctor_ask(d, "users.secret", &call, user_secret_ask(d->session, &call)))
        return;
    doctor_say(
        d, DOCTOR_WARNING, "users.secret",
        "set BARKER_USER_SECRET, the same for all processes, to 16 random bytes or "
        "more",
        "not configured: %s; who reads Redis can find out users by trying ids",
        kept ? "the one made for this deployment is kept in Redis"
             : "the first worker will make one and keep it in Redis");
}
