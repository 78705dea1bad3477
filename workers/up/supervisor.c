/* supervisor.c: see supervisor.h. */
#include "workers/up/supervisor.h"
#include "core/base/log.h"
#include "core/io/process.h"
#include "core/io/redis.h"
#include "workers/up/private_redis.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define RESTART_FIRST_MS 100
#define RESTART_CAP_MS 5000
#define LIVED_WELL_MS 10000
#define STATUS_BAD_CONFIG 2

struct child {
    struct supervisor *supervisor;
    struct process *process; /* NULL = not running */
    struct loop_timer *restart;
    int64_t started_ms, delay_ms;
};

struct supervisor {
    struct loop *loop;
    const struct supervisor_options *options;
    struct redis *redis; /* watches; asks nothing */
    struct private_redis *server;
    struct loop_signal *term, *interrupt;
    struct loop_timer *patience;
    struct child children[SUPERVISOR_WORKERS_MAX];
    bool ready, stopping, server_ending;
    enum err failed;
    struct err_detail *detail;
    char why[192];
};

static int count_running(const struct supervisor *s)
{
    int n = 0;
    for (int i = 0; i < s->options->workers; i++)
        n += s->children[i].process != NULL;
    return n;
}

/* The workers are gone: now Redis, if it is ours. */
static void end_server(struct supervisor *s)
{
    if (s->server_ending || count_running(s) > 0)
        return;
    s->server_ending = true;
    if (s->server)
        private_redis_stop(s->server, s->redis);
    else
        loop_stop(s->loop);
}

static void stop(struct supervisor *s)
{
    s->stopping = true;
    for (int i = 0; i < s->options->workers; i++) {
        loop_timer_stop(s->children[i].restart);
        if (s->children[i].process)
            process_signal(s->children[i].process, SIGTERM);
    }
    end_server(s);
}

static void fail(struct supervisor *s, enum err e)
{
    if (!s->failed)
        s->failed = e;
    stop(s);
}

static void on_signal(void *arg)
{
    stop(arg);
}

static void on_child_exit(void *arg, int64_t status, int signum)
{
    struct child *c = arg;
    struct supervisor *s = c->supervisor;
    char what[48];
    c->process = NULL;
    if (s->stopping) {
        end_server(s);
        return;
    }
    if (!signum && status == STATUS_BAD_CONFIG) {
        err_set(s->detail, ERR_CONFIG, "",
                "the workers refuse their configuration; the line above says why");
        fail(s, ERR_CONFIG);
        return;
    }
    (void)snprintf(what, sizeof what, signum ? "signal %lld" : "status %lld",
                   signum ? (long long)signum : (long long)status);
    bool lived_well = loop_now_ms(s->loop) - c->started_ms >= LIVED_WELL_MS;
    c->delay_ms = lived_well || !c->delay_ms ? RESTART_FIRST_MS : c->delay_ms * 2;
    if (c->delay_ms > RESTART_CAP_MS)
        c->delay_ms = RESTART_CAP_MS;
    log_event(LOG_WARN, "worker.died", "how", what, NULL);
    loop_timer_start(c->restart, c->delay_ms, 0);
}

static void start_child(void *arg)
{
    struct child *c = arg;
    struct supervisor *s = c->supervisor;
    const struct supervisor_options *o = s->options;
    const char *const argv[] = {
        o->program, "worker", o->config_path ? "--config" : NULL, o->config_path, NULL};
    const struct process_options p = {.argv = argv};
    c->started_ms = loop_now_ms(s->loop);
    enum err e = process_start(s->loop, &p, on_child_exit, c, &c->process, s->detail);
    if (e) {
        c->process = NULL;
        fail(s, e);
    }
}

static void on_redis_state(void *arg, bool up, const char *error)
{
    struct supervisor *s = arg;
    if (!up)
        (void)snprintf(s->why, sizeof s->why, "%s", error);
    if (!up || s->ready || s->stopping)
        return;
    s->ready = true;
    loop_timer_stop(s->patience);
    for (int i = 0; i < s->options->workers && !s->stopping; i++)
        start_child(&s->children[i]);
    if (!s->stopping)
        s->options->on_ready(s->options->arg);
}

