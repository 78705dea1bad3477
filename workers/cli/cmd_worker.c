/* cmd_worker.c: one worker process until SIGTERM or SIGINT. */
#include "workers/cli/server_check.h"
#include "workers/cli/user_secret.h"
#include "workers/up/supervisor.h"
#include "workers/worker.h"
#include <signal.h>

struct worker_run {
    struct session session;
    struct worker *worker;
    struct loop_signal *term, *interrupt;
    bool draining;
};

static void on_drained(void *arg)
{
    struct worker_run *run = arg;
    loop_stop(run->session.loop);
}

static void on_signal(void *arg)
{
    struct worker_run *run = arg;
    if (run->draining) {
        worker_drain_now(run->worker);
        return;
    }
    run->draining = true;
    worker_drain(run->worker, on_drained, run);
}

static enum err watch_signals(struct worker_run *run)
{
    struct loop *l = run->session.loop;
    enum err e = loop_signal_new(l, SIGTERM, on_signal, run, &run->term);
    return e ? e : loop_signal_new(l, SIGINT, on_signal, run, &run->interrupt);
}

int cmd_worker(struct cli *c)
{
    struct worker_run run = {.draining = false};
    struct err_detail d = {.path = ""};
    supervisor_follow();
    int rc = session_open(&run.session, c, SESSION_WAIT_WORKER_MS, true);
    if (rc)
        return rc;
    rc = server_check(&run.session);
    rc = rc ? rc : user_secret_find(&run.session, c);
    if (rc) {
        session_close(&run.session);
        return rc;
    }
    enum err e =
        worker_new(run.session.loop, run.session.redis, c->config, &run.worker, &d);
    if (!e)
        e = watch_signals(&run);
    if (e) {
        d.code = e;
        rc = cli_refuse(c, &d);
    } else {
        loop_run(run.session.loop);
    }
    if (run.term)
        loop_signal_free(run.term);
    if (run.interrupt)
        loop_signal_free(run.interrupt);
    session_disconnect(&run.session); /* settles what the worker still waits for */
    worker_free(run.worker);
    session_close(&run.session);
    return rc;
}
