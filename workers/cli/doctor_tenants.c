/* doctor_tenants.c: what tenants with limits have spent today, and use now. */
#include "core/base/clock.h"
#include "core/base/money.h"
#include "queues/funds.h"
#include "workers/cli/doctor.h"
#include "workers/cli/tenant_use.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct day {
    char usd[MONEY_TEXT], held[MONEY_TEXT];
};

static enum err take_day(void *arg, const struct reply *r)
{
    struct day *day = arg;
    const char *usd = reply_str(reply_at(r, 0), NULL);
    const char *held = reply_str(reply_at(r, 1), NULL);
    (void)snprintf(day->usd, sizeof day->usd, "%s", *usd ? usd : "0");
    (void)snprintf(day->held, sizeof day->held, "%s", *held ? held : "0");
    return ERR_OK;
}

static void say_day(struct doctor *d, const struct config_tenant *t,
                    const struct day *day)
{
    char name[80], limit[MONEY_TEXT];
    int64_t nano = 0;
    bool known = money_parse(day->usd, strlen(day->usd), 9, &nano) == ERR_OK;
    bool over = !known || nano >= t->usd_per_day_nano;
    (void)snprintf(name, sizeof name, "tenant %s", t->name);
    money_print(t->usd_per_day_nano, 9, limit);
    doctor_say(d, over ? DOCTOR_WARNING : DOCTOR_OK, name,
               over ? "its campaigns end over_budget until midnight UTC" : "",
               "%s of %s usd spent today, %s held for calls", day->usd, limit,
               day->held);
}

static bool look_at_day(struct doctor *d, const struct config_tenant *t,
                        const char *date)
{
    struct day day = {.usd = "0", .held = "0"};
    struct session_call call = {.session = d->session, .take = take_day, .arg = &day};
    if (!doctor_ask(
            d, "tenants", &call,
            funds_day(&d->session->queue, t->name, date, session_settle, &call, 0)))
        return false;
    say_day(d, t, &day);
    return true;
}

static void say_use(struct doctor *d, const struct config_tenant *t,
                    const struct tenant_use *u)
{
    char name[80], calls[64] = "", tokens[64] = "";
    const char *lack = tenant_use_lack(t, u);
    (void)snprintf(name, sizeof name, "calls of %s", t->name);
    if (t->max_in_flight > 0)
        (void)snprintf(calls, sizeof calls,
                       "%" PRId64 " of %" PRId64 " calls under way", u->under_way,
                       t->max_in_flight);
    if (t->tpm > 0)
        (void)snprintf(tokens, sizeof tokens,
                       "%s%" PRId64 " of %" PRId64 " tokens in the last minute",
                       *calls ? ", " : "", u->tokens, t->tpm);
    doctor_say(d, lack ? DOCTOR_WARNING : DOCTOR_OK, name,
               lack ? "others go on; its max_campaigns keeps job slots free for them"
                    : "",
               "%s%s%s%s%s", calls, tokens, lack ? "; others of it wait, " : "",
               lack ? lack : "", lack ? " is used up" : "");
}

static bool look_at_use(struct doctor *d, const struct config_tenant *t)
{
    struct session_call call;
    struct tenant_use use;
    if (!doctor_ask(d, "tenants", &call, tenant_use_ask(d->session, t, &call, &use)))
        return false;
    say_use(d, t, &use);
    return true;
}

void doctor_tenants(struct doctor *d)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    char date[16];
    if (!gmtime_r(&now, &tm) || !strftime(date, sizeof date, "%Y-%m-%d", &tm))
        return;
    for (size_t i = 0; i < config_tenant_count(d->cli->config); i++) {
        const struct config_tenant *t = config_tenant_at(d->cli->config, i);
        if (t->usd_per_day_nano >= 0 && !look_at_day(d, t, date))
            return;
        if (tenant_use_is_limited(t) && !look_at_use(d, t))
            return;
    }
}
