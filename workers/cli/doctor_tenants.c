/* doctor_tenants.c: what tenants with a daily limit have spent today. */
#include "core/base/clock.h"
#include "core/base/money.h"
#include "queues/funds.h"
#include "workers/cli/doctor.h"
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

void doctor_tenants(struct doctor *d)
{
    time_t now = (time_t)(clock_wall_ms() / 1000);
    struct tm tm;
    char date[16];
    if (!gmtime_r(&now, &tm) || !strftime(date, sizeof date, "%Y-%m-%d", &tm))
        return;
    for (size_t i = 0; i < config_tenant_count(d->cli->config); i++) {
        const struct config_tenant *t = config_tenant_at(d->cli->config, i);
        if (t->usd_per_day_nano < 0)
            continue;
        struct day day = {.usd = "0", .held = "0"};
        struct session_call call = {
            .session = d->session, .take = take_day, .arg = &day};
        if (!doctor_ask(
                d, "tenants", &call,
                funds_day(&d->session->queue, t->name, date, session_settle, &call, 0)))
            return;
        say_day(d, t, &day);
    }
}
