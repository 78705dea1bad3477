/* redis_session.h: inside struct redis: its connection's life (connect, greeting, loss,
 * retry) in redis_session.c, its commands in redis_pipeline.c and redis.c. Only these
 * three include this. */
#ifndef BARKER_CORE_IO_REDIS_SESSION_H
#define BARKER_CORE_IO_REDIS_SESSION_H

#include "core/base/backoff.h"
#include "core/base/list.h"
#include "core/io/redis.h"
#include "core/io/redis_call.h"
#include "core/io/redis_link.h"
#include "core/io/redis_url.h"

#define REDIS_WHY_BYTES 192

enum redis_state {
    REDIS_DOWN,       /* no link; link_timer will make one */
    REDIS_CONNECTING, /* link_timer is the connect deadline, until UP */
    REDIS_GREETING,   /* AUTH, SELECT and PING are out */
    REDIS_UP,
    REDIS_DRAINING /* the server refuses us; the answers to `sent` are awaited */
};

struct redis {
    struct loop *loop;
    struct redis_url url;
    struct redis_options options;
    int holds; /* the owner, links, deferred calls and running callbacks */
    bool freed;

    enum redis_state state;
    struct redis_link *link;
    struct loop_timer *link_timer;
    struct backoff backoff;
    struct rng rng;
    int64_t up_since_ms;
    char why[REDIS_WHY_BYTES]; /* of the last loss */
    redis_state_fn on_state;
    void *state_arg;
    bool told_up;
    char told_why[REDIS_WHY_BYTES];

    struct list retry, waiting; /* not written; retry (EVAL) goes first */
    struct list sent;           /* in the order of their replies */
    struct list ended;          /* have an outcome, to be settled next */
    size_t bytes;               /* of all four lists */
    struct loop_timer *deadline_timer;
    int64_t deadline_due_ms; /* 0 = not running */
    bool flush_deferred;
};

enum err redis_session_connect(struct redis *r) MUST_USE;
/* Ends the link, settles what was sent, connects again later. */
void redis_session_lost(struct redis *r, const char *why);
void redis_session_release(struct redis *r); /* gives back one hold */

/* In redis_pipeline.c: */
/* Puts it at the end of a list and counts it. */
void redis_queue(struct redis *r, struct list *calls, struct redis_call *c);
void redis_take_reply(struct redis *r, const struct reply *reply);
void redis_settle_ended(struct redis *r);
/* Writes what is waiting, if the link is up and free. */
void redis_flush(struct redis *r);
/* The same at the end of the loop turn, so that its commands go out in one write. */
void redis_flush_soon(struct redis *r);
void redis_arm_deadline(struct redis *r, int64_t deadline_ms);
void redis_on_deadline(void *arg);

#endif
