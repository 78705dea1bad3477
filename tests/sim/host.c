/* host.c: worker processes come and go. */
#include "tests/sim/host.h"
#include "tests/sim/judge.h"
#include "tests/sim/message.h"
#include "tests/sim/scenario.h"
#include "workers/run/run.h"

#define RESTART_US (4 * WORLD_SECOND_US)
#define CHAOS_KILLS_MAX 3
#define CHAOS_MISFORTUNES_MAX 8

static int max_attempts(const struct world *w)
{
    bool calm = !w->plan.chaos && w->plan.crash_at <= 0 && w->plan.torture_at <= 0;
    return calm && w->plan.scenario->max_attempts ? w->plan.scenario->max_attempts : 6;
}

/* A runner keeps a copy of the ports: they must be complete before it is born. */
void host_start(struct world *w, void *unused)
{
    (void)unused;
    const struct scenario *s = w->plan.scenario;
    if (w->host_count == WORLD_HOSTS_MAX) {
        world_fail(w, "too many workers");
        return;
    }
    struct host *h = world_alloc(w, sizeof *h);
    h->world = w;
    h->alive = true;
    h->name = ++w->host_names;
    struct ports ports = host_ports(h);
    struct runner_options o = {.max_calls = s->max_calls ? s->max_calls : 8,
                               .max_jobs = s->max_jobs ? s->max_jobs : 6,
                               .max_attempts = max_attempts(w),
                               .max_probes = 60,
                               .park_ms = HOST_PARK_MS,
                               .batch_poll_ms = 600000,
                               .batch_wait_ms = 2400000,
                               .retry_base_ms = 200,
                               .retry_cap_ms = 5000,
                               .job_max_bytes = s->job_max_bytes,
                               .channels = w->plan.channels};
    check(runner_new(&ports, &o, &h->runner) == ERR_OK);
    w->hosts[w->host_count++] = h;
    world_say(w, "worker %d starts", h->name);
    store_dispatch(w);
}

int host_name(const struct host *h)
{
    return h->name;
}

bool host_any(const struct world *w)
{
    for (int i = 0; i < w->host_count; i++) {
        if (w->hosts[i]->alive && !w->hosts[i]->draining)
            return true;
    }
    return false;
}

static bool can_claim(const struct host *h)
{
    return h->alive && !h->silent && !h->draining && runner_free_slots(h->runner) > 0;
}

struct host *host_free_one(struct world *w)
{
    int from = w->plan.chaos ? (int)world_between(w, 0, w->host_count - 1) : 0;
    for (int i = 0; i < w->host_count; i++) {
        struct host *h = w->hosts[(from + i) % w->host_count];
        if (can_claim(h))
            return h;
    }
    return NULL;
}

void host_claimed(struct host *h, const char *id, int64_t fence)
{
    struct message *m = message_new(h, MESSAGE_CLAIM, id);
    m->fence = fence;
    message_send(m);
}

void host_poke(struct world *w, int name, const char *id)
{
    for (int i = 0; i < w->host_count; i++) {
        if (w->hosts[i]->alive && w->hosts[i]->name == name)
            message_send(message_new(w->hosts[i], MESSAGE_POKE, id));
    }
}

struct absence {
    struct host *host;
    int name;
};

static struct absence *absence_of(struct host *h)
{
    struct absence *a = world_alloc(h->world, sizeof *a);
    *a = (struct absence){h, h->name};
    return a;
}

static void on_reap(struct world *w, void *arg)
{
    const struct absence *a = arg;
    if (a->host->alive && !a->host->silent)
        return; /* it came back in time */
    world_say(w, "worker %d is declared dead", a->name);
    store_reap(w, a->name);
    if (a->host->alive && a->host->name == a->name)
        a->host->name = -a->name;
}

void host_kill(struct host *h)
{
    struct world *w = h->world;
    world_say(w, "worker %d dies", h->name);
    h->alive = false;
    w->kills++;
    world_note(w, FATE_KILL);
    runner_free(h->runner);
    h->runner = NULL;
    world_at(w, STORE_LEASE_US, on_reap, absence_of(h));
    if (!host_any(w))
        world_at(w, RESTART_US, host_start, NULL);
}

static void on_return(struct world *w, void *arg)
{
    struct host *h = arg;
    if (!h->alive || !h->silent)
        return;
    h->silent = false;
    if (h->name < 0) { /* fenced out */
        h->name = ++w->host_names;
        world_say(w, "a zombie learns its fate and is now worker %d", h->name);
        runner_drop_all(h->runner);
    }
    store_dispatch(w);
}

void host_silence(struct host *h, int64_t for_us)
{
    if (h->silent)
        return;
    world_say(h->world, "worker %d falls silent", h->name);
    world_note(h->world, FATE_SILENCE);
    h->silent = true;
    world_at(h->world, STORE_LEASE_US, on_reap, absence_of(h));
    world_at(h->world, for_us, on_return, h);
}

void host_drain(struct host *h, bool now)
{
    if (!h->alive)
        return;
    world_say(h->world, "worker %d drains%s", h->name, now ? " now" : "");
    world_note(h->world, FATE_DRAIN);
    h->draining = true;
    if (now)
        runner_drain_now(h->runner);
    else
        runner_drain(h->runner);
    if (!host_any(h->world))
        world_at(h->world, RESTART_US, host_start, NULL);
}

static void on_misfortune(struct world *w, void *arg)
{
    (void)arg;
    struct host *h = w->hosts[world_between(w, 0, w->host_count - 1)];
    if (h->alive && world_chance(w, 40) && w->kills < CHAOS_KILLS_MAX)
        host_kill(h);
    else if (h->alive && world_chance(w, 50))
        host_silence(h, world_between(w, 1, 12) * WORLD_SECOND_US);
    else if (h->alive && world_chance(w, 40))
        host_drain(h, world_chance(w, 50));
    if (++w->misfortunes < CHAOS_MISFORTUNES_MAX)
        world_at(w, world_between(w, 1000, 3 * WORLD_SECOND_US), on_misfortune, NULL);
}

void host_start_chaos(struct world *w)
{
    world_at(w, world_between(w, 1000, WORLD_SECOND_US), on_misfortune, NULL);
}

void host_end_all(struct world *w)
{
    for (int i = 0; i < w->host_count; i++) {
        struct host *h = w->hosts[i];
        if (h->alive)
            runner_free(h->runner);
        if (h->leaves)
            world_fail(w, "%d leaves to call were lost", h->leaves);
        h->alive = false;
    }
    message_free_all(w);
}
