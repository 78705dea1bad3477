/* host.h: a simulated worker process: the real runner over ports of this world. It can
 * die, fall silent and come back too late (a zombie), or be drained. */
#ifndef BARKER_TESTS_SIM_HOST_H
#define BARKER_TESTS_SIM_HOST_H

#include "tests/sim/world.h"
#include "workers/run/runner.h"

#define HOST_PARK_MS 5000

struct host {
    struct world *world;
    int name; /* in use until it is declared dead; never used again */
    bool alive, silent, draining;
    struct runner *runner;
    int64_t last_sent_us, last_read_us; /* one connection: first in, first out */
    int leaves;            /* to call, that were neither used nor given back */
    int64_t sent, applied; /* numbers of the last message */
};

void host_start(struct world *w, void *unused);
void host_kill(struct host *h); /* not from inside its own callbacks */
/* Silent for so long: no claims, no heartbeat, but its writes still go out. */
void host_silence(struct host *h, int64_t for_us);
void host_drain(struct host *h, bool now);
void host_start_chaos(struct world *w);
/* The runners must be idle, unless the run has failed already; then all is freed. */
void host_end_all(struct world *w);

int host_name(const struct host *h);
bool host_any(const struct world *w);
struct host *host_free_one(struct world *w); /* or NULL */
void host_claimed(struct host *h, const char *id, int64_t fence);
void host_poke(struct world *w, int name, const char *id);

/* message.c: one operation on its way to the store and back. */
enum message_type {
    MESSAGE_CLAIM,
    MESSAGE_POKE,
    MESSAGE_LOAD,
    MESSAGE_RESERVE,
    MESSAGE_READ,
    MESSAGE_SETTLE,
    MESSAGE_COMMIT,
    MESSAGE_RELEASE,
    MESSAGE_HOLD,
    MESSAGE_MAIL,
    MESSAGE_TIMER,
};
struct message;
/* A message with its own memory, which the answer lives in too. */
struct message *message_new(struct host *h, enum message_type type, const char *id);
void message_send(struct message *m);
void message_free_all(struct world *w);

/* host_ports.c */
struct ports host_ports(struct host *h);

#endif
