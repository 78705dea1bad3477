/* message.h: the parts of one message between a worker and the store; internal to
 * message.c and host_ports.c. */
#ifndef BARKER_TESTS_SIM_MESSAGE_H
#define BARKER_TESTS_SIM_MESSAGE_H

#include "tests/sim/host.h"
#include "tests/sim/store.h"

#define MESSAGE_BATCH_MAX 64

struct message {
    struct list link; /* in world.messages */
    struct host *host;
    enum message_type type;
    struct arena arena; /* owns what is asked and answered; dies with the message */
    const char *id;
    int64_t fence, delay_us;
    uint64_t ticket;
    void *arg;
    union {
        port_load_fn load;
        port_reserve_fn reserve;
        port_read_fn read;
        port_mail_fn mail;
        port_done_fn done;
    } fn;
    /* asked */
    struct store_place places[MESSAGE_BATCH_MAX];
    int attempts[MESSAGE_BATCH_MAX];
    struct port_estimate most[MESSAGE_BATCH_MAX];
    int count;
    const char *batch, *name; /* of RESERVE, of HOLD */
    const char *why;          /* of HOLD */
    struct ask ask;
    struct store_settlement settlement;
    struct store_commit *commit; /* in the world's arena */
    /* answered */
    enum err code;
    struct port_image image;
    enum port_verdict verdicts[MESSAGE_BATCH_MAX];
    const char *text;
    int from;      /* MAIL */
    enum err told; /* MAIL */
    bool pause;
    /* fate */
    int deliveries;
    bool kill_reader;
    int64_t number; /* in the order of sending, of this worker */
    enum torture torture;
};

#endif
