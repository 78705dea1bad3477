/* redis_session.c: the connection's life. */
#include "core/io/redis_session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEADY_MS 2000 /* a connection that lived so long starts the backoff anew */

void redis_session_release(struct redis *r)
{
    if (--r->holds == 0) {
        free(r);
    }
}

static void session_tell(struct redis *r, bool up, const char *why)
{
    if (r->freed || (r->told_up == up && strcmp(r->told_why, why) == 0)) {
        return;
    }
    r->told_up = up;
    (void)snprintf(r->told_why, sizeof r->told_why, "%s", why);
    if (r->on_state) {
        r->on_state(r->state_arg, up, r->told_why);
    }
}

static void session_up(struct redis *r)
{
    r->state = REDIS_UP;
    r->up_since_ms = loop_now_ms(r->loop);
    loop_timer_stop(r->link_timer);
    session_tell(r, true, "");
    if (!r->freed) {
        redis_flush(r);
    }
}

static void session_move_sent(struct redis *r)
{
    struct redis_call *c = NULL;
    while ((c = redis_call_first(&r->sent))) {
        if (c->outcome == ERR_OK) {
            c->outcome = ERR_UNKNOWN_OUTCOME;
        }
        list_remove(&c->node);
        list_push(&r->ended, &c->node);
    }
}

void redis_session_lost(struct redis *r, const char *why)
{
    if (r->freed || r->state == REDIS_DOWN) {
        return;
    }
    char text[REDIS_WHY_BYTES]; /* `why` may be r->why, or a reply's */
    (void)snprintf(text, sizeof text, "%s", why);
    (void)snprintf(r->why, sizeof r->why, "%s", text);
    bool steady = (r->state == REDIS_UP || r->state == REDIS_DRAINING) &&
                  loop_now_ms(r->loop) - r->up_since_ms >= STEADY_MS;
    if (steady) {
        backoff_reset(&r->backoff);
    }
    r->state = REDIS_DOWN;
    if (r->link) {
        redis_link_close(r->link); /* its hold ends with on_gone */
        r->link = NULL;
    }
    loop_timer_start(r->link_timer, backoff_next_ms(&r->backoff, &r->rng, -1), 0);
    session_move_sent(r);
    r->holds++;
    session_tell(r, false, r->why);
    redis_settle_ended(r);
    redis_session_release(r);
}

/* -- greeting ----------------------------------------------------------------- */

enum greeting { GREET_AUTH, GREET_SELECT, GREET_PING };

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static void on_greeted(void *arg, uint64_t step, enum err e, const struct reply *reply)
{
    static const char *const names[] = {"AUTH", "SELECT", "PING"};
    struct redis *r = arg;
    if (r->state != REDIS_GREETING || !reply) {
        return;
    }
    const char *text = reply_str(reply, NULL);
    /* a user who may not PING is told so by a server that serves us: that will do */
    bool bad = e == ERR_REDIS && !(step == GREET_PING && has_prefix(text, "NOPERM"));
    if (bad) {
        char why[REDIS_WHY_BYTES];
        (void)snprintf(why, sizeof why, "%s: %s", names[step], text);
        redis_session_lost(r, why);
    } else if (step == GREET_PING) {
        session_up(r);
    }
}

static bool greeting_add(struct redis *r, enum greeting step, const char *const *words,
                         size_t count)
{
    struct redis_arg argv[3];
    for (size_t i = 0; i < count; i++) {
        argv[i] = redis_text(words[i]);
    }
    struct redis_call *c = redis_call_new(argv, count, NULL, 0);
    if (!c) {
        return false;
    }
    c->fn = on_greeted;
    c->arg = r;
    c->ticket = step;
    c->greeting = true;
    c->deadline_ms = INT64_MAX; /* the connect deadline covers it */
    redis_queue(r, &r->sent, c);
    return true;
}

/* PING at the end shows whether the server serves us (LOADING, NOAUTH, MASTERDOWN). */
static bool greeting_build(struct redis *r)
{
    const char *const with_user[] = {"AUTH", r->url.user, r->url.pass};
    const char *const pass_only[] = {"AUTH", r->url.pass};
    const char *const ping[] = {"PING"};
    char db[16];
    (void)snprintf(db, sizeof db, "%d", r->url.db);
    const char *const select_db[] = {"SELECT", db};
    bool good = true;
    if (r->url.has_auth) {
        good = r->url.user[0] ? greeting_add(r, GREET_AUTH, with_user, 3)
                              : greeting_add(r, GREET_AUTH, pass_only, 2);
    }
    if (good && r->url.db) {
        good = greeting_add(r, GREET_SELECT, select_db, 2);
    }
    return good && greeting_add(r, GREET_PING, ping, 1);
}

static bool greeting_send(struct redis *r)
{
    size_t n = 0;
    list_each (node, &r->sent) {
        n += list_item(node, struct redis_call, node)->len;
    }
    check(n > 0);
    char *bytes = malloc(n), *at = bytes;
    if (!bytes) {
        return false;
    }
    list_each (node, &r->sent) {
        at = redis_call_write(list_item(node, struct redis_call, node), at);
    }
    return redis_link_write(r->link, bytes, n) == ERR_OK;
}

/* -- link events -------------------------------------------------------------- */

static void on_connected(void *arg)
{
    struct redis *r = arg;
    r->state = REDIS_GREETING;
    if (!greeting_build(r) || !greeting_send(r)) {
        redis_session_lost(r, "the greeting could not be written");
    }
}

static void on_reply(void *arg, const struct reply *reply)
{
    redis_take_reply(arg, reply);
}

static void on_written(void *arg)
{
    redis_flush(arg);
}

static void on_lost(void *arg, const char *why)
{
    redis_session_lost(arg, why);
}

static void on_gone(void *arg)
{
    redis_session_release(arg);
}

static const struct redis_link_events link_events = {on_connected, on_reply, on_written,
                                                     on_lost, on_gone};

enum err redis_session_connect(struct redis *r)
{
    enum err e = redis_link_open(r->loop, &r->url, &link_events, r, &r->link);
    if (e) {
        return e;
    }
    r->holds++;
    r->state = REDIS_CONNECTING;
    loop_timer_start(r->link_timer, r->options.connect_timeout_ms, 0);
    return ERR_OK;
}
