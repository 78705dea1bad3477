/* doctor_endpoints.c: the configuration, and one cheap request to each endpoint. */
#include "core/base/clock.h"
#include "core/base/log.h"
#include "workers/channels.h"
#include "workers/cli/doctor.h"
#include "workers/llm/llm.h"
#include "workers/llm/provider.h"
#include "workers/llm/rates.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBE_MS 5000

static void say_channels(struct doctor *d)
{
    const char *path = config_str(d->cli->config, "content", "channels");
    struct channel_set *channels = NULL;
    struct err_detail why = {.path = ""};
    if (channels_load(d->cli->config, &channels, &why))
        doctor_say(d, DOCTOR_FAIL, "channels", "workers do not start with it", "%s%s%s",
                   why.path, *why.path ? ": " : "", why.message);
    else if (*path)
        doctor_say(d, DOCTOR_OK, "channels", "", "%s read", path);
    channel_set_free(channels);
}

bool doctor_config(struct doctor *d)
{
    struct err_detail why;
    if (cli_configure(d->cli, &why)) {
        doctor_say(d, DOCTOR_FAIL, "config", "`barker help config` lists all settings",
                   "%s%s%s", why.path, *why.path ? ": " : "", why.message);
        return false;
    }
    const char *path = config_path(d->cli->config);
    if (*path)
        doctor_say(d, DOCTOR_OK, "config", "", "%s read, all keys known", path);
    else
        doctor_say(d, DOCTOR_OK, "config", "",
                   "no file: defaults, environment and options");
    say_channels(d);
    log_init(LOG_WARN, "doctor"); /* what llm_new() notes is said below */
    return true;
}

struct probe {
    bool done;
    enum err err;
    int status;
    char message[160];
    const struct rates_dialect *dialect;
    struct rates told;
};

static void on_probe(void *arg, uint64_t ticket, const struct http_reply *r)
{
    struct probe *p = arg;
    (void)ticket;
    p->err = r->err;
    p->status = r->status;
    if (!rates_read(p->dialect, r, clock_wall_ms(), &p->told))
        p->dialect = NULL;
    (void)snprintf(p->message, sizeof p->message, "%s", r->message);
    p->done = true;
}

static void say_status(struct doctor *d, const char *name, int status, bool has_key)
{
    if (status == 401 || status == 403)
        doctor_say(d, DOCTOR_FAIL, name, has_key ? "check the key" : "set its key_env",
                   "reachable, but it %s (%d)",
                   has_key ? "refuses the key" : "wants a key", status);
    else if (status >= 200 && status < 300)
        doctor_say(d, DOCTOR_OK, name, "", "reachable%s",
                   has_key ? ", the key is accepted" : "");
    else if (status == 404 || status == 405 || status == 501)
        doctor_say(d, DOCTOR_OK, name, "",
                   "reachable; it has no list of models (%d), so the key is not tried",
                   status);
    else if (status == 429)
        doctor_say(d, DOCTOR_WARNING, name, "", "reachable, at its limit now (429)");
    else
        doctor_say(d, DOCTOR_WARNING, name, "check base_url",
                   "reachable, but it answers %d", status);
}

/* Ours is what workers hold; above the server's own it is held by 429s alone. */
static void say_limits(struct doctor *d, const struct config_endpoint *e,
                       const struct rates *told)
{
    const int64_t ours[] = {e->rpm, e->tpm, e->itpm, e->otpm};
    static const char *const keys[] = {"rpm", "tpm", "itpm", "otpm"};
    char name[80];
    (void)snprintf(name, sizeof name, "limits of %s", e->name);
    for (int i = 0; i < LIMITS_KINDS; i++)
        if (told->most[i] > 0 && ours[i] > told->most[i])
            doctor_say(d, DOCTOR_WARNING, name, "set it to what the endpoint allows",
                       "%s = %" PRId64 ", but the endpoint tells of %" PRId64, keys[i],
                       ours[i], told->most[i]);
}

