/* tenant_use.c: see tenant_use.h. */
#include "workers/cli/tenant_use.h"
#include "queues/limits.h"

bool tenant_use_is_limited(const struct config_tenant *t)
{
    return t && (t->max_in_flight > 0 || t->tpm > 0);
}

static enum err take_use(void *arg, const struct reply *r)
{
    struct tenant_use *u = arg;
    u->under_way = reply_int(reply_at(r, 0));
    u->tokens = reply_int(reply_at(r, 1));
    u->waits = reply_int(reply_at(r, 2)) > 0;
    return ERR_OK;
}

enum err tenant_use_ask(struct session *s, const struct config_tenant *t,
                        struct session_call *call, struct tenant_use *out)
{
    int64_t hold_ms =
        config_int(s->cli->config, "llm", "timeout_ms") + LIMITS_HOLD_SPARE_MS;
    *out = (struct tenant_use){.waits = false};
    *call = (struct session_call){.session = s, .take = take_use, .arg = out};
    return limits_read(&s->queue, t->name, hold_ms, session_settle, call, 0);
}

const char *tenant_use_lack(const struct config_tenant *t, const struct tenant_use *u)
{
    if (!u->waits)
        return NULL;
    bool full = t->max_in_flight > 0 && u->under_way >= t->max_in_flight;
    return full || t->tpm == 0 ? "max_in_flight" : "tpm";
}

void tenant_use_note(struct session *s, const char *tenant)
{
    const struct config_tenant *t = config_tenant_find(s->cli->config, tenant);
    struct tenant_use use;
    struct session_call call;
    if (!tenant_use_is_limited(t) ||
        session_wait(&call, tenant_use_ask(s, t, &call, &use)))
        return;
    const char *lack = tenant_use_lack(t, &use);
    if (lack)
        cli_note(s->cli, "its tenant %s waits for its own limit: %s is used up for now",
                 t->name, lack);
}
