/* main.c: barker-llmsim, a simulated model for demo and tests. Never installed. */
#include "core/base/clock.h"
#include "tests/llmsim/sim_server.h"
#include <signal.h>
#include <stdio.h>

static void on_signal(void *arg)
{
    loop_stop(arg);
}

static enum err serve(struct loop *l, const struct sim_options *o,
                      struct sim_ledger *ledger, struct err_detail *d)
{
    struct sim_server *server = NULL;
    struct loop_signal *term = NULL, *interrupt = NULL;
    enum err e = sim_server_new(l, o, ledger, &server, d);
    if (e == ERR_OK) {
        e = loop_signal_new(l, SIGTERM, on_signal, l, &term);
    }
    if (e == ERR_OK) {
        e = loop_signal_new(l, SIGINT, on_signal, l, &interrupt);
    }
    if (e == ERR_OK) {
        int port = sim_server_port(server);
        printf("barker-llmsim (simulated LLM) listening on http://127.0.0.1:%d\n",
               port);
        fflush(stdout);
        loop_run(l);
    }
    if (term) {
        loop_signal_free(term);
    }
    if (interrupt) {
        loop_signal_free(interrupt);
    }
    sim_server_free(server);
    return e;
}

int main(int argc, char **argv)
{
    struct sim_options o;
    struct err_detail d = {0};
    struct sim_ledger *ledger = NULL;
    struct loop *l = NULL;
    enum err e = sim_options_parse(argc, argv, &o, &d);
    if (e == ERR_CANCELLED) {
        fputs(sim_options_usage(), stdout);
        return 0;
    }
    if (e == ERR_OK) {
        e = sim_ledger_new(o.ledger, &ledger, &d);
    }
    if (e == ERR_OK) {
        e = loop_new(&l);
    }
    if (e == ERR_OK) {
        e = serve(l, &o, ledger, &d);
    }
    if (l) {
        loop_free(l);
    }
    sim_ledger_free(ledger);
    if (e != ERR_OK) {
        fprintf(stderr, "barker-llmsim: %s\n",
                d.message[0] ? d.message : err_meaning(e));
        return e == ERR_CONFIG ? 2 : 1;
    }
    return 0;
}