static void probe_one(struct doctor *d, struct loop *loop, struct llm *llm, size_t i)
{
    const struct config_endpoint *config = config_endpoint_at(d->cli->config, i);
    const struct provider *dialect = provider_find(config->dialect);
    struct probe p = {.dialect = dialect ? dialect->rates : NULL};
    char name[80];
    (void)snprintf(name, sizeof name, "reach %s", llm_endpoint_at(llm, i));
    enum err e = llm_probe(llm, i, PROBE_MS, on_probe, &p, 0);
    if (!e)
        e = loop_run_until(loop, &p.done, (int64_t)2 * PROBE_MS);
    if (e || p.err)
        doctor_say(d, DOCTOR_FAIL, name, "check base_url and the network",
                   "not reachable: %s",
                   *p.message ? p.message : err_meaning(e ? e : p.err));
    else
        say_status(d, name, p.status, llm_has_key(llm, i));
    if (!e && p.dialect)
        say_limits(d, config, &p.told);
}

static void say_endpoint(struct doctor *d, const struct llm *llm, size_t i)
{
    const struct config_endpoint *e = config_endpoint_at(d->cli->config, i);
    const char *advice = "";
    char name[80], lacks[256] = "";
    (void)snprintf(name, sizeof name, "endpoint %s", e->name);
    if (*e->key_env && !llm_has_key(llm, i)) {
        (void)snprintf(lacks, sizeof lacks, "; %s is not set here: no key is sent",
                       e->key_env);
        advice = "set it where the workers run";
    }
    if (!*e->model) {
        (void)strncat(lacks, "; no model of its own", sizeof lacks - strlen(lacks) - 1);
        advice = "set model=, or every spec must name one";
    } else if (!llm_price_known(llm, e->name, "") && !llm_endpoint_chats(llm, i)) {
        (void)strncat(lacks, "; price unknown, so its calls cost budgets nothing",
                      sizeof lacks - strlen(lacks) - 1);
        advice = *advice ? advice : "set price_in, or llm.prices";
    } else if (!llm_price_known(llm, e->name, "")) {
        (void)strncat(lacks, "; price unknown, so usd budgets are refused",
                      sizeof lacks - strlen(lacks) - 1);
        advice = *advice ? advice : "set price_in and price_out, or llm.prices";
    }
    doctor_say(d, *lacks ? DOCTOR_WARNING : DOCTOR_OK, name, advice, "%s at %s, %s%s",
               *e->model ? e->model : "-", e->base_url, e->dialect, lacks);
}

static void look_at_all(struct doctor *d, struct loop *loop)
{
    const struct llm_options o = {.config = d->cli->config};
    struct err_detail why = {.path = ""};
    struct llm *llm = NULL;
    if (llm_new(loop, &o, &llm, &why)) {
        doctor_say(d, DOCTOR_FAIL, "endpoints", "", "%s%s%s", why.path,
                   *why.path ? ": " : "", why.message);
        return;
    }
    if (!llm_is_ready(llm))
        doctor_say(d, DOCTOR_WARNING, "endpoints",
                   "set OPENAI_API_KEY or OPENAI_BASE_URL, and BARKER_MODEL",
                   "none here that chats; workers without one leave campaigns in the "
                   "queue");
    for (size_t i = 0; llm_endpoint_at(llm, i); i++) {
        say_endpoint(d, llm, i);
        if (!cli_option(d->cli, OPTION_offline))
            probe_one(d, loop, llm, i);
    }
    llm_free(llm);
}

void doctor_endpoints(struct doctor *d)
{
    struct loop *loop = NULL;
    if (loop_new(&loop)) {
        doctor_say(d, DOCTOR_FAIL, "endpoints", "", "no memory or no file descriptors");
        return;
    }
    look_at_all(d, loop);
    loop_free(loop);
}