static void on_patience_over(void *arg)
{
    struct supervisor *s = arg;
    err_set(s->detail, ERR_REDIS_DOWN, "", "Redis cannot be reached: %s; start it",
            *s->why ? s->why : "no answer");
    fail(s, ERR_REDIS_DOWN);
}

static void on_server_ended(void *arg, enum err e, const struct err_detail *d)
{
    struct supervisor *s = arg;
    if (e && s->detail)
        *s->detail = *d;
    if (e && !s->failed)
        s->failed = e;
    if (s->server_ending) {
        loop_stop(s->loop);
        return;
    }
    private_redis_free(s->server);
    s->server = NULL;
    stop(s);
}

static enum err set_up(struct supervisor *s, struct err_detail *d)
{
    const struct supervisor_options *o = s->options;
    const struct redis_options redis = {.url = o->url};
    enum err e = ERR_OK;
    for (int i = 0; i < o->workers && !e; i++) {
        s->children[i].supervisor = s;
        e = loop_timer_new(s->loop, start_child, &s->children[i],
                           &s->children[i].restart);
    }
    e = e ? e : loop_timer_new(s->loop, on_patience_over, s, &s->patience);
    e = e ? e : loop_signal_new(s->loop, SIGTERM, on_signal, s, &s->term);
    e = e ? e : loop_signal_new(s->loop, SIGINT, on_signal, s, &s->interrupt);
    if (e)
        return err_set(d, e, "", "%s", err_meaning(e));
    e = redis_open(s->loop, &redis, &s->redis, d);
    if (e)
        return e;
    redis_on_state(s->redis, on_redis_state, s);
    const struct private_redis_options own = {.folder = o->redis_folder,
                                              .program = o->redis_server};
    if (own.folder)
        return private_redis_start(s->loop, &own, on_server_ended, s, &s->server, d);
    loop_timer_start(s->patience, o->redis_timeout_ms, 0);
    return ERR_OK;
}

static void tear_down(struct supervisor *s)
{
    if (s->redis)
        redis_free(s->redis);
    if (s->server)
        private_redis_free(s->server);
    for (int i = 0; i < s->options->workers; i++)
        if (s->children[i].restart)
            loop_timer_free(s->children[i].restart);
    if (s->patience)
        loop_timer_free(s->patience);
    if (s->term)
        loop_signal_free(s->term);
    if (s->interrupt)
        loop_signal_free(s->interrupt);
}

/* Children get the address by environment: an argument could be read by everybody. */
static enum err set_environment(const char *url, struct err_detail *d)
{
    char pid[24];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    if (setenv("BARKER_REDIS_URL", url, 1) || setenv(SUPERVISOR_ENV, pid, 1))
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    return ERR_OK;
}

enum err supervisor_run(struct loop *l, const struct supervisor_options *o,
                        struct err_detail *d)
{
    struct supervisor *s = calloc(1, sizeof *s);
    check(o->workers >= 1 && o->workers <= SUPERVISOR_WORKERS_MAX);
    if (!s)
        return err_set(d, ERR_NOMEM, "", "%s", err_meaning(ERR_NOMEM));
    s->loop = l;
    s->options = o;
    s->detail = d;
    enum err e = set_environment(o->url, d);
    e = e ? e : set_up(s, d);
    if (!e) {
        loop_run(l);
        e = s->failed;
    }
    tear_down(s);
    free(s);
    return e;
}

void supervisor_follow(void)
{
    const char *pid = getenv(SUPERVISOR_ENV);
    if (!pid || strtol(pid, NULL, 10) != (long)getppid())
        return;
    (void)setpgid(0, 0); /* Ctrl-C is the supervisor's to pass on */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (strtol(pid, NULL, 10) != (long)getppid()) /* it died just now */
        (void)raise(SIGTERM);
}
