/* order.h: orders to a campaign: sent, waited for, and what came of them. */
#ifndef BARKER_WORKERS_CLI_ORDER_H
#define BARKER_WORKERS_CLI_ORDER_H

#include "queues/control.h"
#include "workers/cli/entry.h"
#include "workers/cli/view.h"

struct order {
    const struct cli *cli;
    struct session *session;
    struct control_order control; /* variant "all" = every pending one; or NULL */
    struct entry entry;           /* of the last that was sent */
    bool late;                    /* the time to wait is over */
    struct json *campaign;        /* **owns**: as it was last seen */
    struct json *before, *now; /* **owns**: variants, then and now; of reviews only */
};

/* Sends one entry per variant, or one. An exit code. */
int order_send(struct order *o);
/* Waits for the effect, while a worker is there, a few seconds at most. */
int order_wait(struct order *o);
/* Prints what became of each; CLI_FAILED if one had another effect than wanted. */
int order_report(const struct order *o);

#endif
